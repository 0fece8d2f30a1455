#include "tests/config/support.hpp"

#include <doctest/doctest.h>

using namespace igl;
using config_tests::mistakes_in_endpoint;
using config_tests::mistakes_in_node;
using lines = std::vector<std::string>;

namespace {

const std::string endpoint = "endpoint = \"a\"\njurisdictions = [\"AU\", \"SG\"]\n"
                             "participants = [\"AU\", \"SG\"]\nmedium.kind = \"memory\"\n";
const std::string jwks = "[access]\njwks = \"keys.json\"\nissuer = \"i\"\naudience = \"a\"\n";

std::string node(const std::string& id, const std::string& more) {
  return "[[nodes]]\nid = \"" + id + "\"\njurisdiction = \"AU\"\n" + more;
}
std::string token(char c) {
  return "token = \"" + std::string(16, c) + "\"\n";
}

endpoint_settings good(const std::string& text, const environment& env = {}) {
  auto x = parse_endpoint(text, "f", env);
  for (auto& mistake : x.mistakes)
    FAIL_CHECK(to_string(mistake));
  return x.settings;
}

} // namespace

TEST_SUITE_BEGIN("access");

TEST_CASE("an endpoint asks nobody unless it knows a token or the keys of some") {
  CHECK_FALSE(good(endpoint).asks_who());
  CHECK(good(endpoint + node("au", token('a'))).asks_who());
  CHECK(good(endpoint + jwks + "jurisdiction_claim = \"j\"\n").asks_who());
}

TEST_CASE("each node has an id, a jurisdiction, and a token or a subject") {
  auto x = good(endpoint + node("au-1", token('a')) + node("au-2", token('b')) +
                "[[nodes]]\nid = \"sg\"\njurisdiction = \"SG\"\nsubject = \"s\"\n" + jwks);
  REQUIRE(x.nodes.size() == 3);
  CHECK(x.nodes[0].id == "au-1");
  CHECK(x.nodes[1].token == "bbbbbbbbbbbbbbbb");
  CHECK(x.nodes[2].jurisdiction == "SG");
  CHECK(x.nodes[2].subject == "s");
  CHECK(mistakes_in_endpoint(endpoint + "[[nodes]]\n").size() == 3);
  CHECK(mistakes_in_endpoint(endpoint + node("au", "")) ==
        lines{"f:5:1: nodes.token is missing, expected a token, or a subject with access.jwks"});
}

TEST_CASE("a secret may stand in the environment, under the node's id") {
  auto x = good(endpoint + node("au-1", ""), {{"IGL_NODES_AU_1_TOKEN", "from-the-environment"}});
  CHECK(x.nodes[0].token == "from-the-environment");
  CHECK(mistakes_in_endpoint(endpoint + node("au-1", token('a')),
                             {{"IGL_NODES_AU_2_TOKEN", "from-the-environment"}})
            .size() == 1);
}

TEST_CASE("a token is long, and no mistake quotes it") {
  for (std::string bad : {"too-short", "with blanks in between", "with \\\"quotes\\\" in it"}) {
    auto found = mistakes_in_endpoint(endpoint + node("au", "token = \"" + bad + "\"\n"));
    REQUIRE(found.size() == 1);
    CHECK(found[0] == "f:8:9: nodes.token is not what it has to be, expected 16 to 4096 letters, "
                      "digits and -._~+/, with = at the end only");
  }
  CHECK(mistakes_in_endpoint(endpoint + node("au", "token = \"***\"\n")).size() == 1);
}

TEST_CASE("no two nodes are told apart by nothing") {
  CHECK(mistakes_in_endpoint(endpoint + node("a", token('a')) + node("a", token('b'))) ==
        lines{"f:10:6: nodes.id is \"a\" for two nodes, expected each id once"});
  CHECK(mistakes_in_endpoint(endpoint + node("a", token('a')) + node("b", token('a'))) ==
        lines{"f:12:9: nodes.token is that of another node too, expected each token once"});
  auto subject = std::string{"subject = \"s\"\n"};
  CHECK(mistakes_in_endpoint(endpoint + node("a", subject) + node("b", subject) + jwks) ==
        lines{"f:12:11: nodes.subject is that of another node too, expected each subject once"});
}

TEST_CASE("a node speaks for one of the endpoint's jurisdictions") {
  CHECK(
      mistakes_in_endpoint("endpoint = \"a\"\njurisdictions = [\"SG\"]\n"
                           "participants = [\"AU\", \"SG\"]\nmedium.kind = \"memory\"\n" +
                           node("a", token('a'))) ==
      lines{"f:7:16: nodes.jurisdiction is \"AU\", expected one of the endpoint's jurisdictions"});
}

