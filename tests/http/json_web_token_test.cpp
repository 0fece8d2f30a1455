#include "http/json_web_token.hpp"

#include "http/json_web_key.hpp"
#include "messages/errors.hpp"
#include "tests/support/token_issuer.hpp"

#include <doctest/doctest.h>

using namespace igl;
using nlohmann::json;
using test::key_set_of;
using test::signing_key;
using kind = signing_key::kind;

namespace {

/// Whether a token was signed with one of the keys, whatever it claims.
signature_check check(const key_set& keys, const std::string& token) {
  auto x = parse_web_token(token, {});
  REQUIRE_MESSAGE(x, sentence_of(x.error()));
  return keys.check(x->algorithm, x->key_id, x->signed_text, x->signature);
}

key_set keys_in(const std::string& text) {
  auto keys = key_set::parse(text);
  REQUIRE_MESSAGE(keys, sentence_of(keys.error()));
  return std::move(*keys);
}

std::string why_not(const std::string& token) {
  auto x = parse_web_token(token, {});
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::unauthorized);
  return problem_of(x.error()).detail;
}

std::string unsigned_token(const std::string& header, const std::string& claims) {
  return test::base64url(header) + "." + test::base64url(claims) + ".c2ln";
}

const caf::timestamp now{std::chrono::seconds{1'800'000'000}};

access_settings expected() {
  access_settings how;
  how.issuer = "https://issuer.example";
  how.audience = "channel-au";
  how.clock_leeway = std::chrono::seconds{30};
  return how;
}

json claims(const json& changes = json::object()) {
  json x{{"iss", "https://issuer.example"},
         {"aud", "channel-au"},
         {"sub", "client-1"},
         {"exp", 1'800'000'060}};
  x.merge_patch(changes);
  return x;
}

std::string fault(const json& changes) {
  auto x = parse_web_token(unsigned_token(R"({"alg":"ES256"})", claims(changes).dump()), {});
  REQUIRE_MESSAGE(x, sentence_of(x.error()));
  return fault_in_claims(*x, expected(), now);
}

} // namespace

TEST_SUITE_BEGIN("JSON Web Tokens");

TEST_CASE("the signed examples of RFC 7515 are good") {
  auto keys = keys_in(R"({"keys": [
    {"kty": "RSA", "kid": "a.2", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"},
    {"kty": "EC", "kid": "a.3", "crv": "P-256", "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]})");
  REQUIRE(keys.size() == 2);
  const std::string payload = ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
                              "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.";
  auto by_rsa = "eyJhbGciOiJSUzI1NiJ9" + payload +
                "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5Y"
                "Kt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6x"
                "BArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6"
                "BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_I"
                "oypGlUPQGe77Rw";
  auto by_ec = "eyJhbGciOiJFUzI1NiJ9" + payload +
               "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6"
               "NU1Q";
  CHECK(check(keys, by_rsa) == signature_check::good);
  CHECK(check(keys, by_ec) == signature_check::good);
  by_rsa[100] = by_rsa[100] == 'A' ? 'B' : 'A'; // in the claims, which remain base64url
  auto x = parse_web_token(by_rsa, {});
  if (x)
    CHECK(keys.check(x->algorithm, {}, x->signed_text, x->signature) == signature_check::bad);
}

TEST_CASE("every algorithm signs and checks, with the right key only") {
  signing_key rsa{kind::rsa, "r"}, other{kind::rsa, "r"}, p256{kind::p256, "p"},
      p384{kind::p384, "q"};
  auto keys = keys_in(key_set_of({&rsa, &p256, &p384}));
  REQUIRE(keys.size() == 3);
  for (auto algorithm : {"RS256", "RS384", "RS512"})
    CHECK(check(keys, rsa.sign(claims(), {{"alg", algorithm}})) == signature_check::good);
  CHECK(check(keys, p256.sign(claims())) == signature_check::good);
  CHECK(check(keys, p384.sign(claims())) == signature_check::good);
  CHECK(check(keys, other.sign(claims())) == signature_check::bad);
  CHECK(check(keys, p256.sign(claims(), {{"kid", "r"}})) == signature_check::bad);
  CHECK(check(keys, p256.sign(claims(), {{"kid", "new"}})) == signature_check::unknown_key);
  CHECK(check(keys, p256.sign(claims(), {{"kid", nullptr}})) == signature_check::good);
  // A signature of one algorithm is none of another.
  CHECK(check(keys, rsa.sign(claims(), {{"alg", "RS256"}, {"kid", "p"}})) == signature_check::bad);
  CHECK(check(keys, p256.sign(claims(), {{"alg", "RS256"}})) == signature_check::bad);
  auto cut = p256.sign(claims());
  CHECK(check(keys, cut.substr(0, cut.size() - 6)) == signature_check::bad);
}

TEST_CASE("a key is used for nothing that it is not for") {
  signing_key x{kind::p256, "p"}, short_one{kind::rsa, "s", 1024};
  auto with = [&](const json& changes) {
    auto key = x.jwk();
    key.merge_patch(changes);
    return json{{"keys", {key}}}.dump();
  };
  CHECK(check(keys_in(with({{"alg", "ES256"}})), x.sign(claims())) == signature_check::good);
  CHECK(check(keys_in(with({{"alg", "RS256"}})), x.sign(claims())) == signature_check::bad);
  CHECK(check(keys_in(with({{"key_ops", {"verify"}}})), x.sign(claims())) == signature_check::good);
  for (auto& useless :
       {with({{"use", "enc"}}), with({{"key_ops", {"encrypt"}}}), with({{"crv", "P-521"}}),
        with({{"crv", "P-384"}}), with({{"kty", "oct"}}), with({{"y", "AAAA"}}), with({{"x", 7}}),
        with({{"y", x.jwk()["x"]}}), key_set_of({&short_one}), std::string{R"({"keys": []})"},
        std::string{R"({"keys": 7})"}, std::string{"[]"}, std::string{"no JSON"}}) {
    CAPTURE(useless);
    auto keys = key_set::parse(useless);
    REQUIRE(!keys);
    CHECK(code_of(keys.error()) == errc::bad_answer);
  }
}

TEST_CASE("what is no token that is taken here is refused, and not quoted") {
  CHECK(parse_web_token(unsigned_token(R"({"alg":"RS256","typ":"application/AT+JWT"})", "{}"), {}));
  for (auto& [header, part] : std::initializer_list<std::pair<std::string, std::string>>{
           {R"({"alg":"none"})", "alg is none of"},
           {R"({"alg":"HS256"})", "alg is none of"},
           {R"({"typ":"JWT"})", "alg is none of"},
           {R"({"alg":7})", "something else than a text"},
           {R"({"alg":"RS256","crit":["x"]})", "critical"},
           {R"({"alg":"RS256","typ":"logout+jwt"})", "typ"},
           {R"([])", "not JSON"},
           {R"({"alg":)", "not JSON"}}) {
    const std::string head = header;
    CAPTURE(head);
    CHECK(why_not(unsigned_token(head, "{}")).find(part) != std::string::npos);
  }
  const std::string good = R"({"alg":"RS256"})";
  for (auto body : {R"({"exp":"soon"})", R"({"exp":-1})", R"({"nbf":[]})", R"({"aud":[7]})",
                    R"({"iss":7})", R"({"sub":{}})"})
    CHECK_MESSAGE(why_not(unsigned_token(good, body)).find("type") != std::string::npos, body);
  CHECK(why_not("a.b").find("three parts") != std::string::npos);
  CHECK(why_not("..").find("not JSON") != std::string::npos);
  CHECK(why_not(unsigned_token(good, "{}") + "=").find("not JSON") != std::string::npos);
  CHECK(why_not(std::string(20000, 'a')).find("16 KiB") != std::string::npos);
  auto secret = test::base64url("a secret");
  CHECK(why_not(secret + "." + secret + "." + secret).find(secret) == std::string::npos);
}

TEST_CASE("claims have to be those of this endpoint and of now") {
  CHECK(fault(json::object()) == "");
  CHECK(fault({{"aud", {"others", "channel-au"}}}) == "");
  CHECK(fault({{"iss", "https://issuer.example/"}}).find("iss") != std::string::npos);
  CHECK(fault({{"iss", nullptr}}).find("iss") != std::string::npos);
  for (auto& aud : {json{"others"}, json::array(), json("channel-a"), json(nullptr)})
    CHECK_MESSAGE(fault({{"aud", aud}}).find("aud") != std::string::npos, aud.dump());
  CHECK(fault({{"exp", nullptr}}).find("no exp") != std::string::npos);
}

TEST_CASE("clocks may differ by the leeway") {
  CHECK(fault({{"exp", 1'799'999'971}}) == "");
  CHECK(fault({{"exp", 1'799'999'970}}).find("expired") != std::string::npos);
  CHECK(fault({{"exp", 1'799'999'970.5}}) == "");
  CHECK(fault({{"exp", 1e300}}) == "");
  CHECK(fault({{"nbf", 1'800'000'030}}) == "");
  CHECK(fault({{"nbf", 1'800'000'031}}).find("not valid yet") != std::string::npos);
}

TEST_CASE("the claim that names the jurisdiction is the one that is configured") {
  auto token = unsigned_token(R"({"alg":"RS256"})", R"({"jurisdiction":"AU","country":"SG"})");
  CHECK(parse_web_token(token, "jurisdiction")->jurisdiction == "AU");
  CHECK(parse_web_token(token, "country")->jurisdiction == "SG");
  CHECK(parse_web_token(token, "other")->jurisdiction == "");
  CHECK(parse_web_token(token, "")->jurisdiction == "");
}

TEST_SUITE_END();
