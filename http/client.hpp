#pragma once

#include "messages/interfaces.hpp"

namespace igl {

struct http_client_options {
  uint32_t requests_per_origin = 64;  ///< at once; one more waits its turn
  uint32_t waiting_per_origin = 4096; ///< one more than that: peer_busy
};

/// An HTTP client over pooled connections. Redirects are answers like any other: they are not
/// followed.
http_client_actor::behavior_type
http_client(http_client_actor::stateful_pointer<struct http_client_state> self,
            http_client_options how);

} // namespace igl
