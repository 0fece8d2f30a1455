#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

namespace igl {

struct channel_api_state {
  static inline const char* name = "channel-api";
};

/// Answers the Channel API of an endpoint out of its ledger.
///
/// Posting half:   takes a message, opens medium-writes; finds its state; revokes it if allowed
/// Receiving half: finds what was observed; lists what is new; hands subscriptions to the hub
/// Calls:          the ledger, and the hub
/// Refuses:        a sender that is not ours, a receiver that is not on the channel, what the
///                 filters deny, an id that is taken by another message; and what a node must not
///                 do that speaks for somebody else
channel_api_actor::behavior_type
channel_api(channel_api_actor::stateful_pointer<channel_api_state> self, surroundings with,
            endpoint_settings how, subscriptions_api_actor hub);

} // namespace igl
