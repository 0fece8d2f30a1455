#pragma once

#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// The POST to a subscriber (wire.md), signed if the subscription has a secret.
http_request callback_request(const deliver_callback& order, const subscription& to,
                              std::string_view hub_url, const process_settings& settings);

/// What follows from the subscriber's answer: 2xx is delivered; 410 Gone ends the subscription.
/// Fails with peer_failed otherwise: subscribers are restarted, moved and repaired.
caf::expected<settlement> decide(const job_ticket& ticket, const deliver_callback& order,
                                 const subscription& to, const http_response& answer);

/// The subscription is over: nothing is delivered; an event says so.
settlement subscription_over(const job_ticket& ticket, const deliver_callback& order);

struct callback_deliverer_state {
  static inline const char* name = "callback-deliverer";
  peer_gate gate{0, 0}; // by origin
};

/// Calls one subscriber back.
///
/// Takes:   delivery-outbox
/// Opens:   nothing
/// Calls:   the subscriber, at most callbacks_per_host at once for each host
/// Retries: while the subscriber does not answer 2xx
/// Refuses: nothing; 410 from the subscriber ends its subscription
callback_deliverer_actor::behavior_type
callback_deliverer(callback_deliverer_actor::stateful_pointer<callback_deliverer_state> self,
                   surroundings around, std::shared_ptr<const process_settings> settings,
                   http_client_actor http, std::string hub_url);

} // namespace igl
