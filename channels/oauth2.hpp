#pragma once

#include "config/settings.hpp"
#include "messages/api.hpp"

/// OAuth 2.0 client credentials (RFC 6749 §4.4), as plain functions.
namespace igl::oauth2 {

struct access_token {
  std::string value;
  caf::timestamp ends; ///< do not use it any more from then on: shortly before it expires
};

/// Asks the token endpoint: Basic authentication, and the client's id in the form as well.
http_request token_request(const channel_auth_settings& how, std::chrono::milliseconds timeout);

/// Fails with peer_refused (wrong credentials or scope), peer_failed or bad_answer. No error speaks
/// the secret or the token.
caf::expected<access_token> read_token(const channel_auth_settings& how, const http_response& x,
                                       caf::timestamp now);

/// The request with the token in its Authorization header, replacing one that was there.
http_request authorized(http_request x, const std::string& token);

} // namespace igl::oauth2
