#pragma once

#include <caf/optional.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace igl {

/// True for the base58 form of a well-formed multihash whose length fits its function. `identity`
/// and `sha1` are refused: neither protects a document.
bool is_multihash(std::string_view text);

/// True for a CID, version 0 or 1, in the multibases z, b, f and u.
bool is_cid(std::string_view text);

/// The base58 sha2-256 multihash that a message's `obj` names: the text itself, a CID of either
/// version, with or without `/ipfs/` before it. None if it names no document this node could fetch.
caf::optional<std::string> document_of(std::string_view obj);

/// Computes the sha2-256 multihash of a document piece by piece.
class multihasher {
public:
  multihasher();
  ~multihasher();
  multihasher(multihasher&&) noexcept;
  multihasher& operator=(multihasher&&) noexcept;

  void update(std::string_view piece);
  /// `Qm…`, base58. Ends the computation.
  std::string finish();

private:
  struct context;
  std::unique_ptr<context> context_;
};

std::string multihash_of(std::string_view document);

/// Lower-case hex of the sha2-256 digest; for keys that would be too long.
std::string sha256_hex(std::string_view text);

/// A version 5 (name-based, SHA-1, RFC 4122) UUID in the project's own namespace: the same name
/// gives the same id on every node and after every restart.
std::string uuid_of(std::string_view name);

/// A version 4 UUID from 16 random bytes, which the caller provides.
std::string uuid_from(std::string_view random16);

/// A version 7 UUID (RFC 9562): later ones sort behind earlier ones.
std::string uuid_at(std::chrono::milliseconds since_1970, std::string_view random10);

} // namespace igl
