#include "messages/callable.hpp"

#include "messages/text.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>

namespace igl {

namespace {

constexpr uint32_t bits_before_ipv4 = 96;
constexpr std::array<uint8_t, 12> before_ipv4{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

/// What is no host on the internet (IANA's special-purpose registries, RFC 6890 and after), and the
/// one address there behind which a cloud answers its own machines.
constexpr std::string_view never[]{
    "0.0.0.0/8",       // this host
    "10.0.0.0/8",      // private
    "100.64.0.0/10",   // shared behind a provider; 100.100.100.200 is a metadata address
    "127.0.0.0/8",     // loopback
    "168.63.129.16",   // Azure's own
    "169.254.0.0/16",  // link-local; 169.254.169.254 is a metadata address
    "172.16.0.0/12",   // private
    "192.0.0.0/24",    // protocol assignments; 192.0.0.192 is a metadata address
    "192.0.2.0/24",    // documentation
    "192.88.99.0/24",  // 6to4 relays
    "192.168.0.0/16",  // private
    "198.18.0.0/15",   // benchmarks
    "198.51.100.0/24", // documentation
    "203.0.113.0/24",  // documentation
    "224.0.0.0/4",     // multicast
    "240.0.0.0/4",     // reserved, broadcast
    // Inside the global unicast of IPv6, outside of which nothing may be called:
    "2001::/23",     // protocol assignments; Teredo carries an IPv4 address
    "2001:db8::/32", // documentation
    "2002::/16",     // 6to4 carries an IPv4 address
    "3fff::/20",     // documentation
};
constexpr std::string_view global_ipv6 = "2000::/3";

const std::vector<ip_network>& never_called() {
  static const auto all = [] {
    std::vector<ip_network> result;
    for (auto text : never)
      result.push_back(*parse_network(text));
    return result;
  }();
  return all;
}

const ip_network& global() {
  static const auto network = *parse_network(global_ipv6);
  return network;
}

bool contain(const std::vector<ip_network>& all, const ip_address& x) {
  return std::any_of(all.begin(), all.end(), [&](auto& y) { return y.contains(x); });
}

std::string_view without_root(std::string_view host) {
  if (host.ends_with('.'))
    host.remove_suffix(1);
  return host;
}

} // namespace

bool ip_address::is_ipv4() const {
  return std::equal(before_ipv4.begin(), before_ipv4.end(), bytes.begin());
}

caf::optional<ip_address> parse_ip(std::string_view text) {
  std::string zero_ended{text};
  ip_address x;
  if (text.find('\0') != std::string_view::npos)
    return caf::none;
  if (inet_pton(AF_INET6, zero_ended.c_str(), x.bytes.data()) == 1)
    return x;
  std::copy(before_ipv4.begin(), before_ipv4.end(), x.bytes.begin());
  if (inet_pton(AF_INET, zero_ended.c_str(), x.bytes.data() + before_ipv4.size()) == 1)
    return x;
  return caf::none;
}

std::string to_string(const ip_address& x) {
  char text[INET6_ADDRSTRLEN] = "";
  if (x.is_ipv4())
    inet_ntop(AF_INET, x.bytes.data() + before_ipv4.size(), text, sizeof text);
  else
    inet_ntop(AF_INET6, x.bytes.data(), text, sizeof text);
  return text;
}

bool ip_network::contains(const ip_address& x) const {
  for (uint32_t i = 0; i < bits; ++i) {
    auto mask = 0x80u >> (i % 8);
    if ((first.bytes[i / 8] & mask) != (x.bytes[i / 8] & mask))
      return false;
  }
  return true;
}

caf::optional<ip_network> parse_network(std::string_view text) {
  auto slash = text.find('/');
  auto first = parse_ip(text.substr(0, slash));
  if (!first)
    return caf::none;
  ip_network x{*first, 128};
  if (slash == std::string_view::npos)
    return x;
  auto tail = text.substr(slash + 1);
  auto is_ipv4 = text.find(':') == std::string_view::npos;
  auto [end, failed] = std::from_chars(tail.data(), tail.data() + tail.size(), x.bits);
  if (failed != std::errc{} || end != tail.data() + tail.size() || x.bits > (is_ipv4 ? 32u : 128u))
    return caf::none;
  if (is_ipv4)
    x.bits += bits_before_ipv4;
  for (uint32_t i = x.bits; i < 128; ++i)
    if (first->bytes[i / 8] & (0x80u >> (i % 8)))
      return caf::none;
  return x;
}

callable_addresses::callable_addresses(const std::vector<std::string>& allowed) {
  for (auto& text : allowed)
    if (auto network = parse_network(text))
      networks_.push_back(*network);
    else
      names_.push_back(text);
}

bool callable_addresses::names(std::string_view host) const {
  return std::any_of(names_.begin(), names_.end(), [&](auto& x) {
    return equal_ignoring_case(without_root(x), without_root(host));
  });
}

bool callable_addresses::contain(const ip_address& x) const {
  if (igl::contain(networks_, x))
    return true;
  return (x.is_ipv4() || global().contains(x)) && !igl::contain(never_called(), x);
}

bool callable_addresses::may_contain(std::string_view host) const {
  if (auto address = parse_ip(host))
    return contain(*address);
  auto name = without_root(host);
  if (!equal_ignoring_case(name, "localhost") || names(host))
    return true;
  return contain(*parse_ip("127.0.0.1")) || contain(*parse_ip("::1"));
}

} // namespace igl
