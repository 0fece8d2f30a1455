#include "actors/rejected_message_processor.hpp"

#include "messages/probes.hpp"

#include "actors/message_updater.hpp"
#include "actors/settling.hpp"

namespace igl {

caf::expected<settlement> decide(const job_ticket& ticket, const reject_message& order,
                                 const found_message& stored) {
  auto about = to_string(order.about);
  if (!stored.record)
    return make_problem(errc::internal, about + " is to be rejected but is not in the lake");
  auto& before = *stored.record;
  settlement result;
  if (may_follow(before.status, message_status::rejected)) {
    auto after = before;
    after.status = message_status::rejected;
    result = change_of(before, after, order.reason);
  } else if (before.status != message_status::rejected) {
    result.events.push_back(
        {0,
         {},
         event_kind::delivery_checked,
         about,
         "not sent (" + order.reason + "), but the message stays " + to_string(before.status)});
  }
  result.job = closed(ticket);
  return result;
}

rejected_message_processor_actor::behavior_type rejected_message_processor(
    rejected_message_processor_actor::stateful_pointer<rejected_message_processor_state> self,
    surroundings around, std::shared_ptr<const node_settings>) {
  answer_probes(self);
  return {
      [=](const job_ticket& ticket, const reject_message& order) {
        auto answer = promise_of<settled>(self);
        read_decide_settle<found_message>(
            self, around, find_message{order.about},
            [=](const found_message& stored) { return decide(ticket, order, stored); },
            answer_with(answer));
        return answer->unguarded();
      },
  };
}

} // namespace igl
