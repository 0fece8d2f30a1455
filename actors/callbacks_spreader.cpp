#include "actors/callbacks_spreader.hpp"

#include "messages/probes.hpp"

#include "actors/settling.hpp"

#include <algorithm>
#include <map>
#include <string_view>

namespace igl {

namespace {

using spreader_pointer = callbacks_spreader_actor::stateful_pointer<callbacks_spreader_state>;

size_t first_notice(const message_changed& order) {
  return order.from ? order.from->notice : 0;
}

size_t count(const std::vector<found_subscribers>& found) {
  size_t result = 0;
  for (auto& x : found)
    result += x.subscriptions.size();
  return result;
}

/// One order on its way to all who are to be told.
struct spreading {
  spreader_pointer self;
  surroundings around;
  job_ticket ticket;
  message_changed order;
  std::shared_ptr<guarded_promise<settled>> answer;
  std::vector<found_subscribers> found{}; ///< of the notices so far
};

/// One notice after the other: an order has one or two.
void find_all(const std::shared_ptr<spreading>& x) {
  const auto& order = x->order;
  auto& found = x->found;
  auto next = first_notice(order) + found.size();
  if (next >= order.notices.size() || count(found) >= deliveries_per_settlement ||
      (!found.empty() && found.back().next)) {
    settle(x->self, x->around, decide(x->ticket, order, found), answer_with(x->answer));
    return;
  }
  find_subscribers what{order.notices[next].topic, x->around.now()};
  what.limit = deliveries_per_settlement;
  what.event = order.notices[next].number.value_or(0);
  if (order.from && found.empty())
    what.after = {order.from->topic, order.from->callback};
  x->self->request(x->around.reader, timeouts::read, what)
      .then(
          [x](found_subscribers& more) {
            x->found.push_back(std::move(more));
            find_all(x);
          },
          [x](caf::error& why) { x->answer->deliver(std::move(why)); });
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
                      x->topic_as_asked, what.number ? std::string{} : what.body, what.number});
  return result;
}

settlement decide(const job_ticket& ticket, const message_changed& order,
                  const std::vector<found_subscribers>& subscribers) {
  settlement result;
  result.job = closed(ticket);
  auto first = first_notice(order);
  auto end = std::min(first + subscribers.size(), order.notices.size());
  auto rest = order;
  if (!subscribers.empty() && subscribers.back().next) {
    auto& after = *subscribers.back().next;
    rest.from = spread_place{static_cast<uint32_t>(end - 1), after.topic, after.callback};
  } else {
    rest.from = spread_place{static_cast<uint32_t>(end)};
  }
  // First, so that in no moment this order seems to be done.
  if (rest.from->notice < order.notices.size())
    result.opens.push_back(make_job(rest));
  for (auto i = first; i < end; ++i)
    for (auto& x : callbacks_for(order, order.notices[i], subscribers[i - first].subscriptions))
      result.opens.push_back(make_job(x));
  return result;
}

callbacks_spreader_actor::behavior_type
callbacks_spreader(spreader_pointer self, surroundings around,
                   std::shared_ptr<const process_settings>) {
  answer_probes(self);
  return {
      [=](job_ticket& ticket, message_changed& order) {
        auto answer = promise_of<settled>(self);
        find_all(std::make_shared<spreading>(
            spreading{self, around, std::move(ticket), std::move(order), answer}));
        return answer->unguarded();
      },
  };
}

} // namespace igl
