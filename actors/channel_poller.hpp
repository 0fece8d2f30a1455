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

/// The pause before a confirmed message is asked about again, `since` its confirmation was heard:
/// the channel's poll_interval at first, then as long as it has been confirmed, up to an eighth of
/// revocable_for; the last question comes when that is over. Zero: it is over. Nothing has to be
/// remembered but the time of the confirmation, so such jobs cost nothing between two questions.
std::chrono::milliseconds pause_while_revocable(std::chrono::milliseconds since,
                                                const channel_settings& channel);

/// What follows from a channel's answer about a message we posted.
///
/// confirmed: accepted and, unless the channel says that this is final or revocable_for is 0,
/// another job goes on asking; asked
/// again about a confirmed one: the same question later, until revocable_for is over.
/// undeliverable: back to the router without this channel. revoked: the message updater makes it
/// pending again and sends it to the router, for a next round over any channel. received: the same
/// question after `pause`. Fails with bad_answer when the channel says what cannot follow from what
/// it said before.
caf::expected<settlement> decide(const job_ticket& ticket, const check_delivery& order,
                                 const channel_message& answer, caf::timestamp now,
                                 std::chrono::milliseconds pause, const channel_settings& channel);

/// What follows when a channel tells of a message that we posted (topic `posting.AU.revoked`): what
/// the message travels by now was revoked, as if it had been asked about. Anything else is found
/// out by asking.
settlement decide(const job_ticket& ticket, const channel_notified& order,
                  const channel_message& said, const found_message& stored);

struct channel_poller_state {
  static inline const char* name = "channel-poller";
  std::map<std::string, peer_gate> gates; // by channel id
  /// job id → questions so far, of messages that are not confirmed; forgotten at a restart
  std::map<std::string, uint32_t> asked;
};

/// Asks a channel for the state of what WE sent until it changes; and then, where a confirmation
/// may be revoked, until that is over.
///
/// Takes:   channel-pending, and channel-notifications about what we posted
/// Opens:   message-updates, outbox, channel-pending
/// Calls:   the posting half of the channel that took the message
/// Retries: while the channel does not answer, or does not know what it took; about a message that
///          was confirmed at its own pace, without counting, and revocable_for begins anew
/// Refuses: an answer that cannot follow; after the last attempt an operator decides
channel_poller_actor::behavior_type
channel_poller(channel_poller_actor::stateful_pointer<channel_poller_state> self,
               surroundings around, std::shared_ptr<const node_settings> settings,
               std::map<std::string, channel_actor> channels);

} // namespace igl
