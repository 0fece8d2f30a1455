#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// What a subscriber asks for, checked in the order of wire.md: missing fields, mode, callback,
/// topic, lease. Fails with missing_attributes, unknown_mode, callback_url_validation (also where
/// the URL itself says that it is not to be called, or has more than 2,048 bytes), topic_validation
/// (also for a topic that would break a Link header), lease_seconds_validation;
/// bad_request for a secret of 200 bytes or more (W3C WebSub §5.1).
caf::expected<verify_intent> parse_intent(const subscription_request& asked, std::string request_id,
                                          const process_settings& settings = {});

/// What the request causes: a verification job or, with verify_intent off, the change itself.
/// Fails with subscription_not_found: unsubscribing what is not there.
caf::expected<settlement> decide(const verify_intent& intent, const found_subscription& stored,
                                 const process_settings& settings, caf::timestamp now);

/// What hub.mode=publish causes: a topic is fetched if somebody has subscribed to it.
settlement decide(const verify_intent& publication, const found_subscribers& subscribed);

struct subscriptions_api_state {
  static inline const char* name = "subscriptions-api";
};

/// The node's and the endpoint's hub: takes subscriptions.
///
/// Takes:   POST /subscriptions
/// Opens:   subscription-requests
/// Calls:   nobody outside; the intent verifier does
/// Retries: nothing; a subscriber may safely ask again
/// Refuses: what wire.md refuses
subscriptions_api_actor::behavior_type
subscriptions_api(subscriptions_api_actor::stateful_pointer<subscriptions_api_state> self,
                  surroundings around, std::shared_ptr<const process_settings> settings);

} // namespace igl
