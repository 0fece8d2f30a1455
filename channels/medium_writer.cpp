#include "channels/medium_writer.hpp"

#include "channels/endpoint_rules.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <spdlog/spdlog.h>

#include <utility>

namespace igl {

namespace {

using shell = medium_writer_actor::stateful_pointer<medium_writer_state>;
using answer_to = std::shared_ptr<guarded_promise<settled>>;

void settle(shell self, const surroundings& with, settlement what, answer_to answer) {
  self->request(with.ledger, timeouts::settle, std::move(what))
      .then([=](const settled& x) { answer->deliver(x); },
            [=](caf::error& why) { answer->deliver(std::move(why)); });
}

caf::error append(medium_writer_state& st, const medium_opener& open,
                  const std::vector<channel_message>& entries) {
  if (!st.to) {
    auto opened = open();
    if (!opened)
      return opened.error();
    st.to = std::move(*opened);
  }
  auto why = st.to->append(entries);
  // Whatever is wrong with it, a medium that is opened again has a better chance.
  if (why && !endpoint_rules::is_about_the_message(why))
    st.to.reset();
  return why;
}

void conclude(shell self, const surroundings& with, const retry_settings& retry,
              const medium_write& x, const caf::error& why) {
  if (!why)
    return settle(self, with, endpoint_rules::written(x.ticket, x.record, with.now()), x.answer);
  auto& id = x.record.said.id;
  if (!endpoint_rules::gives_up(why, x.ticket, retry)) {
    spdlog::warn("medium-writer could not write {} at attempt {}: {}", id, x.ticket.attempt,
                 sentence_of(why));
    // What will not pass by itself (a medium of another format) may pass when an operator acts.
    return x.answer->deliver(
        worth_retrying(why) ? why : make_problem(errc::storage_failed, sentence_of(why)));
  }
  spdlog::error("medium-writer gives up {} after attempt {}: {}", id, x.ticket.attempt,
                sentence_of(why));
  settle(self, with,
         endpoint_rules::undeliverable(x.ticket, x.record, sentence_of(why), with.now()), x.answer);
}

void flush(shell self, const surroundings& with, const medium_opener& open,
           const retry_settings& retry) {
  auto& st = self->state;
  st.flushing = false;
  auto batch = std::exchange(st.waiting, {});
  if (batch.empty())
    return;
  std::vector<channel_message> entries;
  entries.reserve(batch.size());
  for (auto& x : batch)
    entries.push_back(x.record.said);
  auto why = append(st, open, entries);
  // One entry that the medium will never take must not take the others with it.
  auto one_by_one = batch.size() > 1 && why && endpoint_rules::is_about_the_message(why);
  for (auto& x : batch)
    conclude(self, with, retry, x, one_by_one ? append(st, open, {x.record.said}) : why);
}

/// What was decided before is not written again; what is to be written waits for the next append.
void take(shell self, const surroundings& with, const job_ticket& job, const channel_record& x,
          answer_to answer) {
  if (!endpoint_rules::to_be_written(x))
    return settle(self, with, endpoint_rules::written(job, x, with.now()), answer);
  auto& st = self->state;
  st.waiting.push_back({job, x, answer});
  if (st.flushing)
    return;
  st.flushing = true;
  // Goes behind everything that is in the mailbox already, so that all of it is gathered.
  self->send(self, caf::tick_atom::value);
}

} // namespace

medium_writer_actor::behavior_type
medium_writer(medium_writer_actor::stateful_pointer<medium_writer_state> self, surroundings with,
              medium_opener open, retry_settings retry) {
  return {
      [=](const job_ticket& job, const write_to_medium& order) -> caf::result<settled> {
        auto answer = promise_of<settled>(self);
        auto id = order.said.id;
        self->request(with.reader, timeouts::read, find_channel_record{channel_half::posting, id})
            .then(
                [=](const found_channel_record& found) {
                  if (found.record)
                    take(self, with, job, *found.record, answer);
                  else
                    settle(self, with, endpoint_rules::lost(job, id), answer);
                },
                [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
      [=](caf::tick_atom) { flush(self, with, open, retry); },
  };
}

} // namespace igl
