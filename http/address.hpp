#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace igl {

/// Where a listener listens.
struct listen_address {
  std::string host;
  uint16_t port = 0; ///< 0: a free one

  std::string url() const { return "http://" + host + ":" + std::to_string(port); }
  /// How a program on this host reaches it: the loopback address instead of `0.0.0.0`.
  std::string reachable_url() const;
};

/// `127.0.0.1:5103`. Fails with unavailable: cpprestsdk cannot listen on IPv6 literals.
caf::expected<listen_address> parse_listen_address(std::string_view text);

/// The address with a port that nobody listens on right now: its own or, for port 0, a free one.
/// Somebody else may be faster. Fails with unavailable and a sentence that names the address.
caf::expected<listen_address> free_address(const listen_address& wanted);

/// How many connections a process can keep that may have `most` descriptors and has `open` of them:
/// three quarters of what is left, and `wanted` at most. Uploads, downloads and calls to others
/// need descriptors too.
uint32_t connections_within(uint32_t wanted, uint64_t most, uint64_t open);

/// Raises the number of descriptors that this process may have as far as the system lets it, and
/// says how many of the wanted connections it can keep. Warns if that is not all of them.
uint32_t make_room_for(uint32_t connections);
/// How many this process could keep as it is.
uint32_t possible_connections();

} // namespace igl
