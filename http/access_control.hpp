#pragma once

#include "config/settings.hpp"
#include "http/json_web_key.hpp"

#include <caf/error.hpp>
#include <caf/timestamp.hpp>

#include <functional>
#include <string>
#include <string_view>
#include <variant>

namespace igl {

/// A node or a peer that asks, as an endpoint found out.
struct caller {
  std::string node;         ///< its id in [[nodes]] or [[peers]], or the subject of its token
  std::string jurisdiction; ///< as which it may post and read; of a peer all, with commas
  std::string kind = "node";
};

/// The token names a key that was not among those that were read: they may have changed.
struct unknown_key {
  std::string why; ///< for logs
};

/// Finds out who is asking an endpoint, by bearer tokens (RFC 6750): those of [[nodes]], compared
/// in constant time, and JSON Web Tokens whose signature and claims are good. Keeps digests of
/// secrets, not the secrets. Thread-safe.
class access_control {
public:
  /// Unauthorized: no token, or a wrong one. Forbidden: a good token for a jurisdiction that this
  /// endpoint does not serve. Unavailable: there are no keys yet to check it with. None of them
  /// quotes the token.
  using verdict = std::variant<caller, unknown_key, caf::error>;

  /// `keys` is filled by the token keys actor; null if no JSON Web Tokens are taken.
  access_control(const endpoint_settings& how, std::shared_ptr<const key_ring> keys,
                 std::function<caf::timestamp()> now);

  /// The same for the other sides of a channel: takes what [[peers]] have, and nobody else.
  static access_control of_peers(const endpoint_settings& how, std::shared_ptr<const key_ring> keys,
                                 std::function<caf::timestamp()> now);

  /// `authorization`: the request's header; empty: it has none.
  verdict caller_of(std::string_view authorization) const;

  /// Whom it lets in, for the log at the start.
  std::string description() const;

private:
  struct known_token {
    std::string digest;
    caller whose;
  };

  struct known_subject {
    std::string subject;
    caller whose;
  };

  access_control(std::string kind, access_settings how, std::shared_ptr<const key_ring> keys,
                 std::function<caf::timestamp()> now);
  void know(const std::string& token, const std::string& subject, const caller& whose);
  verdict by_web_token(std::string_view token) const;

  std::string kind_; ///< "node" or "peer"
  std::vector<known_token> tokens_;
  std::vector<known_subject> subjects_;
  std::vector<std::string> jurisdictions_;
  access_settings how_;
  std::shared_ptr<const key_ring> keys_;
  std::function<caf::timestamp()> now_;
};

} // namespace igl
