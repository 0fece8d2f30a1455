#include "http/json_web_key.hpp"
#include "http/json_web_token.hpp"
#include "tests/fuzz/fuzz.hpp"

namespace {

using namespace igl;

void keys(std::string_view text) {
  auto found = key_set::parse(text);
  if (!found)
    return fuzz::must_speak(found.error());
  fuzz::must(found->size() > 0 && found->size() <= 64, "a set of keys has some, and not too many");
  for (auto algorithm : {"RS256", "ES256", "ES384", "none"})
    fuzz::must(found->check(algorithm, "", "text", std::string(64, 'x')) != signature_check::good,
               "nobody has signed this");
}

void token(std::string_view text) {
  auto x = parse_web_token(text, "jurisdiction");
  if (!x) {
    fuzz::must_speak(x.error());
    return;
  }
  fuzz::must(looks_like_web_token(text) && is_known_algorithm(x->algorithm),
             "a token has three parts and an algorithm");
  access_settings how;
  how.issuer = x->issuer;
  how.audience = x->audience.empty() ? "" : x->audience.front();
  for (auto now : {caf::timestamp{}, caf::timestamp{std::chrono::hours{24 * 365 * 56}}})
    fuzz::must(fault_in_claims(*x, how, now).empty() ==
                   (x->expires && !x->audience.empty() && *x->expires + how.clock_leeway > now &&
                    !(x->not_before && *x->not_before - how.clock_leeway > now)),
               "a token is good from its nbf to its exp");
}

} // namespace

// JSON Web Tokens as they come in a header, and the keys they are signed with.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  keys(text);
  token(text);
  return 0;
}
