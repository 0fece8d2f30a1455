#include "messages/uri.hpp"

#include "messages/multihash.hpp"

#include <algorithm>
#include <charconv>

namespace igl {

namespace {

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int hex_digit(char c) {
  if (is_digit(c))
    return c - '0';
  if (c >= 'a' && c <= 'f')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'F')
    return c - 'A' + 10;
  return -1;
}

bool is_unreserved(char c) {
  return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The parts of `scheme://authority rest` (RFC 3986), unchecked.
struct url_parts {
  std::string_view scheme;
  std::string_view authority;
  std::string_view path;  ///< empty, or begins with `/`
  std::string_view query; ///< with `?`
};

caf::optional<url_parts> split_url(std::string_view text) {
  url_parts x;
  auto colon = text.find("://");
  if (colon == 0 || colon == std::string_view::npos)
    return caf::none;
  x.scheme = text.substr(0, colon);
  auto in_scheme = [](char c) {
    return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
  };
  if (!is_letter(x.scheme.front()) || !std::all_of(x.scheme.begin(), x.scheme.end(), in_scheme))
    return caf::none;
  auto rest = text.substr(colon + 3);
  rest = rest.substr(0, rest.find('#'));
  x.authority = rest.substr(0, rest.find_first_of("/?"));
  rest.remove_prefix(x.authority.size());
  x.path = rest.substr(0, rest.find('?'));
  x.query = rest.substr(x.path.size());
  return x;
}

/// Characters that may stand in a path or a query: those of RFC 3986, `%` only before two hex
/// digits.
bool is_path(std::string_view text) {
  constexpr std::string_view others = "!$&'()*+,;=:@/?";
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
        return false;
      i += 2;
    } else if (!is_unreserved(text[i]) && others.find(text[i]) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

/// A registered name or an IPv4 address; or an IPv6 address without its brackets.
bool is_host(std::string_view text) {
  return !text.empty() && text.size() <= 255 && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-' || c == '.' || c == '_';
  });
}
bool is_ipv6(std::string_view text) {
  return text.size() >= 2 && std::count(text.begin(), text.end(), ':') >= 2 &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return hex_digit(c) >= 0 || c == ':' || c == '.'; });
}

/// 0: not a port.
uint16_t parse_port(std::string_view text) {
  uint16_t port = 0;
  auto end = text.data() + text.size();
  auto [at, failure] = std::from_chars(text.data(), end, port);
  return failure == std::errc{} && at == end ? port : uint16_t{0};
}

struct host_and_port {
  std::string_view host;
  uint16_t port = 0; ///< 0: not given
};

caf::optional<host_and_port> split_authority(std::string_view text) {
  host_and_port x;
  std::string_view after;
  if (!text.empty() && text.front() == '[') {
    auto end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6(text.substr(1, end - 1)))
      return caf::none;
    x.host = text.substr(1, end - 1);
    after = text.substr(end + 1);
  } else {
    x.host = text.substr(0, text.find(':'));
    after = text.substr(x.host.size());
    if (!is_host(x.host))
      return caf::none;
  }
  if (after.empty())
    return x;
  x.port = after.front() == ':' ? parse_port(after.substr(1)) : 0;
  if (x.port == 0)
    return caf::none;
  return x;
}

/// A URL of any scheme with host and path. Letters beyond ASCII are left to whoever fetches it.
bool is_url(std::string_view text) {
  constexpr std::string_view never = " \"<>\\^`{|}";
  if (!is_plain_text(text) || text.find_first_of(never) != std::string_view::npos)
    return false;
  auto parts = split_url(text);
  return parts && !parts->authority.empty() && !parts->path.empty();
}

