#include "channels/unreadable_entries.hpp"

#include "channels/follow_rules.hpp"
#include "messages/probes.hpp"
#include "messages/promise.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace igl {

namespace {

using pointer = unreadable_entries_actor::pointer;
using answer_to = std::shared_ptr<guarded_promise<settled>>;

constexpr uint32_t letters_at_once = 100;

/// A job that is to be shown.
struct showing {
  pointer self;
  surroundings with;
  job_ticket job;
  channel_notified what;
  answer_to answer;
};

void end(const showing& x, bool is_known) {
  x.self->request(x.with.ledger, timeouts::settle, follow_rules::shown(x.job, x.what, is_known))
      .then([=](const settled& done) { x.answer->deliver(done); },
            [=](caf::error& why) { x.answer->deliver(std::move(why)); });
}

/// Looks through the dead letters after a number.
void look(const showing& x, uint64_t after) {
  x.self->request(x.with.reader, timeouts::read, find_dead_letters{after, letters_at_once})
      .then(
          [=](const found_dead_letters& found) {
            auto& all = found.letters;
            auto is_known = std::any_of(all.begin(), all.end(), [&](auto& letter) {
              return letter.job.order.id == x.job.id;
            });
            if (is_known || all.size() < letters_at_once)
              end(x, is_known);
            else
              look(x, all.back().number);
          },
          [=](caf::error& why) { x.answer->deliver(std::move(why)); });
}

} // namespace

unreadable_entries_actor::behavior_type unreadable_entries(unreadable_entries_actor::pointer self,
                                                           surroundings with) {
  answer_probes(self);
  return {
      [=](const job_ticket& job, const channel_notified& what) -> caf::result<settled> {
        auto answer = promise_of<settled>(self);
        look({self, with, job, what, answer}, 0);
        return answer->unguarded();
      },
  };
}

} // namespace igl
