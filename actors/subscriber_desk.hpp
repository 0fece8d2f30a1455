#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace igl {

/// What an operator's act writes; a test writes nothing. Fails with subscription_not_found: there
/// is nothing to drop.
caf::expected<settlement> decide(const act_on_subscriber& asked,
                                 const std::vector<subscription>& subscriptions, bool is_paused);

/// Whether what a subscriber answered to a test is well, and what it was.
std::pair<bool, std::string> outcome_of_test(const caf::expected<http_response>& said,
                                             std::string_view challenge);

/// Those of a callback's subscriptions that who asks may see: an operator all, a subscriber those
/// whose secret it shows.
std::vector<subscription> visible_to(const report_subscriber& asked,
                                     const std::vector<subscription>& subscriptions);

/// The question a test asks: does the subscriber still mean it?
verify_intent question_about(const subscription& x, caf::timestamp now);

struct subscriber_desk_state {
  static inline const char* name = "subscriber-desk";
};

/// Tells subscribers what they have missed and how their deliveries do, and does what the operator
/// wants with them.
///
/// Takes:   what the subscriptions API and the operator API are asked
/// Opens:   nothing
/// Calls:   a subscriber, when the operator tests or drops it
/// Retries: nothing
/// Refuses: to say whether anybody subscribed to who does not show the secret
subscriber_desk_actor::behavior_type
subscriber_desk(subscriber_desk_actor::stateful_pointer<subscriber_desk_state> self,
                surroundings around, std::shared_ptr<const process_settings> settings,
                http_client_actor http);

} // namespace igl