/// Three or more parts of letters, digits, `-` and `_` between dots.
bool is_dotted_name(std::string_view text) {
  if (!is_plain_text(text))
    return false;
  size_t parts = 1;
  size_t length = 0;
  for (char c : text) {
    if (c == '.') {
      if (length == 0)
        return false;
      ++parts;
      length = 0;
    } else if (is_letter(c) || is_digit(c) || c == '-' || c == '_' ||
               static_cast<unsigned char>(c) >= 0x80) {
      ++length;
    } else {
      return false;
    }
  }
  return length > 0 && parts >= 3;
}

} // namespace

bool is_uri(std::string_view text) {
  constexpr std::string_view ipfs = "/ipfs/";
  if (text.substr(0, ipfs.size()) == ipfs) {
    text.remove_prefix(ipfs.size());
    return is_cid(text) || is_multihash(text);
  }
  return is_dotted_name(text) || is_url(text) || is_cid(text) || is_multihash(text);
}

std::string http_url::origin() const {
  bool bare = host.find(':') == std::string::npos;
  return scheme + "://" + (bare ? host : "[" + host + "]") + ":" + std::to_string(port);
}

caf::optional<http_url> parse_http_url(std::string_view text) {
  auto parts = split_url(text);
  if (!parts)
    return caf::none;
  auto where = split_authority(parts->authority);
  auto fragment = text.substr(std::min(text.size(), text.find('#')));
  if (!where || !is_path(parts->path) || !is_path(parts->query) ||
      (!fragment.empty() && !is_path(fragment.substr(1))))
    return caf::none;
  http_url x;
  std::transform(parts->scheme.begin(), parts->scheme.end(), std::back_inserter(x.scheme), lower);
  if (x.scheme != "http" && x.scheme != "https")
    return caf::none;
  std::transform(where->host.begin(), where->host.end(), std::back_inserter(x.host), lower);
  x.port = where->port != 0 ? where->port : x.scheme == "http" ? 80 : 443;
  x.path = parts->path.empty() ? "/" : std::string{parts->path};
  x.path += parts->query;
  return x;
}

caf::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    if (i + 2 >= text.size() || hex_digit(text[i + 1]) < 0 || hex_digit(text[i + 2]) < 0)
      return caf::none;
    result += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
    i += 2;
  }
  return result;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  result.reserve(text.size());
  for (char c : text) {
    if (is_unreserved(c)) {
      result += c;
    } else {
      auto byte = static_cast<unsigned char>(c);
      result += '%';
      result += digits[byte >> 4];
      result += digits[byte & 15];
    }
  }
  return result;
}

size_t sequence_length(std::string_view text) {
  auto byte = [&](size_t i) {
    return static_cast<unsigned char>(text[i]);
  };
  auto follows = [&](size_t i) {
    return i < text.size() && (byte(i) & 0xc0) == 0x80;
  };
  auto first = byte(0);
  if (first < 0x80)
    return 1;
  if (first >= 0xc2 && first <= 0xdf)
    return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first <= 0xef) {
    if (!follows(1) || !follows(2) || (first == 0xe0 && byte(1) < 0xa0) ||
        (first == 0xed && byte(1) > 0x9f))
      return 0;
    return 3;
  }
  if (first >= 0xf0 && first <= 0xf4) {
    if (!follows(1) || !follows(2) || !follows(3) || (first == 0xf0 && byte(1) < 0x90) ||
        (first == 0xf4 && byte(1) > 0x8f))
      return 0;
    return 4;
  }
  return 0;
}

bool is_utf8(std::string_view text) {
  while (!text.empty()) {
    auto length = sequence_length(text);
    if (length == 0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

bool is_plain_text(std::string_view text) {
  while (!text.empty()) {
    auto length = sequence_length(text);
    auto first = static_cast<unsigned char>(text[0]);
    if (length == 0 || first < 0x20 || first == 0x7f)
      return false;
    // U+0080 to U+009F are control characters too.
    if (first == 0xc2 && static_cast<unsigned char>(text[1]) < 0xa0)
      return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t characters_in(std::string_view utf8) {
  return static_cast<size_t>(std::count_if(utf8.begin(), utf8.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

} // namespace igl
