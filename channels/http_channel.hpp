#pragma once

#include "config/settings.hpp"
#include "messages/interfaces.hpp"

#include <functional>

namespace igl {

/// A channel that can say how it does.
using http_channel_actor =
    channel_actor::extend<caf::replies_to<channel_health_query>::with<channel_health>>;

struct http_channel_state {
  static inline const char* name = "http-channel";
  uint32_t in_flight = 0;
  std::string token; ///< OAuth 2.0 access token; empty: none
  caf::timestamp token_ends;
  bool fetching_token = false;
  std::vector<std::function<void(caf::error)>> awaiting_token; ///< none: the token is there
  channel_health health;
};

/// A channel behind a Channel API somewhere else (wire.md), ours or the reference software's.
///
/// Calls:   the API, at most `in_flight` requests at once; the OAuth 2.0 token endpoint
/// Answers: peer_busy above that bound, peer_refused for 4xx, peer_failed for 5xx and 429 and for a
///          token that is refused (by the channel or by its token endpoint), bad_answer for what
///          the protocol does not allow, not_found for an unknown message
http_channel_actor::behavior_type
http_channel(http_channel_actor::stateful_pointer<http_channel_state> self, channel_settings how,
             http_client_actor http, std::function<caf::timestamp()> now);

} // namespace igl
