#pragma once

#include "actors/call_book.hpp"
#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <deque>
#include <memory>
#include <string_view>

namespace igl {

/// Says which event a delivery is. The numbers of a subscriber's events grow, with gaps: other
/// events lie between. It asks for those after a number at `/subscriptions/events`.
inline constexpr std::string_view event_number_header = "X-Hub-Event-Number";

/// The POST to a subscriber (wire.md), signed if the subscription has a secret. `event` has the
/// body and what else there is to say of it; null: the order has the body, which is JSON.
http_request callback_request(const deliver_callback& order, const subscription& to,
                              std::string_view hub_url, const process_settings& settings,
                              const hub_event* event = nullptr);

/// What follows from the subscriber's answer: 2xx is delivered; 410 Gone ends the subscription.
/// Fails with peer_failed otherwise: subscribers are restarted, moved and repaired.
caf::expected<settlement> decide(const job_ticket& ticket, const deliver_callback& order,
                                 const subscription& to, const http_response& answer);

/// A subscriber that did not take it said when to come again: the job is tried then, but neither
/// before its own schedule has it nor later than settings allow. None: it did not say, or this was
/// the last attempt.
caf::optional<settlement> put_off(const job_ticket& ticket, const deliver_callback& order,
                                  const http_response& answer, const process_settings& settings,
                                  caf::timestamp now, double chance);

/// It is not to be called now: later, which counts as no attempt.
settlement put_off_until(const job_ticket& ticket, caf::timestamp when, const std::string& why);

/// The ledger no longer has what is to be delivered: a dead letter.
settlement event_forgotten(const job_ticket& ticket, const deliver_callback& order);

/// The subscription is over: nothing is delivered; an event says so.
settlement subscription_over(const job_ticket& ticket, const deliver_callback& order);

struct callback_deliverer_state {
  static inline const char* name = "callback-deliverer";
  peer_gate gate{0, 0};                                // by origin
  std::deque<std::shared_ptr<const hub_event>> lately; // the last ones that were delivered
};

/// Calls one subscriber back.
///
/// Takes:   delivery-outbox
/// Opens:   nothing
/// Calls:   the subscriber, at most callbacks_per_host at once for each host, and callbacks_per_url
///          in ten seconds for each URL; a URL that fails breaker_failures times in a row is left
///          alone for breaker_pause, as is a host that does not answer at all. `calls` knows of
///          the other actors' calls, too
/// Retries: while the subscriber does not answer 2xx; not before the time its Retry-After says
/// Refuses: nothing; 410 from the subscriber ends its subscription
callback_deliverer_actor::behavior_type
callback_deliverer(callback_deliverer_actor::stateful_pointer<callback_deliverer_state> self,
                   surroundings around, std::shared_ptr<const process_settings> settings,
                   http_client_actor http, std::shared_ptr<call_book> calls, std::string hub_url);

} // namespace igl
