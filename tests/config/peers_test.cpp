#include "tests/config/support.hpp"

#include <doctest/doctest.h>

using namespace igl;
using config_tests::mistakes_in_endpoint;
using lines = std::vector<std::string>;

namespace {

const std::string endpoint = "endpoint = \"a\"\njurisdictions = [\"AU\"]\n"
                             "participants = [\"AU\", \"SG\"]\n"
                             "medium = {kind = \"api\", path = \"p\"}\n";
const std::string three = "endpoint = \"a\"\njurisdictions = [\"AU\"]\n"
                          "participants = [\"AU\", \"SG\", \"NZ\"]\n"
                          "medium = {kind = \"api\", path = \"p\"}\n";

std::string peer(const std::string& id, const std::string& codes, const std::string& more = {}) {
  return "[[peers]]\nid = \"" + id + "\"\njurisdictions = [" + codes + "]\n" + more;
}
const std::string url = "url = \"https://sg.example/igl/\"\n";
const std::string sg = peer("sg", "\"SG\"", url);
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

TEST_SUITE_BEGIN("peers");

TEST_CASE("a peer has whom it speaks for, where it is, and how it and we show who we are") {
  auto x =
      good(three + peer("sg-nz", "\"SG\", \"NZ\"",
                        url + token('a') +
                            "auth.kind = \"token\"\nauth.token = \"t\"\nsends_sender_ref = false\n"
                            "timeout = \"3s\"\nin_flight = 4\n"));
  CHECK(x.medium == medium_kind::api);
  REQUIRE(x.peers.size() == 1);
  auto& one = x.peers[0];
  CHECK(one.id == "sg-nz");
  CHECK(one.jurisdictions == lines{"SG", "NZ"});
  CHECK(one.url == "https://sg.example/igl");
  CHECK(one.token == std::string(16, 'a'));
  CHECK(one.auth.kind == channel_auth::token);
  CHECK(one.auth.token == "t");
  CHECK_FALSE(one.sends_sender_ref);
  CHECK(one.timeout == std::chrono::seconds{3});
  CHECK(one.in_flight == 4);
}

TEST_CASE("secrets may stand in the environment, under the peer's id, and are not shown") {
  auto x = good(endpoint + peer("sg", "\"SG\"", url + "auth.kind = \"token\"\n"),
                {{"IGL_PEERS_SG_TOKEN", "from-the-environment"},
                 {"IGL_PEERS_SG_AUTH_TOKEN", "from-there-too"}});
  CHECK(x.peers[0].token == "from-the-environment");
  CHECK(x.peers[0].auth.token == "from-there-too");
  CHECK(show(x).find("from-the") == std::string::npos);
  CHECK(mistakes_in_endpoint(endpoint + sg, {{"IGL_PEERS_NZ_TOKEN", "from-the-environment"}})
            .size() == 1);
}

TEST_CASE("peers are asked who they are if one of them has a token or a subject") {
  CHECK_FALSE(good(endpoint + sg).asks_peers());
  CHECK(good(endpoint + peer("sg", "\"SG\"", url + token('a'))).asks_peers());
  CHECK(good(endpoint + peer("sg", "\"SG\"", url + "subject = \"s\"\n") +
             "[access]\njwks = \"k\"\nissuer = \"i\"\naudience = \"a\"\n")
            .asks_peers());
}

TEST_CASE("an api medium needs a folder, and peers need an api medium") {
  CHECK(mistakes_in_endpoint("endpoint = \"a\"\njurisdictions = [\"AU\"]\nparticipants = [\"AU\"]\n"
                             "[medium]\nkind = \"api\"\n") ==
        lines{"f:4:2: medium.path is missing, expected a folder with medium.kind = \"api\""});
  CHECK(mistakes_in_endpoint("endpoint = \"a\"\njurisdictions = [\"AU\"]\n"
                             "participants = [\"AU\", \"SG\"]\nmedium.kind = \"memory\"\n" +
                             sg) ==
        lines{"f:6:6: peers.id is set, expected medium.kind = \"api\" with peers"});
}

TEST_CASE("an endpoint that posts has a peer with a url for everybody on the channel") {
  auto missing = lines{"f:3:16: participants has \"NZ\", expected one of [[peers]] with a url that "
                       "takes messages for it"};
  CHECK(mistakes_in_endpoint(three + sg) == missing);
  CHECK(mistakes_in_endpoint(three + sg + peer("nz", "\"NZ\"")) == missing);
  CHECK(mistakes_in_endpoint(three + sg + peer("nz", "\"NZ\"", url)).empty());
  CHECK(mistakes_in_endpoint("serves = [\"receiving\"]\n" + three + peer("sg", "\"SG\"")).empty());
}

TEST_CASE("a peer speaks for others on the channel, and for nobody for whom another one does") {
  CHECK(mistakes_in_endpoint(endpoint + peer("sg", "\"SG\", \"AU\"", url)) ==
        lines{"f:7:17: peers.jurisdictions has \"AU\", expected none of the endpoint's own "
              "jurisdictions"});
  CHECK(mistakes_in_endpoint(endpoint + peer("sg", "\"SG\", \"FR\"", url)) ==
        lines{"f:7:17: peers.jurisdictions has \"FR\", expected only some of participants"});
  CHECK(mistakes_in_endpoint(endpoint + sg + peer("sg-2", "\"SG\"", url)) ==
        lines{"f:11:17: peers.jurisdictions has \"SG\", expected each jurisdiction once among the "
              "peers"});
  CHECK(mistakes_in_endpoint(endpoint + peer("sg", "", url)).size() >= 1);
}

TEST_CASE("ids, tokens and subjects are those of one only, nodes and peers together") {
  CHECK(mistakes_in_endpoint(three + sg + peer("sg", "\"NZ\"", url)) ==
        lines{"f:10:6: peers.id is \"sg\" for two peers, expected each id once"});
  auto node = "[[nodes]]\nid = \"n\"\njurisdiction = \"AU\"\n" + token('a');
  CHECK(mistakes_in_endpoint(endpoint + node + peer("sg", "\"SG\"", url + token('a'))) ==
        lines{"f:13:9: peers.token is that of a node or another peer too, expected each token "
              "once"});
  CHECK(mistakes_in_endpoint(endpoint + peer("sg", "\"SG\"", url + "subject = \"s\"\n")) ==
        lines{"f:9:11: peers.subject is set, expected access.jwks with it"});
}

TEST_CASE("nonsense is refused where it stands") {
  for (std::string bad :
       {"url = \"ftp://sg.example\"\n", "timeout = \"0s\"\n", "timeout = \"1h\"\n",
        "in_flight = 0\n", "in_flight = 2000\n", "token = \"short\"\n", "auth.kind = \"magic\"\n",
        "auth.kind = \"token\"\n",
        "auth.kind = \"oauth2\"\nauth.client_id = \"c\"\n"
        "auth.client_secret = \"s\"\n",
        "auth.token = \"t\"\n", "urll = \"x\"\n", "sends_sender_ref = 1\n"}) {
    auto text = endpoint + peer("sg", "\"SG\"", bad + (bad.starts_with("url =") ? "" : url));
    auto found = mistakes_in_endpoint(text);
    REQUIRE_MESSAGE(found.size() == 1, bad);
    CHECK_MESSAGE(found[0].find("f:") == 0, found[0]);
    CHECK_MESSAGE(found[0].find("peers.") != std::string::npos, found[0]);
  }
  CHECK(mistakes_in_endpoint("serves = [\"receiving\"]\n" + endpoint +
                             peer("sg", "\"SG\"", "auth.kind = \"token\"\nauth.token = \"t\"\n")) ==
        lines{"f:6:1: peers.url is missing, expected it with auth.kind = \"token\""});
}

TEST_CASE("the example of the page about channels is a good file") {
  auto page = config_tests::text_of_file(IGL_SOURCE_DIR "/channels/README.md");
  auto begin = page.find("# au.toml: the side of Australia");
  REQUIRE(begin != std::string::npos);
  auto example = page.substr(begin, page.find("```", begin) - begin);
  CHECK(mistakes_in_endpoint(example) == lines{});
  auto x = parse_endpoint(example, "f", {}).settings;
  CHECK(x.medium == medium_kind::api);
  CHECK(x.asks_peers());
}

TEST_SUITE_END();
