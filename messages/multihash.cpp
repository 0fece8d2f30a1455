#include "messages/multihash.hpp"

#include "messages/multibase.hpp"

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace igl {

namespace {

constexpr std::string_view hex_digits = "0123456789abcdef";

constexpr uint64_t sha2_256 = 0x12;

/// Takes an unsigned varint off the front: at most nine bytes, in its shortest form.
caf::optional<uint64_t> take_varint(std::string_view& bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes.size() && i < 9; ++i) {
    auto byte = static_cast<unsigned char>(bytes[i]);
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      if (byte == 0 && i > 0)
        return caf::none;
      bytes.remove_prefix(i + 1);
      return value;
    }
  }
  return caf::none;
}

/// Does a digest of this length belong to a function of the multicodec table that protects a
/// document? Shorter than 20 bytes it does not.
bool fits(uint64_t function, uint64_t length) {
  switch (function) {
  case sha2_256:
  case 0x16: // sha3-256
  case 0x1b: // keccak-256
  case 0x1e: // blake3
  case 0x56: // dbl-sha2-256
    return length == 32;
  case 0x13: // sha2-512
  case 0x14: // sha3-512
  case 0x1d: // keccak-512
    return length == 64;
  case 0x15: // sha3-384
  case 0x1c: // keccak-384
  case 0x20: // sha2-384
    return length == 48;
  case 0x17: // sha3-224
  case 0x1a: // keccak-224
    return length == 28;
  default:
    if (function >= 0xb214 && function <= 0xb240) // blake2b-160 … blake2b-512
      return length == function - 0xb200;
    if (function >= 0xb254 && function <= 0xb260) // blake2s-160 … blake2s-256
      return length == function - 0xb240;
    return false;
  }
}

/// The function of a well-formed multihash. None: it is not one.
caf::optional<uint64_t> function_of(std::string_view bytes) {
  auto function = take_varint(bytes);
  if (!function)
    return caf::none;
  auto length = take_varint(bytes);
  if (!length || *length != bytes.size() || !fits(*function, *length))
    return caf::none;
  return function;
}

/// The multihash inside a CID of either version. None: it is no CID.
caf::optional<std::string> multihash_in(std::string_view cid) {
  if (cid.size() == 46 && cid.substr(0, 2) == "Qm") {
    auto bytes = base58_decode(cid);
    if (bytes && function_of(*bytes) == sha2_256)
      return bytes;
    return caf::none;
  }
  auto bytes = multibase_decode(cid);
  if (!bytes)
    return caf::none;
  std::string_view rest{*bytes};
  auto version = take_varint(rest);
  auto codec = version && *version == 1 ? take_varint(rest) : caf::none;
  if (!codec || !function_of(rest))
    return caf::none;
  return std::string{rest};
}

std::string hex(const unsigned char* bytes, size_t size) {
  std::string result;
  result.reserve(2 * size);
  for (size_t i = 0; i < size; ++i) {
    result += hex_digits[bytes[i] >> 4];
    result += hex_digits[bytes[i] & 15];
  }
  return result;
}

using uuid_bytes = std::array<unsigned char, 16>;

std::string uuid_text(uuid_bytes bytes, unsigned version) {
  bytes[6] = static_cast<unsigned char>((bytes[6] & 0x0f) | (version << 4));
  bytes[8] = static_cast<unsigned char>((bytes[8] & 0x3f) | 0x80);
  auto text = hex(bytes.data(), bytes.size());
  for (auto place : {20, 16, 12, 8})
    text.insert(static_cast<size_t>(place), 1, '-');
  return text;
}

/// The namespace of the project's name-based UUIDs; never to be changed.
constexpr uuid_bytes project_namespace{0x6f, 0x3d, 0x41, 0xc8, 0x9b, 0x52, 0x4e, 0x07,
                                       0xa1, 0x7c, 0x25, 0xd0, 0x8e, 0x94, 0x13, 0xbf};

/// OpenSSL takes longer to find a function by its name than to hash a short text: these are found
/// once, and kept until the process ends.
const EVP_MD* found(const char* name) {
  const auto* function = EVP_MD_fetch(nullptr, name, nullptr);
  if (function == nullptr)
    throw std::runtime_error(std::string{"OpenSSL has no "} + name);
  return function;
}

const EVP_MD* sha256() {
  static const auto* function = found("SHA256");
  return function;
}

const EVP_MD* sha1() {
  static const auto* function = found("SHA1");
  return function;
}

void hash(const EVP_MD* function, std::string_view text, unsigned char* digest) {
  if (EVP_Digest(text.data(), text.size(), digest, nullptr, function, nullptr) != 1)
    throw std::bad_alloc{};
}

std::string multihash_from(const unsigned char* digest) {
  std::string bytes{"\x12\x20"};
  bytes.append(reinterpret_cast<const char*>(digest), SHA256_DIGEST_LENGTH);
  return base58_encode(bytes);
}

} // namespace

bool is_multihash(std::string_view text) {
  auto bytes = base58_decode(text);
  return bytes && function_of(*bytes);
}

bool is_cid(std::string_view text) {
  return bool{multihash_in(text)};
}

caf::optional<std::string> document_of(std::string_view obj) {
  constexpr std::string_view ipfs = "/ipfs/";
  if (obj.substr(0, ipfs.size()) == ipfs)
    obj.remove_prefix(ipfs.size());
  auto bytes = multihash_in(obj);
  if (!bytes || function_of(*bytes) != sha2_256)
    return caf::none;
  return base58_encode(*bytes);
}

struct multihasher::context {
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  context() {
    if (md == nullptr || EVP_DigestInit_ex(md, sha256(), nullptr) != 1)
      throw std::bad_alloc{};
  }
  ~context() { EVP_MD_CTX_free(md); }
  context(const context&) = delete;
  context& operator=(const context&) = delete;
};

multihasher::multihasher() : context_(std::make_unique<context>()) {}
multihasher::~multihasher() = default;
multihasher::multihasher(multihasher&&) noexcept = default;
multihasher& multihasher::operator=(multihasher&&) noexcept = default;

void multihasher::update(std::string_view piece) {
  EVP_DigestUpdate(context_->md, piece.data(), piece.size());
}

std::string multihasher::finish() {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  EVP_DigestFinal_ex(context_->md, digest.data(), nullptr);
  return multihash_from(digest.data());
}

std::string multihash_of(std::string_view document) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  hash(sha256(), document, digest.data());
  return multihash_from(digest.data());
}

std::string sha256_hex(std::string_view text) {
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  hash(sha256(), text, digest.data());
  return hex(digest.data(), digest.size());
}

std::string uuid_of(std::string_view name) {
  std::string input(project_namespace.begin(), project_namespace.end());
  input += name;
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  hash(sha1(), input, digest.data());
  uuid_bytes bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return uuid_text(bytes, 5);
}

std::string uuid_from(std::string_view random16) {
  uuid_bytes bytes{};
  std::copy_n(random16.begin(), std::min(random16.size(), bytes.size()), bytes.begin());
  return uuid_text(bytes, 4);
}

std::string uuid_at(std::chrono::milliseconds since_1970, std::string_view random10) {
  uuid_bytes bytes{};
  auto time = static_cast<uint64_t>(since_1970.count());
  for (size_t i = 6; i-- > 0; time >>= 8)
    bytes[i] = static_cast<uint8_t>(time);
  std::copy_n(random10.begin(), std::min<size_t>(random10.size(), 10), bytes.begin() + 6);
  return uuid_text(bytes, 7);
}

} // namespace igl
