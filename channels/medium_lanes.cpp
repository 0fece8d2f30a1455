#include "channels/medium_lanes.hpp"

#include "messages/promise.hpp"

#include <caf/all.hpp>

namespace igl {

medium_writer_actor::behavior_type
medium_lanes(medium_writer_actor::stateful_pointer<medium_lanes_state> self, uint32_t at_once,
             lane_maker make) {
  return {
      [=](const job_ticket& job, const write_to_medium& order) -> caf::result<settled> {
        auto receiver = order.said.content.receiver;
        auto& lane = self->state.lanes[receiver];
        if (lane.in_hand >= at_once)
          return make_problem(errc::peer_busy, "messages to " + receiver);
        if (!lane.writer)
          lane.writer = make(self);
        ++lane.in_hand;
        auto answer = promise_of<settled>(self);
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
