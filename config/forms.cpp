#include "config/forms.hpp"

#include "messages/callable.hpp"
#include "messages/uri.hpp"

#include <algorithm>
#include <charconv>

namespace igl::config::forms {

namespace {

constexpr std::string_view digits = "0123456789";
constexpr std::string_view small_letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

bool is_one_of(char c, std::string_view those) {
  return those.find(c) != std::string_view::npos;
}

bool is_port(std::string_view text) {
  uint16_t port = 0;
  auto end = text.data() + text.size();
  auto [rest, err] = std::from_chars(text.data(), end, port);
  return err == std::errc{} && rest == end;
}

bool is_host(std::string_view text) {
  return !text.empty() && text.front() != '.' && text.front() != '-' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_one_of(c, digits) || is_one_of(c, small_letters) || is_one_of(c, capitals) ||
                  c == '-' || c == '.' || c == '_';
         });
}

bool is_ipv6(std::string_view text) {
  return text.find(':') != std::string_view::npos &&
         text.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

struct host_and_port {
  std::string_view host;
  std::string_view port;
};

// Empty host: neither a name nor an address.
host_and_port split(std::string_view address) {
  auto colon = address.rfind(':');
  if (colon == std::string_view::npos)
    return {};
  auto host = address.substr(0, colon);
  auto port = address.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']') && is_ipv6(host.substr(1, host.size() - 2)))
    return {host.substr(1, host.size() - 2), port};
  return is_host(host) ? host_and_port{host, port} : host_and_port{};
}

// No IPv6: what the listeners are made of cannot listen there.
bool is_address(std::string_view text, const jurisdictions&) {
  auto [host, port] = split(text);
  return is_host(host) && is_port(port);
}

bool exists(std::string_view text, const jurisdictions& known) {
  return known.contains(text);
}

bool is_code(std::string_view text, const jurisdictions&) {
  return has_form_of_jurisdiction(text);
}

bool is_identifier(std::string_view text, const jurisdictions&) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_one_of(c, small_letters) || is_one_of(c, digits) || c == '-';
  });
}

bool is_base_url(std::string_view text, const jurisdictions&) {
  return text.find_first_of("?#") == std::string_view::npos && bool(parse_http_url(text));
}

std::string without_last_slash(std::string_view text) {
  while (text.ends_with('/'))
    text.remove_suffix(1);
  return std::string{text};
}

bool is_nats_url(std::string_view text) {
  auto scheme = text.find("://");
  if (scheme == std::string_view::npos)
    return false;
  auto name = text.substr(0, scheme);
  auto rest = text.substr(scheme + 3);
  if (auto at = rest.rfind('@'); at != std::string_view::npos)
    rest.remove_prefix(at + 1);
  auto [host, port] = split(rest);
  auto good_host = is_host(rest) || (!host.empty() && is_port(port) && port != "0");
  return (name == "nats" || name == "tls") && good_host;
}

bool are_nats_urls(std::string_view text, const jurisdictions&) {
  for (;;) {
    auto comma = text.find(',');
    if (!is_nats_url(text.substr(0, comma)))
      return false;
    if (comma == std::string_view::npos)
      return true;
    text.remove_prefix(comma + 1);
  }
}

bool is_url_path(std::string_view text, const jurisdictions&) {
  return text.starts_with('/') && std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '?' && c != '#';
         });
}

bool is_pattern(std::string_view text, const jurisdictions&) {
  auto star = text.find('*');
  if (text.empty() || text == "*" || star == std::string_view::npos)
    return !text.empty() && is_plain_text(text);
  return star + 1 == text.size() && star >= 2 && text[star - 1] == '.' && is_plain_text(text);
}

bool is_folder(std::string_view text, const jurisdictions&) {
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

bool is_bearer_token(std::string_view text, const jurisdictions&) {
  constexpr size_t longest = 4096;
  auto end = text.find_last_not_of('=');
  return text.size() <= longest && end != std::string_view::npos &&
         std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end) + 1, [](char c) {
           return is_one_of(c, digits) || is_one_of(c, small_letters) || is_one_of(c, capitals) ||
                  is_one_of(c, "-._~+/");
         });
}

bool is_long_token(std::string_view text, const jurisdictions& known) {
  constexpr size_t shortest = 16;
  return text.size() >= shortest && is_bearer_token(text, known);
}

bool is_network_or_host(std::string_view text, const jurisdictions&) {
  // What is made of digits is meant for an address, and `10.0.0` would be a name nobody has.
  return parse_network(text) ||
         (is_host(text) && text.find_first_not_of("0123456789.") != std::string_view::npos);
}

bool is_file_or_url(std::string_view text, const jurisdictions&) {
  if (text.find("://") != std::string_view::npos)
    return text.find('#') == std::string_view::npos && bool(parse_http_url(text));
  return !text.empty() && text.find('\0') == std::string_view::npos;
}

bool is_subscription_secret(std::string_view text, const jurisdictions&) {
  return text.size() < 200;
}

} // namespace

const text_form jurisdiction{
    "the code of a jurisdiction: ISO 3166-1 alpha-2, such as \"AU\", or one of extra_jurisdictions",
    exists};
const text_form jurisdiction_code{"two capital letters", is_code};
const text_form identifier{"1 to 64 small letters, digits and hyphens", is_identifier};
const text_form address{
    "an IPv4 address or a name, and a port from 0 to 65535, such as \"127.0.0.1:5100\"",
    is_address};
const text_form base_url{"an http or https URL without query, such as \"https://example.org/igl\"",
                         is_base_url, without_last_slash};
const text_form nats_urls{"one or more URLs such as \"nats://host:4222\" or \"tls://host:4222\", "
                          "separated by commas",
                          are_nats_urls};
const text_form url_path{"a path that begins with a slash, such as \"/subscriptions\"",
                         is_url_path};
const text_form pattern{"a text, a dotted name with \".*\" at its end, or \"*\" for any",
                        is_pattern};
const text_form folder{"the path of a folder", is_folder};
const text_form bearer_token{"1 to 4096 letters, digits and -._~+/, with = at the end only",
                             is_bearer_token};
const text_form long_token{"16 to 4096 letters, digits and -._~+/, with = at the end only",
                           is_long_token};
const text_form network_or_host{"a network such as \"127.0.0.0/8\" or \"fd00::/8\", an address, or "
                                "the name of a host",
                                is_network_or_host};
const text_form file_or_url{"the path of a file, or an http or https URL", is_file_or_url};
const text_form subscription_secret{"a text of less than 200 bytes", is_subscription_secret};

std::string_view host_of(std::string_view text) {
  return split(text).host;
}

bool is_every_address(std::string_view host) {
  return !host.empty() && host.find_first_not_of("0.") == std::string_view::npos;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost" || host == "::1")
    return true;
  // 127.0.0.0/8, but not a name like 127.example.org.
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

} // namespace igl::config::forms
