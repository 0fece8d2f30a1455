#pragma once

#include "actors/call_book.hpp"
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

/// Its attempts are used up, or trying again cannot help: everything stays as it was, and an event
/// says so. No dead letter: anybody may ask for anything, and may ask again.
settlement intent_given_up(const job_ticket& ticket, const verify_intent& order,
                           const caf::error& why);
/// A topic that was to be published is not; an event says why.
settlement refused_publication(const job_ticket& ticket, const verify_intent& order,
                               const std::string& why);

/// Why it is not called now. A host that fails is asked again after its pause, and that counts: the
/// job is not kept for as long as the host is away. Fails with peer_unreachable when that was the
/// last attempt. What waits for its turn only is postponed.
caf::expected<settlement> asked_later(const job_ticket& ticket, const std::string& whom,
                                      const call_refusal& why, const process_settings& settings,
                                      double chance);

struct intent_verifier_state {
  static inline const char* name = "intent-verifier";
  peer_gate gate{0, 0}; // by origin
};

/// Asks a subscriber whether it means it.
///
/// Takes:   subscription-requests
/// Opens:   nothing
/// Calls:   the subscriber's callback, as often as `calls` allows: deliveries count, too
/// Retries: while the subscriber cannot be reached or answers 5xx or 429; given up, it is refused
/// Refuses: a subscription whose subscriber does not echo the challenge, and tells it so; one whose
///          callback is at an address that is not to be called, and tells nobody
intent_verifier_actor::behavior_type
intent_verifier(intent_verifier_actor::stateful_pointer<intent_verifier_state> self,
                surroundings around, std::shared_ptr<const process_settings> settings,
                http_client_actor http, std::shared_ptr<call_book> calls);

} // namespace igl
