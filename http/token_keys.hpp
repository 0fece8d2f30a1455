#pragma once

#include "config/settings.hpp"
#include "http/json_web_key.hpp"
#include "messages/interfaces.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace igl {

struct token_keys_state {
  static inline const char* name = "token-keys";

  // No aggregate: CAF would make its first member of the actor's pointer.
  token_keys_state() = default;

  bool reading = false;
  std::chrono::steady_clock::time_point next; ///< reading; a tick that comes earlier is an old one
  std::chrono::steady_clock::time_point soonest; ///< next reading, whoever asks for it
  caf::error failure;                            ///< of the last reading
  uint32_t failures = 0;                         ///< in a row
  std::vector<std::function<void()>> waiting;    ///< for a reading to end
};

/// Reads the keys that JSON Web Tokens are signed with, from a file or with a GET, and puts them
/// where tokens are checked: at the start, at an interval, and when somebody finds one missing; who
/// does that shortly after a reading waits for a moment.
///
/// Calls:   the HTTP client
/// Retries: after a growing pause, as long as it fails; the keys that were read before stay
/// Fails:   renew_token_keys with unavailable while the keys cannot be read
token_keys_actor::behavior_type
token_keys(token_keys_actor::stateful_pointer<token_keys_state> self, access_settings how,
           std::shared_ptr<key_ring> ring, http_client_actor http);

} // namespace igl
