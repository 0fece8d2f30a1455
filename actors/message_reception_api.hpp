#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <map>
#include <memory>

namespace igl {

/// A channel has something for us. Where the observer can ask what is new, all notifications of a
/// channel are one job; else there is one for each message. What became of a message that we posted
/// (`a/posted`) is one job for each, for the channel poller.
settlement told_by(const channel_notification& x, const channel_settings& channel);

struct message_reception_api_state {
  static inline const char* name = "message-reception-api";
};

/// Takes what channels tell this node; a notification is on disk before the answer.
///
/// Takes:   GET and POST /channel-message/<channel id>, and …/posted; the handlers are known by
///          these names: `a`, `a/posted`
/// Opens:   channel-notifications
/// Calls:   the subscription handler of that channel
/// Retries: nothing; a channel tells again, and the observer looks by itself
/// Refuses: an unknown channel, a notification without an id or with a wrong signature
message_reception_api_actor::behavior_type message_reception_api(
    message_reception_api_actor::stateful_pointer<message_reception_api_state> self,
    surroundings around, std::shared_ptr<const node_settings> settings,
    std::map<std::string, subscription_handler_actor> handlers);

} // namespace igl
