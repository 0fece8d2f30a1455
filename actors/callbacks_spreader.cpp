#include "actors/callbacks_spreader.hpp"

#include "actors/settling.hpp"

#include <map>
#include <string_view>

namespace igl {

namespace {

using spreader_pointer = callbacks_spreader_actor::stateful_pointer<callbacks_spreader_state>;

/// One notice after the other: an order has one or two.
void find_all(spreader_pointer self, const surroundings& around, const job_ticket& ticket,
              const message_changed& order, const std::vector<found_subscribers>& found,
              const std::shared_ptr<guarded_promise<settled>>& answer) {
  if (found.size() == order.notices.size()) {
    settle(self, around, decide(ticket, order, found), answer_with(answer));
    return;
  }
  self->request(around.reader, timeouts::read,
                find_subscribers{order.notices[found.size()].topic, around.now()})
      .then(
          [=](const found_subscribers& more) {
            auto all = found;
            all.push_back(more);
            find_all(self, around, ticket, order, all, answer);
          },
          [=](caf::error& why) { answer->deliver(std::move(why)); });
}

} // namespace

std::vector<deliver_callback> callbacks_for(const message_changed& order, const notice& what,
                                            const std::vector<subscription>& subscribers) {
  std::map<std::string_view, const subscription*> told;
  for (auto& x : subscribers) {
    auto& best = told[x.callback];
    if (best == nullptr || best->topic.size() < x.topic.size())
      best = &x;
  }
  std::vector<deliver_callback> result;
  result.reserve(told.size());
  // The notice's topic belongs to the cause: a subscriber of everything is told of each notice.
  for (auto& [callback, x] : told)
    result.push_back({order.about, order.cause + "/" + what.topic, std::string{callback},
                      x->topic_as_asked, what.body});
  return result;
}

settlement decide(const job_ticket& ticket, const message_changed& order,
                  const std::vector<found_subscribers>& subscribers) {
  settlement result;
  result.job = closed(ticket);
  for (size_t i = 0; i < order.notices.size() && i < subscribers.size(); ++i)
    for (auto& x : callbacks_for(order, order.notices[i], subscribers[i].subscriptions))
      result.opens.push_back(make_job(x));
  return result;
}

callbacks_spreader_actor::behavior_type
callbacks_spreader(spreader_pointer self, surroundings around,
                   std::shared_ptr<const process_settings>) {
  return {
      [=](const job_ticket& ticket, const message_changed& order) {
        auto answer = promise_of<settled>(self);
        find_all(self, around, ticket, order, {}, answer);
        return answer->unguarded();
      },
  };
}

} // namespace igl
