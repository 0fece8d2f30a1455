#include "actors/message_reception_api.hpp"

#include "messages/probes.hpp"

#include "actors/settling.hpp"

#include <algorithm>

namespace igl {

namespace {

bool is_about_posted(const std::string& id) {
  return id.ends_with(about_posted);
}

/// The channel's own id.
std::string channel_of(const std::string& id) {
  return is_about_posted(id) ? id.substr(0, id.size() - about_posted.size()) : id;
}

} // namespace

settlement told_by(const channel_notification& x, const channel_settings& channel) {
  settlement result;
  if (is_about_posted(x.channel_id)) {
    channel_notified news{channel.id, x.message_id};
    news.half = channel_half::posting;
    result.opens.push_back(make_job(news));
    return result;
  }
  result.opens.push_back(make_job(
      channel_notified{channel.id, channel.has_updated_since ? std::string{} : x.message_id}));
  return result;
}

message_reception_api_actor::behavior_type message_reception_api(
    message_reception_api_actor::stateful_pointer<message_reception_api_state> self,
    surroundings around, std::shared_ptr<const node_settings> settings,
    std::map<std::string, subscription_handler_actor> handlers) {
  answer_probes(self);
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
                                    [&](auto& c) { return c.id == channel_of(x.channel_id); });
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
                [=](const notification_accepted& said) {
                  if (said.ignored)
                    return answer->deliver(said);
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
