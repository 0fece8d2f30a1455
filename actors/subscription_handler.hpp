#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <caf/actor_clock.hpp>

#include <memory>

namespace igl {

/// What the node asks of a channel's hub, and for how long.
inline constexpr std::chrono::seconds channel_lease{432000};
/// How long a hub may take to verify our intent before it is asked again.
inline constexpr std::chrono::seconds verification_patience{60};

/// A subscription that is granted for a shorter time than twice this lapses in between.
inline constexpr std::chrono::seconds shortest_renewal{10};

/// The subscription this node wants at a channel: topic `jurisdiction.<own>`, called back at
/// `<reception url>/channel-message/<channel id>`. Of the posting half: `posting.<own>.revoked`,
/// called back at `…/<channel id>/posted`.
subscription_request subscription_at(const channel_settings& channel, const node_settings& settings,
                                     std::string_view reception_url,
                                     channel_half half = channel_half::receiving);

/// Whether the channel is asked to tell what it revokes of ours: one of the reference software does
/// not know that topic, and where confirmations are final nobody wants to hear.
bool wants_revocations(const channel_settings& channel);

/// Is this what we ask for? Yes: the challenge goes back. Fails with not_found, and with
/// bad_request if there is no challenge. The reference software names no topic (Message reception
/// API).
caf::expected<channel_intent_confirmed> decide(const confirm_channel_intent& asked,
                                               const channel_settings& channel,
                                               const node_settings& settings,
                                               channel_half half = channel_half::receiving);

/// For how long the hub says that it subscribes us; what was asked for if it does not say, or more.
std::chrono::seconds lease_granted(const confirm_channel_intent& asked);

/// Ignored: the channel has a secret and this is not its signature. Whoever sent it is told the
/// same as the channel, so that nobody can try signatures (W3C WebSub §7.1).
notification_accepted decide(const channel_notification& x, const channel_settings& channel);

struct subscription_handler_state {
  static inline const char* name = "subscription-handler";
  subscription_handler_state() =
      default;              // no aggregate: CAF would make its first member of the actor's pointer
  bool asking = false;      // a request is on its way
  bool outstanding = false; // a request may have reached the hub, and was not verified yet
  bool confirmed = false;   // since the last request
  caf::actor_clock::time_point confirmed_at{};
  uint32_t failed = 0;                         // requests since the last confirmation
  caf::actor_clock::time_point next{};         // when to ask again
  channel_half half = channel_half::receiving; // of which the channel is to tell us
  channel_health health;
};

/// Keeps the WebSub subscription at one channel alive: renews it when half its time is over.
///
/// Takes:   what a channel asks and tells the message reception API
/// Opens:   nothing
/// Calls:   the hub of its channel
/// Retries: for ever, with growing pauses; meanwhile the observer's own looks find the news
/// Refuses: to confirm what it did not ask for; it ignores, and counts, notifications with a wrong
///          signature
subscription_handler_actor::behavior_type
subscription_handler(subscription_handler_actor::stateful_pointer<subscription_handler_state> self,
                     surroundings around, std::shared_ptr<const node_settings> settings,
                     channel_settings which, channel_actor channel, std::string reception_url);

/// The same for the posting half: so that a revocation is heard at once. A channel that refuses it
/// is asked again every hour; the channel poller finds out by asking anyway.
subscription_handler_actor::behavior_type posting_subscription_handler(
    subscription_handler_actor::stateful_pointer<subscription_handler_state> self,
    surroundings around, std::shared_ptr<const node_settings> settings, channel_settings which,
    channel_actor channel, std::string reception_url);

} // namespace igl
