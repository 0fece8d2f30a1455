#include "scenarios/runner/story.hpp"

#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "scenarios/runner/workload.hpp"

namespace igl::scenario {

namespace {

/// So many at a time.
constexpr uint32_t page = 1000;

} // namespace

void story::add_looking() {
  auto seen =
      [this](const std::string& at,
             const auto& question) -> decltype(std::declval<const ledger&>().read(question)) {
    auto book = book_of(at);
    if (!book)
      return book.error();
    return (*book)->read(question);
  };
  add("show message {MESSAGE} at {PROCESS}", {}, "what a node has of a message",
      [this, seen](const call& x) -> caf::error {
        auto found = seen(x.slots[1], find_message{*parse_reference(x.slots[0])});
        if (!found)
          return found.error();
        if (!found->record) {
          say(told_by(x.slots[1], "does not have " + x.slots[0]));
          return caf::none;
        }
        auto& record = *found->record;
        say(told_by(x.slots[1],
                    x.slots[0] + " " + to_string(record.status) + ", to " +
                        record.content.receiver +
                        (record.channel_id.empty()
                             ? ""
                             : ", over " + record.channel_id + " as " + record.channel_txn_id)));
        return caf::none;
      });
  add("show status of {MESSAGE} at {PROCESS}", {},
      "the same without the channel, which may be chance",
      [this, seen](const call& x) -> caf::error {
        auto found = seen(x.slots[1], find_message{*parse_reference(x.slots[0])});
        if (!found)
          return found.error();
        say(told_by(x.slots[1], found->record ? x.slots[0] + " " + to_string(found->record->status)
                                              : "does not have " + x.slots[0]));
        return caf::none;
      });
  add("show document {DOCUMENT} at {PROCESS}", {},
      "whether a node has a document, and who may read it",
      [this, seen](const call& x) -> caf::error {
        auto hash = world_.called().real(x.slots[0]);
        auto found = seen(x.slots[1], find_object{hash});
        if (!found)
          return found.error();
        auto line = found->info
                        ? x.slots[0] + ", " + std::to_string(found->info->size) + " bytes, for"
                        : "does not have " + x.slots[0];
        if (found->info)
          for (auto& y : world_.processes())
            if (y->is == process::kind::node)
              if (auto may = seen(x.slots[1], may_read{hash, y->nation}); may && may->granted)
                line += " " + y->nation;
        say(told_by(x.slots[1], line));
        return caf::none;
      });
  add("show events {MESSAGE} at {PROCESS}", {}, "what happened to a message at a node, in order",
      [this, seen](const call& x) -> caf::error {
        for (find_events what{x.slots[0], 0, page};;) {
          auto found = seen(x.slots[1], what);
          if (!found)
            return found.error();
          for (auto& event : found->events) {
            say(told_by(x.slots[1], sentence_of(event)));
            what.after = event.number;
          }
          if (found->events.size() < page)
            return caf::none;
        }
      });
  add("show dead-letters at {PROCESS}", {}, "what was given up, and why",
      [this, seen](const call& x) -> caf::error {
        for (find_dead_letters what{0, page};;) {
          auto found = seen(x.slots[0], what);
          if (!found)
            return found.error();
          for (auto& letter : found->letters) {
            say(told_by(x.slots[0], std::to_string(letter.number) + "  " +
                                        to_string(letter.job.order.on) + "  " +
                                        letter.job.order.about + ": " + letter.reason));
            what.after = letter.number;
          }
          if (what.after == 0)
            say(told_by(x.slots[0], "no dead letters"));
          if (found->letters.size() < page)
            return caf::none;
        }
      });
  add_simulated("show jobs at {PROCESS}", {}, "what is still to be done, and why it is not done",
                [this, seen](const call& x) -> caf::error {
                  bool any = false;
                  const auto now = world_.time().now();
                  for (auto& entry : stream_catalogue())
                    for (due_jobs what{entry.id, {}, now + far, page};;) {
                      auto open = seen(x.slots[0], what);
                      if (!open)
                        return open.error();
                      for (auto& job : open->jobs) {
                        any = true;
                        auto line = std::string{entry.name} + "  " + job.order.about + ": " +
                                    (job.last_error.empty() ? "waits" : job.last_error) + ", " +
                                    std::to_string(job.attempts) +
                                    (job.attempts == 1 ? " attempt" : " attempts") + " failed, " +
                                    // When exactly is chance.
                                    (job.order.due <= now ? "due now" : "again later");
                        if (!job.order.lane.empty())
                          if (auto lane = seen(x.slots[0], find_lane{job.order.lane});
                              lane && lane->waiting > 1)
                            line +=
                                ", and " + std::to_string(lane->waiting - 1) + " wait behind it";
                        say(told_by(x.slots[0], line));
                      }
                      what.after = open->last;
                      if (open->jobs.size() < page)
                        break;
                    }
                  for (auto& [name, who] : world_.subscribers())
                    if (auto lane = seen(x.slots[0], find_lane{world_.callback_of(who)});
                        lane && lane->held && lane->waiting > 0) {
                      any = true;
                      say(told_by(x.slots[0], "delivery-outbox  " + name + " is paused, and " +
                                                  std::to_string(lane->waiting) + " wait for it"));
                    }
                  if (!any)
                    say(told_by(x.slots[0], "nothing is left to do"));
                  return caf::none;
                });
}

} // namespace igl::scenario
