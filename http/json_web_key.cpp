#include "http/json_web_key.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/multibase.hpp"

#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include <algorithm>
#include <array>

namespace igl {

namespace {

/// RFC 7518 §3.1, as far as its signatures are checked here.
struct algorithm {
  std::string_view name;
  std::string_view curve; ///< empty: RSA with PKCS #1 v1.5
  const EVP_MD* (*digest)();
  size_t signature_bytes; ///< 0: what the RSA key says
};

constexpr std::array<algorithm, 5> algorithms{{
    {"RS256", "", EVP_sha256, 0},
    {"RS384", "", EVP_sha384, 0},
    {"RS512", "", EVP_sha512, 0},
    {"ES256", "P-256", EVP_sha256, 64},
    {"ES384", "P-384", EVP_sha384, 96},
}};

const algorithm* algorithm_named(std::string_view name) {
  auto at =
      std::find_if(algorithms.begin(), algorithms.end(), [&](auto& x) { return x.name == name; });
  return at == algorithms.end() ? nullptr : &*at;
}

/// Shorter RSA keys are broken; checking longer ones takes too long for whoever may be anybody.
constexpr int shortest_modulus = 2048;
constexpr int longest_modulus = 8192;
/// More than any server has; each costs a check where a token does not name its key.
constexpr size_t most_keys = 64;

template <class T, void (*end)(T*)>
struct freed {
  void operator()(T* x) const { end(x); }
};
template <class T, void (*end)(T*)>
using owned = std::unique_ptr<T, freed<T, end>>;

using number = owned<BIGNUM, BN_free>;
using key_context = owned<EVP_PKEY_CTX, EVP_PKEY_CTX_free>;
using key_parts = owned<OSSL_PARAM_BLD, OSSL_PARAM_BLD_free>;
using parameters = owned<OSSL_PARAM, OSSL_PARAM_free>;
using digest_context = owned<EVP_MD_CTX, EVP_MD_CTX_free>;
using key_handle = std::shared_ptr<EVP_PKEY>;

std::string text_in(const nlohmann::json& x, const char* name) {
  auto found = x.find(name);
  return found != x.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

number number_of(std::string_view big_endian) {
  return number{BN_bin2bn(bytes_of(big_endian), static_cast<int>(big_endian.size()), nullptr)};
}

/// Null: the parts make no public key.
key_handle key_of(const char* type, const key_parts& parts) {
  parameters all{OSSL_PARAM_BLD_to_param(parts.get())};
  key_context making{EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr)};
  EVP_PKEY* made = nullptr;
  if (!all || !making || EVP_PKEY_fromdata_init(making.get()) <= 0 ||
      EVP_PKEY_fromdata(making.get(), &made, EVP_PKEY_PUBLIC_KEY, all.get()) <= 0)
    return nullptr;
  return {made, EVP_PKEY_free};
}

key_handle rsa_key(const nlohmann::json& x) {
  auto modulus = base64url_decode(text_in(x, "n"));
  auto exponent = base64url_decode(text_in(x, "e"));
  if (!modulus || !exponent || modulus->size() > longest_modulus / 8 + 1 || exponent->empty() ||
      exponent->size() > 8)
    return nullptr;
  auto n = number_of(*modulus);
  auto e = number_of(*exponent);
  key_parts parts{OSSL_PARAM_BLD_new()};
  auto bits = n ? BN_num_bits(n.get()) : 0;
  if (bits < shortest_modulus || bits > longest_modulus || !e || BN_is_odd(e.get()) == 0 ||
      BN_is_one(e.get()) != 0 || !parts ||
      OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 0 ||
      OSSL_PARAM_BLD_push_BN(parts.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 0)
    return nullptr;
  return key_of("RSA", parts);
}

key_handle ec_key(const nlohmann::json& x, const std::string& curve) {
  auto bytes = curve == "P-256" ? size_t{32} : curve == "P-384" ? size_t{48} : size_t{0};
  auto first = base64url_decode(text_in(x, "x"));
  auto second = base64url_decode(text_in(x, "y"));
  key_parts parts{OSSL_PARAM_BLD_new()};
  if (bytes == 0 || !first || !second || first->size() != bytes || second->size() != bytes ||
      !parts)
    return nullptr;
  auto point = '\x04' + *first + *second;
  if (OSSL_PARAM_BLD_push_utf8_string(parts.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0) ==
          0 ||
      OSSL_PARAM_BLD_push_octet_string(parts.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                       point.size()) == 0)
    return nullptr;
  auto made = key_of("EC", parts);
  key_context checking{made ? EVP_PKEY_CTX_new_from_pkey(nullptr, made.get(), nullptr) : nullptr};
  return checking && EVP_PKEY_public_check(checking.get()) == 1 ? made : nullptr;
}

/// Whether a key is there to check signatures (RFC 7517 §4.2 and §4.3).
bool checks_signatures(const nlohmann::json& x) {
  if (x.contains("use") && text_in(x, "use") != "sig")
    return false;
  auto operations = x.find("key_ops");
  return operations == x.end() ||
         (operations->is_array() &&
          std::find(operations->begin(), operations->end(), "verify") != operations->end());
}

/// The two numbers of an ECDSA signature, one behind the other (RFC 7518 §3.4), as OpenSSL has it.
std::string as_der(std::string_view both) {
  owned<ECDSA_SIG, ECDSA_SIG_free> x{ECDSA_SIG_new()};
  auto r = number_of(both.substr(0, both.size() / 2));
  auto s = number_of(both.substr(both.size() / 2));
  if (!x || !r || !s || ECDSA_SIG_set0(x.get(), r.get(), s.get()) == 0)
    return {};
  r.release(); // they are the signature's now
  s.release();
  unsigned char* der = nullptr;
  auto length = i2d_ECDSA_SIG(x.get(), &der);
  if (length <= 0)
    return {};
  std::string result(reinterpret_cast<char*>(der), static_cast<size_t>(length));
  OPENSSL_free(der);
  return result;
}

bool has_signed(EVP_PKEY* key, const algorithm& how, std::string_view text,
                std::string_view signature) {
  auto given = how.curve.empty() ? std::string{signature} : as_der(signature);
  digest_context checking{EVP_MD_CTX_new()};
  return checking &&
         EVP_DigestVerifyInit(checking.get(), nullptr, how.digest(), nullptr, key) == 1 &&
         EVP_DigestVerify(checking.get(), bytes_of(given), given.size(), bytes_of(text),
                          text.size()) == 1;
}

/// Without a handle: it is for something else.
key_set::key key_in(const nlohmann::json& x) {
  key_set::key result;
  if (!x.is_object() || !checks_signatures(x))
    return result;
  result.id = text_in(x, "kid");
  result.algorithm = text_in(x, "alg");
  auto type = text_in(x, "kty");
  if (type == "EC") {
    result.curve = text_in(x, "crv");
    result.handle = ec_key(x, result.curve);
  } else if (type == "RSA") {
    result.handle = rsa_key(x);
  }
  return result;
}

caf::error no_jwks(const std::string& why) {
  return make_problem(errc::bad_answer, "this is no set of keys for tokens: " + why);
}

} // namespace

bool is_known_algorithm(std::string_view name) {
  return algorithm_named(name) != nullptr;
}

caf::expected<key_set> key_set::parse(std::string_view json) {
  auto body = parse_json(json);
  if (!body || !body->is_object())
    return no_jwks("it is no JSON object");
  auto keys = body->find("keys");
  if (keys == body->end() || !keys->is_array())
    return no_jwks("it has no list \"keys\"");
  key_set result;
  for (auto& x : *keys) {
    if (auto found = key_in(x); found.handle)
      result.keys_.push_back(std::move(found));
    // To look at the others would take time for nothing.
    if (result.keys_.size() == most_keys)
      break;
  }
  if (result.keys_.empty())
    return no_jwks("none of its " + std::to_string(keys->size()) +
                   " keys is an RSA key of 2048 to 8192 bits or an EC key on P-256 or P-384");
  return result;
}

signature_check key_set::check(std::string_view name, std::string_view key_id,
                               std::string_view text, std::string_view signature) const {
  auto how = algorithm_named(name);
  if (how == nullptr)
    return signature_check::bad;
  auto known = key_id.empty();
  for (auto& x : keys_) {
    if (!key_id.empty() && x.id != key_id)
      continue;
    known = true;
    auto fits = x.curve == how->curve && (x.algorithm.empty() || x.algorithm == name) &&
                (how->signature_bytes == 0 || signature.size() == how->signature_bytes);
    if (fits && has_signed(x.handle.get(), *how, text, signature))
      return signature_check::good;
  }
  return known ? signature_check::bad : signature_check::unknown_key;
}

} // namespace igl
