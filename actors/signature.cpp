#include "actors/signature.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace igl {

namespace {

/// Null: no method of W3C WebSub.
const EVP_MD* digest_of(std::string_view method) {
  if (method == "sha1")
    return EVP_sha1();
  if (method == "sha256")
    return EVP_sha256();
  if (method == "sha384")
    return EVP_sha384();
  return method == "sha512" ? EVP_sha512() : nullptr;
}

} // namespace

std::string hub_signature(std::string_view secret, std::string_view body, std::string_view method) {
  auto how = digest_of(method);
  if (how == nullptr)
    return {};
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  HMAC(how, secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(body.data()), body.size(), digest, &size);
  constexpr std::string_view digits = "0123456789abcdef";
  auto result = std::string{method} + "=";
  for (unsigned int i = 0; i < size; ++i) {
    result += digits[digest[i] >> 4];
    result += digits[digest[i] & 15];
  }
  return result;
}

bool is_hub_signature(std::string_view signature, std::string_view secret, std::string_view body) {
  auto method = signature.substr(0, signature.find('='));
  if (method == "sha1")
    return false;
  auto expected = hub_signature(secret, body, method);
  return !expected.empty() && is_same_secret(signature, expected);
}

bool is_same_secret(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace igl
