#pragma once

#include <caf/expected.hpp>

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

struct evp_pkey_st;

namespace igl {

/// Whether somebody with one of our keys has signed a text.
enum class signature_check : uint8_t { good, bad, unknown_key };

/// The public keys that JSON Web Tokens are signed with, out of a JWKS (RFC 7517). A key checks
/// what its type is made for, RS256, RS384 and RS512 or ES256 or ES384, and nothing else: a token
/// cannot choose.
class key_set {
public:
  struct key {
    std::string id;
    std::string algorithm; ///< empty: every one of the key's type
    std::string curve;     ///< of an EC key; empty: it is an RSA key
    std::shared_ptr<evp_pkey_st> handle;
  };

  /// Passes over keys for other purposes and of other types. Fails with bad_answer, and a sentence,
  /// if it is no JWKS or no key is left.
  static caf::expected<key_set> parse(std::string_view json);

  size_t size() const { return keys_.size(); }

  /// `key_id` empty: the token does not name its key, and any may have signed it.
  signature_check check(std::string_view algorithm, std::string_view key_id, std::string_view text,
                        std::string_view signature) const;

private:
  std::vector<key> keys_;
};

/// Is this one of the algorithms that a key_set can check?
bool is_known_algorithm(std::string_view name);

/// The keys as they were last read, for those who check tokens on any thread.
class key_ring {
public:
  /// Null: they were never read.
  std::shared_ptr<const key_set> current() const {
    std::lock_guard lock{guard_};
    return keys_;
  }
  void put(key_set keys) {
    auto fresh = std::make_shared<const key_set>(std::move(keys));
    std::lock_guard lock{guard_};
    keys_ = std::move(fresh);
  }

private:
  mutable std::mutex guard_;
  std::shared_ptr<const key_set> keys_;
};

} // namespace igl
