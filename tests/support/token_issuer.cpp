#include "tests/support/token_issuer.hpp"

#include "messages/multibase.hpp"
#include "messages/text.hpp"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include <sstream>
#include <stdexcept>

namespace igl::test {

namespace {

void demand(bool good, const char* what) {
  if (!good)
    throw std::runtime_error(what);
}

/// What OpenSSL signs with ECDSA, as the two numbers of RFC 7518.
std::string raw_signature(const std::string& der, int bytes_each) {
  auto* at = reinterpret_cast<const unsigned char*>(der.data());
  std::unique_ptr<ECDSA_SIG, decltype(&ECDSA_SIG_free)> x{
      d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())), ECDSA_SIG_free};
  demand(x != nullptr, "d2i_ECDSA_SIG");
  std::string raw(static_cast<size_t>(2 * bytes_each), '\0');
  auto* to = reinterpret_cast<unsigned char*>(raw.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(x.get()), to, bytes_each);
  BN_bn2binpad(ECDSA_SIG_get0_s(x.get()), to + bytes_each, bytes_each);
  return raw;
}

small_server::request parsed(const std::string& text) {
  small_server::request x;
  auto end = text.find("\r\n\r\n");
  std::istringstream lines{text.substr(0, end + 2)};
  std::string line;
  std::getline(lines, line);
  std::istringstream{line} >> x.method >> x.path;
  while (std::getline(lines, line)) {
    auto colon = line.find(':');
    auto value = line.find_first_not_of(' ', colon + 1);
    x.fields[lower_case(line.substr(0, colon))] = line.substr(value, line.find('\r') - value);
  }
  x.body = text.substr(end + 4);
  return x;
}

} // namespace

std::string base64url(std::string_view bytes) {
  auto text = base64_encode(bytes);
  while (!text.empty() && text.back() == '=')
    text.pop_back();
  for (auto& c : text)
    c = c == '+' ? '-' : c == '/' ? '_' : c;
  return text;
}

signing_key::signing_key(kind which, std::string id, int bits) : kind_(which), id_(std::move(id)) {
  EVP_PKEY* made = which == kind::rsa    ? EVP_RSA_gen(static_cast<unsigned>(bits))
                   : which == kind::p256 ? EVP_EC_gen("P-256")
                                         : EVP_EC_gen("P-384");
  demand(made != nullptr, "no key could be made");
  key_.reset(made, EVP_PKEY_free);
}

std::string signing_key::number(const char* name) const {
  BIGNUM* found = nullptr;
  demand(EVP_PKEY_get_bn_param(key_.get(), name, &found) == 1, name);
  auto bytes = kind_ == kind::rsa ? BN_num_bytes(found) : kind_ == kind::p256 ? 32 : 48;
  std::string text(static_cast<size_t>(bytes), '\0');
  BN_bn2binpad(found, reinterpret_cast<unsigned char*>(text.data()), bytes);
  BN_free(found);
  return base64url(text);
}

nlohmann::json signing_key::jwk() const {
  nlohmann::json x{{"kid", id_}, {"use", "sig"}};
  if (kind_ == kind::rsa) {
    x["kty"] = "RSA";
    x["n"] = number(OSSL_PKEY_PARAM_RSA_N);
    x["e"] = "AQAB";
  } else {
    x["kty"] = "EC";
    x["crv"] = kind_ == kind::p256 ? "P-256" : "P-384";
    x["x"] = number(OSSL_PKEY_PARAM_EC_PUB_X);
    x["y"] = number(OSSL_PKEY_PARAM_EC_PUB_Y);
  }
  return x;
}

std::string signing_key::sign(const nlohmann::json& claims, const nlohmann::json& header) const {
  nlohmann::json head{{"alg", kind_ == kind::rsa    ? "RS256"
                              : kind_ == kind::p256 ? "ES256"
                                                    : "ES384"},
                      {"kid", id_},
                      {"typ", "JWT"}};
  if (header.is_object())
    head.merge_patch(header);
  auto text = base64url(head.dump()) + "." + base64url(claims.dump());
  auto* digest = kind_ == kind::p384 || head.value("alg", "") == "RS384" ? EVP_sha384()
                 : head.value("alg", "") == "RS512"                      ? EVP_sha512()
                                                                         : EVP_sha256();
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> signing{EVP_MD_CTX_new(),
                                                                  EVP_MD_CTX_free};
  size_t length = 0;
  auto* from = reinterpret_cast<const unsigned char*>(text.data());
  demand(EVP_DigestSignInit(signing.get(), nullptr, digest, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(signing.get(), nullptr, &length, from, text.size()) == 1,
         "cannot sign");
  std::string signature(length, '\0');
  demand(EVP_DigestSign(signing.get(), reinterpret_cast<unsigned char*>(signature.data()), &length,
                        from, text.size()) == 1,
         "cannot sign");
  signature.resize(length);
  if (kind_ != kind::rsa)
    signature = raw_signature(signature, kind_ == kind::p256 ? 32 : 48);
  return text + "." + base64url(signature);
}

std::string key_set_of(std::initializer_list<const signing_key*> keys) {
  nlohmann::json list{{"keys", nlohmann::json::array()}};
  for (auto* x : keys)
    list["keys"].push_back(x->jwk());
  return list.dump();
}

small_server::small_server(std::function<response(const request&)> answer)
    : answer_(std::move(answer)), server_([this](int socket, int) { serve(socket); }) {}

void small_server::serve(int socket) {
  auto text = raw_server::read_request(socket);
  if (text.empty())
    return;
  std::lock_guard alone(one_at_a_time_);
  auto x = answer_(parsed(text));
  raw_server::write(socket, "HTTP/1.1 " + std::to_string(x.status) +
                                " Said\r\nContent-Type: application/json\r\nConnection: close\r\n"
                                "Content-Length: " +
                                std::to_string(x.body.size()) + "\r\n\r\n" + x.body);
}

} // namespace igl::test
