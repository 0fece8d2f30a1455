#pragma once

#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// The GET on a callback that verifies an intent (W3C WebSub §5.3); the callback's own query stays.
http_request verification_request(const verify_intent& order, std::string_view challenge,
                                  const process_settings& settings);

/// The GET that tells a subscriber that it is not subscribed, and why (W3C WebSub §5.2).
http_request denial(const verify_intent& order, std::string_view reason,
                    const process_settings& settings);

/// Why the answer to a verification confirms nothing; empty: it confirms. A redirect is not
/// followed and confirms nothing.
std::string why_not_confirmed(const http_response& answer, std::string_view challenge);

/// Whether the subscriber is told that it was denied. Not of what it refused itself (404, W3C
/// WebSub §5.3), nor while an earlier subscription of it goes on: it would take that for ended.
bool is_told_of_denial(const verify_intent& order, const http_response& answer,
                       const found_subscription& stored, caf::timestamp now);

/// The change that was asked for, and its event.
settlement subscription_applied(const verify_intent& order, caf::timestamp now);

/// What follows from the subscriber's answer: 2xx and the challenge, nothing else, confirms it.
/// Otherwise everything stays as it was; an event says so. Fails with peer_failed for 5xx and 429.
caf::expected<settlement> decide(const job_ticket& ticket, const verify_intent& order,
                                 const http_response& answer, std::string_view challenge,
                                 caf::timestamp now);

struct intent_verifier_state {
  static inline const char* name = "intent-verifier";
  peer_gate gate{0, 0}; // by origin
};

/// Asks a subscriber whether it means it.
///
/// Takes:   subscription-requests
/// Opens:   nothing
/// Calls:   the subscriber's callback
/// Retries: while the subscriber cannot be reached
/// Refuses: a subscription whose subscriber does not echo the challenge, and tells it so; one whose
///          callback is at an address that is not to be called, and tells nobody
intent_verifier_actor::behavior_type
intent_verifier(intent_verifier_actor::stateful_pointer<intent_verifier_state> self,
                surroundings around, std::shared_ptr<const process_settings> settings,
                http_client_actor http);

} // namespace igl