TEST_CASE("keys need an issuer, an audience and somebody to let in") {
  CHECK(mistakes_in_endpoint(endpoint + "[access]\njwks = \"keys.json\"\n"
                                        "jurisdiction_claim = \"j\"\n")
            .size() == 2);
  CHECK(mistakes_in_endpoint(endpoint + jwks + node("a", token('a'))) ==
        lines{"f:6:8: access.jwks is set and no token would be taken, expected a subject in one of "
              "[[nodes]], or access.jurisdiction_claim"});
  CHECK(mistakes_in_endpoint(endpoint + "access.issuer = \"i\"\naccess.audience = \"a\"\n"
                                        "access.jurisdiction_claim = \"j\"\n")
            .size() == 3);
  CHECK(mistakes_in_endpoint(endpoint + node("a", "subject = \"s\"\n")) ==
        lines{"f:8:11: nodes.subject is set, expected access.jwks with it"});
}

TEST_CASE("keys are in a file or behind a URL") {
  auto with = [&](const std::string& where) {
    return mistakes_in_endpoint(endpoint +
                                "[access]\nissuer = \"i\"\naudience = \"a\"\n"
                                "jurisdiction_claim = \"j\"\njwks = \"" +
                                where + "\"\n")
        .size();
  };
  for (auto fine :
       {"keys.json", "/etc/igl/keys.json", "https://a/keys?format=jwks", "http://a:1/k"})
    CHECK_MESSAGE(with(fine) == 0, fine);
  for (auto bad : {"ftp://a/keys", "https://", "https://a/k#1", "file:///etc/keys"})
    CHECK_MESSAGE(with(bad) == 1, bad);
}

TEST_CASE("secrets are shown to nobody") {
  auto x = good(endpoint + node("au-1", token('a')));
  for (auto& text : {show(x), show(x, shown::changed), show_json(x)}) {
    CHECK(text.find("aaaaaaaa") == std::string::npos);
    CHECK(text.find("***") != std::string::npos);
  }
  CHECK(show(x).find("[[nodes]]\n") != std::string::npos);
  CHECK(show(x).find("IGL_NODES_AU_1_TOKEN") != std::string::npos);
  auto of_node = parse_node("jurisdiction = \"AU\"\n[[channels]]\nid = \"c\"\nurl = \"http://a\"\n"
                            "auth.kind = \"token\"\nauth.token = \"secret-token\"\n",
                            "f", {});
  REQUIRE(of_node.good());
  CHECK(of_node.settings.channels[0].auth.kind == channel_auth::token);
  CHECK(of_node.settings.channels[0].auth.token == "secret-token");
  CHECK(show(of_node.settings).find("secret-token") == std::string::npos);
}

TEST_CASE("the token of a channel has its kind, and the kind its token") {
  auto channel = [](const std::string& more) {
    return mistakes_in_node(
        "jurisdiction = \"AU\"\n[[channels]]\nid = \"c\"\nurl = \"http://a\"\n" + more);
  };
  CHECK(channel("auth.kind = \"token\"\n") ==
        lines{"f:5:1: channels.auth.token is missing, expected it with auth.kind = \"token\""});
  CHECK(channel("auth.token = \"t\"\n").size() == 1);
  CHECK(channel("auth.kind = \"token\"\nauth.token = \"t\"\nauth.client_id = \"c\"\n").size() == 1);
}

TEST_CASE("the examples of the page about access are good files") {
  auto page = config_tests::text_of_file(IGL_SOURCE_DIR "/channels/ACCESS.md");
  std::vector<std::string> examples;
  for (auto at = page.find("```toml\n"); at != std::string::npos; at = page.find("```toml\n", at)) {
    at += 8;
    examples.push_back(page.substr(at, page.find("```", at) - at));
  }
  REQUIRE(examples.size() == 2);
  CHECK(mistakes_in_endpoint(examples[0]) == lines{});
  CHECK(mistakes_in_node(examples[1]) == lines{});
}

TEST_CASE("an endpoint serves one half or both") {
  CHECK(good(endpoint).serves_half(channel_half::posting));
  CHECK(good(endpoint).serves_half(channel_half::receiving));
  auto posting = good("serves = [\"posting\"]\n" + endpoint);
  CHECK(posting.serves_half(channel_half::posting));
  CHECK_FALSE(posting.serves_half(channel_half::receiving));
  CHECK_FALSE(good(endpoint, {{"IGL_SERVES", "receiving"}}).serves_half(channel_half::posting));
  CHECK(mistakes_in_endpoint("serves = []\n" + endpoint).size() == 1);
  CHECK(mistakes_in_endpoint("serves = [\"sending\"]\n" + endpoint).size() == 1);
}

TEST_SUITE_END();
