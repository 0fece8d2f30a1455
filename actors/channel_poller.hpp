#pragma once

#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <map>
#include <memory>

namespace igl {

/// The pause before the channel is asked again: 100 ms after the first question, then twice as long
/// each time up to the channel's poll_interval. The first question has the same pause before it.
std::chrono::milliseconds pause_before_check(uint32_t asked, std::chrono::milliseconds interval);

/// What follows from a channel's answer about a message we posted.
///
/// confirmed: accepted, and the job ends; undeliverable: back to the router without this channel;
/// revoked: pending again, and routed anew in the next round; received: the same question after
/// `pause`. Fails with bad_answer when the channel says what cannot follow from what it said
/// before.
caf::expected<settlement> decide(const job_ticket& ticket, const check_delivery& order,
                                 const channel_message& answer, caf::timestamp now,
                                 std::chrono::milliseconds pause);

struct channel_poller_state {
  static inline const char* name = "channel-poller";
  std::map<std::string, peer_gate> gates; // by channel id
  std::map<std::string, uint32_t> asked;  // job id → questions so far; forgotten at a restart
};

/// Asks a channel for the state of what WE sent until it changes.
///
/// Takes:   channel-pending
/// Opens:   message-updates, outbox
/// Calls:   the posting half of the channel that took the message
/// Retries: while the channel does not answer, or does not know what it took
/// Refuses: an answer that cannot follow; after the last attempt an operator decides
channel_poller_actor::behavior_type
channel_poller(channel_poller_actor::stateful_pointer<channel_poller_state> self,
               surroundings around, std::shared_ptr<const node_settings> settings,
               std::map<std::string, channel_actor> channels);

} // namespace igl
