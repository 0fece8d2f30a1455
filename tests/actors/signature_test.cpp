#include "actors/signature.hpp"

#include <doctest/doctest.h>

using namespace igl;

TEST_SUITE_BEGIN("signature");

TEST_CASE("is the HMAC of the body (RFC 4231, test case 2)") {
  CHECK(hub_signature("Jefe", "what do ya want for nothing?") ==
        "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
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
