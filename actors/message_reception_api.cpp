#include "actors/message_reception_api.hpp"

#include "actors/settling.hpp"

#include <algorithm>

namespace igl {

settlement told_by(const channel_notification& x, const channel_settings& channel) {
  settlement result;
  result.opens.push_back(make_job(
      channel_notified{channel.id, channel.has_updated_since ? std::string{} : x.message_id}));
  return result;
}

message_reception_api_actor::behavior_type message_reception_api(
    message_reception_api_actor::stateful_pointer<message_reception_api_state> self,
    surroundings around, std::shared_ptr<const node_settings> settings,
    std::map<std::string, subscription_handler_actor> handlers) {
  return {
      [=](const confirm_channel_intent& asked) {
        auto answer = promise_of<channel_intent_confirmed>(self);
        auto handler = handlers.find(asked.channel_id);
        if (handler == handlers.end()) {
          answer->deliver(make_problem(errc::unknown_channel, asked.channel_id));
          return answer->unguarded();
        }
        self->request(handler->second, timeouts::api, asked)
            .then([=](const channel_intent_confirmed& x) { answer->deliver(x); },
                  [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
      [=](const channel_notification& x) {
        auto answer = promise_of<notification_accepted>(self);
        auto handler = handlers.find(x.channel_id);
        auto channel = std::find_if(settings->channels.begin(), settings->channels.end(),
                                    [&](auto& c) { return c.id == x.channel_id; });
        if (handler == handlers.end() || channel == settings->channels.end()) {
          answer->deliver(make_problem(errc::unknown_channel, x.channel_id));
          return answer->unguarded();
        }
        if (x.message_id.empty()) {
          answer->deliver(make_problem(errc::bad_request, "the notification has no id"));
          return answer->unguarded();
        }
        auto todo = told_by(x, *channel);
        self->request(handler->second, timeouts::api, x)
            .then(
                [=](const notification_accepted&) {
                  settle(self, around, todo, [=](caf::expected<settled> result) {
                    if (result)
                      answer->deliver(notification_accepted{});
                    else
                      answer->deliver(std::move(result.error()));
                  });
                },
                [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
  };
}

} // namespace igl
