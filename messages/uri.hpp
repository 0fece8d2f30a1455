#pragma once

#include <caf/optional.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace igl {

/// What wire.md accepts as `obj` and `predicate`: a URL with scheme, host and path; an IPFS path or
/// CID,
/// `/ipfs/` optional; a base58 multihash; a dotted name of at least three parts.
bool is_uri(std::string_view text);

/// The parts of an http or https URL that somebody decides by.
struct http_url {
  std::string scheme; ///< "http" or "https"
  std::string host;   ///< without brackets
  uint16_t port = 0;  ///< the scheme's default if none was given
  std::string path;   ///< with the query string, at least "/"

  /// `http://host:port`: what connections are pooled and bounded by.
  std::string origin() const;
};

/// None: another scheme, no host, a bad port, user information, white space or control characters.
caf::optional<http_url> parse_http_url(std::string_view text);

/// `%41` → `A`. None: a percent sign without two hex digits.
caf::optional<std::string> percent_decode(std::string_view text);
std::string percent_encode(std::string_view text);

/// The bytes that the UTF-8 sequence at the start of a text (not empty) takes; 0 if it is
/// malformed. Overlong forms, surrogates and what is beyond U+10FFFF are malformed.
size_t sequence_length(std::string_view text);

/// True for well-formed UTF-8.
bool is_utf8(std::string_view text);

/// True for well-formed UTF-8 without control characters.
bool is_plain_text(std::string_view text);

/// The number of code points in well-formed UTF-8.
size_t characters_in(std::string_view utf8);

} // namespace igl
