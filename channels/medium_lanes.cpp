#include "channels/medium_lanes.hpp"

#include "messages/probes.hpp"
#include "messages/promise.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace igl {

namespace {

/// The job waits: the ledger is told here, for a source would come again as soon as it does when a
/// side is only busy.
settlement turned_away(const job_ticket& job, caf::timestamp until) {
  settlement s;
  job_outcome outcome;
  outcome.ticket = job;
  outcome.end = job_end::postponed;
  outcome.due = until;
  s.job = std::move(outcome);
  return s;
}

} // namespace

std::chrono::milliseconds pause_before_lane(std::chrono::nanoseconds failing, double chance) {
  using std::chrono::milliseconds;
  auto pause = std::clamp(std::chrono::duration_cast<milliseconds>(failing), milliseconds{5000},
                          milliseconds{60000});
  return pause +
         milliseconds{static_cast<int64_t>(static_cast<double>(pause.count()) * chance / 5)};
}

medium_writer_actor::behavior_type
medium_lanes(medium_writer_actor::stateful_pointer<medium_lanes_state> self, surroundings with,
             uint32_t at_once, lane_maker make) {
  answer_probes(self);
  return {
      [=](const job_ticket& job, const write_to_medium& order) -> caf::result<settled> {
        auto receiver = order.said.content.receiver;
        auto& lane = self->state.lanes[receiver];
        auto failing_since = lane.mood->failing_since.load();
        auto hangs = failing_since != writer_mood::well;
        if (lane.in_hand >= at_once && !hangs)
          return make_problem(errc::peer_busy, "messages to " + receiver);
        auto answer = promise_of<settled>(self);
        if (lane.in_hand >= at_once) {
          auto failing = with.now().time_since_epoch() - std::chrono::nanoseconds{failing_since};
          auto chance = static_cast<double>(with.random() >> 11) * 0x1.0p-53;
          self->request(with.ledger, timeouts::settle,
                        turned_away(job, with.now() + pause_before_lane(failing, chance)))
              .then([=](const settled& x) { answer->deliver(x); },
                    [=](caf::error& why) { answer->deliver(std::move(why)); });
          return answer->unguarded();
        }
        if (!lane.writer)
          lane.writer = make(self, lane.mood);
        ++lane.in_hand;
        // As the job source: a writer answers when the medium does, and its end is ours.
        self->request(lane.writer, caf::infinite, job, order)
            .then(
                [=](const settled& x) {
                  --self->state.lanes[receiver].in_hand;
                  answer->deliver(x);
                },
                [=](caf::error& why) {
                  --self->state.lanes[receiver].in_hand;
                  answer->deliver(std::move(why));
                });
        return answer->unguarded();
      },
      [](caf::tick_atom) {
        // Only its lanes have something to write.
      },
  };
}

} // namespace igl
