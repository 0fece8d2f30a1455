#include "http/access_control.hpp"

#include "messages/errors.hpp"
#include "tests/support/token_issuer.hpp"

#include <doctest/doctest.h>

using namespace igl;
using nlohmann::json;
using test::signing_key;

namespace {

const std::string au_token = "au-token-0123456789";
const std::string sg_token = "sg-token-0123456789";
const std::string issuer = "https://issuer.example";

struct door {
  endpoint_settings how;
  std::shared_ptr<key_ring> ring = std::make_shared<key_ring>();
  caf::timestamp now{std::chrono::seconds{1'800'000'000}};
  signing_key key{signing_key::kind::p256, "k-1"};

  door() {
    how.id = "channel";
    how.jurisdictions = {"AU", "SG"};
    how.nodes = {{"au-node", "AU", au_token, {}}, {"sg-node", "SG", sg_token, {}}};
  }

  /// JSON Web Tokens are taken too.
  void take_web_tokens() {
    how.access.jwks = "keys.json";
    how.access.issuer = issuer;
    how.access.audience = "channel";
    ring->put(std::move(*key_set::parse(test::key_set_of({&key}))));
  }

  json claims(const json& changes = json::object()) const {
    json x{{"iss", issuer}, {"aud", "channel"}, {"sub", "client-1"}, {"exp", 1'800'000'060}};
    x.merge_patch(changes);
    return x;
  }

  access_control::verdict verdict(const std::string& authorization) const {
    access_control control{how, how.access.jwks.empty() ? nullptr : ring, [this] {
                             return now;
                           }};
    return control.caller_of(authorization);
  }
  /// "au-node AU", or the code of the error.
  std::string outcome(const std::string& authorization) const {
    auto x = verdict(authorization);
    if (auto who = std::get_if<caller>(&x))
      return who->node + " " + who->jurisdiction;
    if (std::get_if<unknown_key>(&x) != nullptr)
      return "unknown key";
    return to_string(code_of(std::get<caf::error>(x)));
  }
  std::string bearer(const json& changes = json::object()) const {
    return outcome("Bearer " + key.sign(claims(changes)));
  }
};

} // namespace

TEST_SUITE_BEGIN("access control");

TEST_CASE_FIXTURE(door, "a token tells the node and its jurisdiction") {
  CHECK(outcome("Bearer " + au_token) == "au-node AU");
  CHECK(outcome("bearer  " + sg_token + " ") == "sg-node SG");
}

TEST_CASE_FIXTURE(door, "without a token, or with a wrong one, nobody comes in") {
  for (auto& text :
       {std::string{}, std::string{"Bearer"}, std::string{"Bearer "}, au_token, "Basic " + au_token,
        "Bearer " + au_token + "x", "Bearer " + au_token.substr(1), std::string{"Bearer a.b.c"},
        "Bearer " + au_token + ", Bearer " + sg_token})
    CHECK_MESSAGE(outcome(text) == "unauthorized", text);
}

TEST_CASE_FIXTURE(door, "a node without a token is not reached by an empty one") {
  how.nodes.push_back({"by-subject", "AU", {}, "client-1"});
  CHECK(outcome("Bearer ") == "unauthorized");
  CHECK(outcome("Bearer  ") == "unauthorized");
}

TEST_CASE_FIXTURE(door, "no refusal quotes the token") {
  take_web_tokens();
  for (auto& token : {std::string{"wrong-token-0123456789"}, key.sign(claims({{"exp", 1}})),
                      key.sign(claims({{"sub", "unknown"}}))}) {
    auto x = verdict("Bearer " + token);
    REQUIRE(std::holds_alternative<caf::error>(x));
    auto said = sentence_of(std::get<caf::error>(x));
    CHECK(said.find(token) == std::string::npos);
    CHECK(said.find(token.substr(token.rfind('.') + 1)) == std::string::npos);
  }
}

TEST_CASE_FIXTURE(door, "a subject that is listed posts as the list says") {
  take_web_tokens();
  how.nodes.push_back({"au-2", "AU", {}, "client-1"});
  how.access.jurisdiction_claim = "jurisdiction";
  CHECK(bearer() == "au-2 AU");
  CHECK(bearer({{"jurisdiction", "SG"}}) == "au-2 AU");
  CHECK(outcome("Bearer " + au_token) == "au-node AU");
}

TEST_CASE_FIXTURE(door, "others post as their claim says, where one is configured") {
  take_web_tokens();
  CHECK(bearer({{"jurisdiction", "SG"}}) == "forbidden");
  how.access.jurisdiction_claim = "jurisdiction";
  CHECK(bearer({{"jurisdiction", "SG"}}) == "client-1 SG");
  CHECK(bearer() == "forbidden");
  CHECK(bearer({{"jurisdiction", "NZ"}}) == "forbidden");
  CHECK(bearer({{"jurisdiction", "sg"}}) == "forbidden");
}

TEST_CASE_FIXTURE(door, "a subject cannot break the lines of a log") {
  take_web_tokens();
  how.access.jurisdiction_claim = "jurisdiction";
  CHECK(bearer({{"sub", "a\nb"}, {"jurisdiction", "SG"}}) == "a?b SG");
}

TEST_CASE_FIXTURE(door, "a token that is not good for this endpoint now opens nothing") {
  take_web_tokens();
  how.nodes.push_back({"au-2", "AU", {}, "client-1"});
  CHECK(bearer({{"exp", 1'799'999'000}}) == "unauthorized");
  CHECK(bearer({{"nbf", 1'800'001'000}}) == "unauthorized");
  CHECK(bearer({{"aud", "another"}}) == "unauthorized");
  CHECK(bearer({{"iss", "another"}}) == "unauthorized");
  CHECK(bearer({{"exp", nullptr}}) == "unauthorized");
  signing_key another{signing_key::kind::p256, "k-1"};
  CHECK(outcome("Bearer " + another.sign(claims())) == "unauthorized");
  signing_key fresh{signing_key::kind::p256, "k-2"};
  CHECK(outcome("Bearer " + fresh.sign(claims())) == "unknown key");
}

TEST_CASE_FIXTURE(door, "while there are no keys a web token is neither good nor bad") {
  take_web_tokens();
  ring = std::make_shared<key_ring>();
  CHECK(bearer() == "unavailable");
  CHECK(outcome("Bearer " + au_token) == "au-node AU");
  CHECK(outcome("Bearer something-else-entirely") == "unauthorized");
}

TEST_CASE_FIXTURE(door, "where no keys are configured web tokens are just wrong") {
  CHECK(bearer() == "unauthorized");
}

TEST_CASE_FIXTURE(door, "its description names nodes and no secret") {
  take_web_tokens();
  how.nodes.push_back({"au-2", "AU", {}, "client-1"});
  access_control control{how, ring, [this] {
                           return now;
                         }};
  auto text = control.description();
  for (auto part : {"au-node as AU", "sg-node as SG", "client-1 is au-2 as AU"})
    CHECK_MESSAGE(text.find(part) != std::string::npos, text);
  CHECK(text.find(au_token) == std::string::npos);
}

TEST_SUITE_END();
