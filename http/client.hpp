#pragma once

#include "messages/callable.hpp"
#include "messages/interfaces.hpp"

#include <memory>

namespace igl {

struct http_client_options {
  uint32_t requests_per_origin = 64;  ///< at once; one more waits its turn
  uint32_t waiting_per_origin = 4096; ///< one more than that: peer_busy
  /// The only addresses that are connected to, over IPv4; none: any. For URLs that strangers give.
  /// A name is looked up and the connection made to the very address that was looked at.
  std::shared_ptr<const callable_addresses> only{};
  uint64_t header_bytes = 64 * 1024;  ///< the largest head of an answer
  uint64_t chunk_bytes = 1024 * 1024; ///< the largest chunk of a body that comes in chunks
};

struct http_client_state {
  static inline const char* name = "http-client";
};

/// An HTTP client over pooled connections. Redirects are answers like any other: they are not
/// followed.
///
/// Answers: the response, whatever its status; with `save_to`, a response that is not 2xx leaves no
///          file and has the start of its body in `body`; with `cut_body`, an answer that has begun
///          counts, however its body ends
/// Fails:   peer_unreachable (nothing was sent), peer_lost (the request may have been read),
///          peer_timeout (the whole exchange, waiting included), peer_busy, bad_answer, too_large
///          (the body, the head or a chunk of the answer; then nothing is repeated); bad_request
///          for what is no http or https URL; forbidden when the host has no address that may be
///          called; storage_full or unavailable when the file cannot be written, not_found when the
///          one to upload cannot be read. A failure leaves no file.
/// Retries: once, on a fresh connection, what may be repeated and got no byte of an answer
http_client_actor::behavior_type
http_client(http_client_actor::stateful_pointer<http_client_state> self, http_client_options how);

} // namespace igl
