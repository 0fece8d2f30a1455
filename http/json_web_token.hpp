#pragma once

#include "config/settings.hpp"

#include <caf/expected.hpp>
#include <caf/optional.hpp>
#include <caf/timestamp.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// A JSON Web Token (RFC 7519) as it was sent. Nothing it says is true before its signature was
/// checked.
struct json_web_token {
  std::string algorithm;
  std::string key_id; ///< empty: it does not name its key
  std::string signed_text;
  std::string signature; ///< bytes

  std::string issuer;
  std::string subject;
  std::vector<std::string> audience;
  caf::optional<caf::timestamp> expires;
  caf::optional<caf::timestamp> not_before;
  std::string jurisdiction; ///< what the claim that names it says; empty: nothing
};

/// Whether a bearer token has the form of a JSON Web Token: three parts between dots.
bool looks_like_web_token(std::string_view text);

/// `jurisdiction_claim` empty: none is looked for. Fails with unauthorized and a sentence that does
/// not quote the token.
caf::expected<json_web_token> parse_web_token(std::string_view text,
                                              const std::string& jurisdiction_claim);

/// What is wrong with the claims of a token whose signature is good; empty: nothing.
std::string fault_in_claims(const json_web_token& x, const access_settings& how,
                            caf::timestamp now);

} // namespace igl
