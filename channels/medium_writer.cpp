#include "channels/medium_writer.hpp"

#include "channels/endpoint_rules.hpp"
#include "messages/probes.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <spdlog/spdlog.h>

#include <utility>

namespace igl {

namespace {

using endpoint_rules::failed_step;
using endpoint_rules::writing_step;
using shell = medium_writer_actor::stateful_pointer<medium_writer_state>;
using answer_to = std::shared_ptr<guarded_promise<settled>>;

/// What the steps below share; copied into their handlers.
struct writing {
  shell self;
  surroundings with;
  endpoint_settings how;
  medium_opener open;
  std::shared_ptr<writer_mood> mood;
};
using writer = std::shared_ptr<const writing>;

void settle(const writer& w, settlement what, answer_to answer) {
  w->self->request(w->with.ledger, timeouts::settle, std::move(what))
      .then([=](const settled& x) { answer->deliver(x); },
            [=](caf::error& why) { answer->deliver(std::move(why)); });
}

/// The same for what the order has to remember until the ledger does.
void settle_noted(const writer& w, const std::string& id, settlement what, answer_to answer) {
  w->self->request(w->with.ledger, timeouts::settle, std::move(what))
      .then(
          [=](const settled& x) {
            w->self->state.unsettled.erase(id);
            answer->deliver(x);
          },
          [=](caf::error& why) {
            // Settled before, or by somebody else.
            if (code_of(why) == errc::job_not_open)
              w->self->state.unsettled.erase(id);
            answer->deliver(std::move(why));
          });
}

caf::error open_medium(const writer& w) {
  auto& st = w->self->state;
  if (st.to)
    return caf::none;
  auto opened = w->open();
  if (!opened)
    return opened.error();
  st.to = std::move(*opened);
  return caf::none;
}

/// Whatever is wrong with it, a medium that is opened again has a better chance.
caf::error unless_hopeless(const writer& w, caf::error why) {
  if (why && !endpoint_rules::is_about_the_message(why))
    w->self->state.to.reset();
  return why;
}

/// Those who would wait for this writer can know how it does.
void note(const writer& w, const caf::error& why) {
  if (!w->mood || code_of(why) == errc::peer_busy)
    return;
  if (!why || endpoint_rules::is_about_the_message(why))
    w->mood->failing_since = writer_mood::well;
  else if (w->mood->failing_since == writer_mood::well)
    w->mood->failing_since = w->with.now().time_since_epoch().count();
}

/// A fault that is new doubt, about an attempt that may have succeeded all the same.
enum class doubt : uint8_t { none, fresh };

caf::timestamp next_attempt(const writer& w, const job_ticket& job) {
  auto chance = static_cast<double>(w->with.random() >> 11) * 0x1.0p-53;
  return w->with.now() + pause_after(w->how.retry_medium, job.attempt, chance);
}

void fail(const writer& w, const medium_write& x, const caf::error& why, doubt how = doubt::none) {
  auto& id = x.record.said.id;
  switch (endpoint_rules::after_failure(why, x.ticket, x.order, w->how.retry_medium)) {
  case failed_step::undeliverable:
    spdlog::error("medium-writer gives up {} after attempt {}: {}", id, x.ticket.attempt,
                  sentence_of(why));
    return settle(
        w, endpoint_rules::undeliverable(x.ticket, x.record, sentence_of(why), w->with.now()),
        x.answer);
  case failed_step::dead_letter:
    spdlog::error("medium-writer leaves {} to an operator after attempt {}, for it may be on the "
                  "medium: {}",
                  id, x.ticket.attempt, sentence_of(why));
    return settle(w, endpoint_rules::unanswered(x.ticket, x.order, why), x.answer);
  case failed_step::look_later:
    spdlog::warn("medium-writer cannot look after {}, which was sent, and will look again: {}", id,
                 sentence_of(why));
    return settle(w, endpoint_rules::waiting(x.ticket, w->how, w->with.now()), x.answer);
  case failed_step::again:
    break;
  }
  spdlog::warn("medium-writer could not write {} at attempt {}: {}", id, x.ticket.attempt,
               sentence_of(why));
  auto busy = code_of(why) == errc::peer_busy;
  if (how == doubt::fresh || w->self->state.unsettled.contains(id))
    return settle_noted(w, id,
                        endpoint_rules::doubted(x.ticket, x.order, why,
                                                busy ? job_end::postponed : job_end::again,
                                                next_attempt(w, x.ticket)),
                        x.answer);
  // What will not pass by itself (a medium of another format) may pass when an operator acts.
  x.answer->deliver(worth_retrying(why) ? why
                                        : make_problem(errc::storage_failed, sentence_of(why)));
}

void conclude(const writer& w, const medium_write& x) {
  auto& id = x.record.said.id;
  auto& st = w->self->state;
  st.unsettled.insert(id);
  settle_noted(w, id,
               st.to->takes_back()
                   ? endpoint_rules::sent(x.ticket, x.record, x.order, w->how, w->with.now())
                   : endpoint_rules::written(x.ticket, x.record, w->with.now()),
               x.answer);
}

void fail_all(const writer& w, const std::vector<medium_write>& batch, const caf::error& why) {
  for (auto& x : batch)
    fail(w, x, why);
}

using doubts = std::vector<doubt>;

/// Which of a batch may be on the medium though the append failed.
doubts doubts_after(const medium& to, std::vector<medium_write>& batch, const caf::error& why) {
  doubts all(batch.size(), doubt::none);
  for (size_t i = 0; i < batch.size(); ++i)
    if (why && !batch[i].order.doubt && to.in_doubt(batch[i].record.said.id, why)) {
      all[i] = doubt::fresh;
      batch[i].order.doubt = sentence_of(why);
    }
  return all;
}

caf::error append_to(const writer& w, const std::vector<medium_write>& batch) {
  std::vector<medium_entry> entries;
  entries.reserve(batch.size());
  for (auto& x : batch)
    entries.push_back({x.record.said.id, x.record.said.content});
  return w->self->state.to->append(entries);
}

void append_one_by_one(const writer& w, std::vector<medium_write>& batch, const doubts& before) {
  caf::error failed;
  for (size_t i = 0; i < batch.size(); ++i) {
    auto& x = batch[i];
    // A medium that hangs is not waited for once for each. Nor has it refused those that it was
    // not asked about alone, and may have.
    if (failed) {
      fail(w, x, make_problem(errc::peer_busy, "not asked again: " + sentence_of(failed)),
           before[i]);
      continue;
    }
    auto why = open_medium(w);
    auto now = before[i];
    if (!why) {
      why = append_to(w, {x});
      if (why && !x.order.doubt && w->self->state.to->in_doubt(x.record.said.id, why)) {
        x.order.doubt = sentence_of(why);
        now = doubt::fresh;
      }
    }
    note(w, why);
    if (!why) {
      conclude(w, x);
      continue;
    }
    if (!endpoint_rules::is_about_the_message(why))
      failed = why;
    fail(w, x, unless_hopeless(w, why), now);
  }
}

void append(const writer& w, std::vector<medium_write> batch) {
  if (auto why = open_medium(w))
    return fail_all(w, batch, why);
  auto why = append_to(w, batch);
  note(w, why);
  auto doubtful = doubts_after(*w->self->state.to, batch, why);
  unless_hopeless(w, why);
  // One entry that the medium will never take must not take the others with it.
  if (batch.size() > 1 && why && endpoint_rules::is_about_the_message(why))
    return append_one_by_one(w, batch, doubtful);
  for (size_t i = 0; i < batch.size(); ++i) {
    if (why)
      fail(w, batch[i], why, doubtful[i]);
    else
      conclude(w, batch[i]);
  }
}

/// Ends what is decided, lets wait what is under way. True: it is to be appended.
bool look_after(const writer& w, const medium_write& x) {
  auto presence = medium_presence::absent;
  if (x.order.sent) {
    auto found = w->self->state.to->find(x.record.said.id);
    if (!found) {
      fail(w, x, unless_hopeless(w, found.error()));
      return false;
    }
    presence = *found;
  }
  auto now = w->with.now();
  switch (endpoint_rules::step_of(x.record, x.order, presence, w->how, now)) {
  case writing_step::send:
    return true;
  case writing_step::wait:
    settle(w, endpoint_rules::watched(x.ticket, x.order, presence, w->how, now), x.answer);
    return false;
  case writing_step::end:
    settle(w, endpoint_rules::written(x.ticket, x.record, now), x.answer);
    return false;
  case writing_step::give_up:
    spdlog::error("medium-writer gives up {}: sent {} times, and the medium does not have it",
                  x.record.said.id, w->how.medium_sends);
    auto why = "sent " + std::to_string(w->how.medium_sends) +
               " times, and the medium does not have it any more";
    settle(w, endpoint_rules::undeliverable(x.ticket, x.record, why, now), x.answer);
    return false;
  }
  return false;
}

void flush(const writer& w) {
  auto& st = w->self->state;
  st.flushing = false;
  auto batch = std::exchange(st.waiting, {});
  if (auto why = open_medium(w))
    return fail_all(w, batch, why);
  std::vector<medium_write> to_append;
  for (auto& x : batch) {
    // It may have failed for the one before.
    if (auto why = open_medium(w))
      fail(w, x, why);
    else if (!st.to->takes_back() || look_after(w, x))
      to_append.push_back(std::move(x));
  }
  if (!to_append.empty())
    append(w, std::move(to_append));
}

/// What was decided before is not written again; what is to be written waits for the next append.
void take(const writer& w, const job_ticket& job, const channel_record& x,
          const write_to_medium& order, answer_to answer) {
  if (!endpoint_rules::to_be_written(x, order))
    return settle(w, endpoint_rules::written(job, x, w->with.now()), answer);
  auto& st = w->self->state;
  st.waiting.push_back({job, x, order, answer});
  if (auto& noted = st.waiting.back().order; !noted.doubt && st.unsettled.contains(x.said.id))
    noted.doubt = "the medium took it, and the ledger did not hear so";
  if (st.flushing)
    return;
  st.flushing = true;
  // Goes behind everything that is in the mailbox already, so that all of it is gathered.
  w->self->send(w->self, caf::tick_atom::value);
}

} // namespace

medium_writer_actor::behavior_type
medium_writer(medium_writer_actor::stateful_pointer<medium_writer_state> self, surroundings with,
              medium_opener open, endpoint_settings how, std::shared_ptr<writer_mood> mood) {
  auto w = std::make_shared<const writing>(writing{self, with, how, open, mood});
  answer_probes(self);
  return {
      [=](const job_ticket& job, const write_to_medium& order) -> caf::result<settled> {
        auto answer = promise_of<settled>(self);
        auto id = order.said.id;
        self->request(with.reader, timeouts::read, find_channel_record{channel_half::posting, id})
            .then(
                [=](const found_channel_record& found) {
                  if (found.record)
                    take(w, job, *found.record, order, answer);
                  else
                    settle(w, endpoint_rules::lost(job, id), answer);
                },
                [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
      [=](caf::tick_atom) { flush(w); },
  };
}

} // namespace igl
