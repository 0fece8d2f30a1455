#pragma once

#include <caf/optional.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// An IP address: 16 bytes in network order, IPv4 as IPv4-mapped IPv6 (RFC 4291 §2.5.5.2), so that
/// the two spellings of one host are one address.
struct ip_address {
  std::array<uint8_t, 16> bytes{};

  bool is_ipv4() const;
  bool operator==(const ip_address&) const = default;
};

/// `192.0.2.1` or `2001:db8::1`, without brackets, zone or port. None: anything else, also the
/// short forms (`127.1`) that resolvers take.
caf::optional<ip_address> parse_ip(std::string_view text);
std::string to_string(const ip_address& x);

/// The addresses that begin with the same bits.
struct ip_network {
  ip_address first;
  uint32_t bits = 128; ///< of the 128; a network of IPv4 has 96 more than it is written with

  bool contains(const ip_address& x) const;
};

/// `10.0.0.0/8`, `fd00::/8`; an address alone is a network of one. None: no network, or bits
/// behind the mask.
caf::optional<ip_network> parse_network(std::string_view text);

/// Which addresses a stranger may have us call: those of hosts on the internet. Loopback, private,
/// shared, link-local, unique-local, multicast and reserved ones, and those behind which clouds
/// keep their metadata, are not among them unless they are listed.
class callable_addresses {
public:
  /// Networks, addresses and names of hosts; what is neither is a name nobody has.
  explicit callable_addresses(const std::vector<std::string>& allowed = {});

  /// A host that is listed by its name: it may have any address.
  bool names(std::string_view host) const;
  bool contain(const ip_address& x) const;
  /// False: the host of a URL is an address, or `localhost`, that may not be called. True says
  /// little: only the address that a name has at the time of the call decides.
  bool may_contain(std::string_view host) const;

private:
  std::vector<ip_network> networks_;
  std::vector<std::string> names_;
};

} // namespace igl
