#include "actors/signature.hpp"

#include <doctest/doctest.h>

using namespace igl;

TEST_SUITE_BEGIN("signature");

TEST_CASE("is the HMAC of the body (RFC 4231, test case 2)") {
  CHECK(hub_signature("Jefe", "what do ya want for nothing?") ==
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST_CASE("has the methods of W3C WebSub, and no other (RFC 2202 and 4231, test case 2)") {
  std::string_view body = "what do ya want for nothing?";
  CHECK(hub_signature("Jefe", body, "sha1") == "sha1=effcdf6ae5eb2fa2d27416d5f184df9c259a7c79");
  CHECK(hub_signature("Jefe", body, "sha384") ==
        "sha384=af45d2e376484031617f78d2b58a6b1b9c7ef464f5a01b47e42ec3736322445e"
        "8e2240ca5e69e2c78b3239ecfab21649");
  CHECK(hub_signature("Jefe", body, "sha512") ==
        "sha512=164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737");
  CHECK(hub_signature("Jefe", body, "md5").empty());
}

TEST_CASE("is believed by the method it names, if that is a strong one") {
  for (auto method : {"sha256", "sha384", "sha512"})
    CHECK_MESSAGE(is_hub_signature(hub_signature("s", "body", method), "s", "body"), method);
  for (std::string x : {hub_signature("s", "body", "sha1"), std::string{"md5="}, std::string{"="},
                        std::string{"sha512"}})
    CHECK_MESSAGE(!is_hub_signature(x, "s", "body"), x);
}

TEST_CASE("secrets are the same when every byte is") {
  CHECK(is_same_secret("", ""));
  CHECK(is_same_secret("abc", "abc"));
  CHECK(!is_same_secret("abc", "abd"));
  CHECK(!is_same_secret("abc", "abcd"));
  CHECK(!is_same_secret("abc", ""));
}

TEST_CASE("is ours only with the same secret, the same body and the same method") {
  auto good = hub_signature("secret", "body");
  CHECK(is_hub_signature(good, "secret", "body"));
  CHECK(!is_hub_signature(good, "other", "body"));
  CHECK(!is_hub_signature(good, "secret", "body "));
  CHECK(!is_hub_signature("", "secret", "body"));
  CHECK(!is_hub_signature("sha1" + good.substr(6), "secret", "body"));
}

TEST_SUITE_END();
