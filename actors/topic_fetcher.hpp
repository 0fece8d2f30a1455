#pragma once

#include "actors/call_book.hpp"
#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// The GET for a topic that its publisher says has changed.
http_request topic_request(const verify_intent& order, const process_settings& settings);

/// What follows from the topic's answer: 2xx is told to its subscribers as it came, with its media
/// type. Fails with peer_failed or peer_refused otherwise.
caf::expected<settlement> published_topic(const job_ticket& ticket, const verify_intent& order,
                                          const http_response& answer);

struct topic_fetcher_state {
  static inline const char* name = "topic-fetcher";
  peer_gate gate{0, 0}; // by origin
};

/// Fetches a topic whose publisher said hub.mode=publish.
///
/// Takes:   subscription-requests, those with the mode publish
/// Opens:   notifications, if somebody has subscribed to the topic
/// Calls:   the topic's URL, as often as `calls` allows
/// Retries: while it does not answer 2xx; given up, it is not published, and an event says so
/// Refuses: a topic that is not to be called; an event says so
intent_verifier_actor::behavior_type
topic_fetcher(intent_verifier_actor::stateful_pointer<topic_fetcher_state> self,
              surroundings around, std::shared_ptr<const process_settings> settings,
              http_client_actor http, std::shared_ptr<call_book> calls);

} // namespace igl
