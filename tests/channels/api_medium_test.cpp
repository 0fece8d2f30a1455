#include "channels/api_medium.hpp"
#include "channels/endpoint_rules.hpp"
#include "channels/open_medium.hpp"
#include "tests/channels/peer_network.hpp"
#include "tests/contracts/medium_contract.hpp"
#include "tests/support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <filesystem>

using namespace igl;
using namespace std::chrono_literals;

namespace {

peer_settings peer_of(const std::string& code) {
  peer_settings x;
  x.id = "channel-" + code;
  x.jurisdictions = {code};
  x.url = "http://" + code;
  return x;
}

/// The Australian side of a channel with SG and NZ.
struct api_world {
  temporary_folder folder;
  peer_network network;
  api_medium_settings how;
  caf::timestamp now{std::chrono::seconds{1795262400}};

  api_world() {
    how.path = folder.path("api");
    how.jurisdictions = {"AU"};
    how.peers = {peer_of("SG"), peer_of("NZ")};
    how.ask = network.exchange();
    how.now = [this] {
      return now;
    };
    network.sides["http://SG"] = peer_network::takes_all();
    network.sides["http://NZ"] = peer_network::takes_all();
  }

  std::unique_ptr<medium> opened() {
    auto x = open_api_medium(how);
    REQUIRE_MESSAGE(x, sentence_of(x.error()));
    return std::move(*x);
  }
  static std::string shown(const http_request& x, const std::string& name) {
    for (auto& header : x.headers)
      if (header.name == name)
        return header.value;
    return {};
  }
};

} // namespace

TEST_SUITE_BEGIN("api medium");

TEST_CASE_FIXTURE(api_world, "hands each message to the peer that takes them for its receiver") {
  auto here = opened();
  CHECK(!here->append({entry_about("a", "SG"), entry_about("b", "NZ"), entry_about("c", "SG")}));
  CHECK(network.asked_of("http://SG/messages/incoming") == 2);
  CHECK(network.asked_of("http://NZ/messages/incoming") == 1);
  for (auto id : {"a", "b", "c"})
    CHECK(*here->find(id) == medium_presence::confirmed);
  CHECK(*here->find("d") == medium_presence::absent);
  CHECK(all_of(*here).empty());
}

TEST_CASE_FIXTURE(api_world, "what is for a jurisdiction of the endpoint itself needs no peer") {
  auto here = opened();
  CHECK(!here->append({entry_about("a", "AU")}));
  CHECK(network.asked.empty());
  CHECK(confirmed_in(*here) == std::vector<std::string>{"a"});
}

TEST_CASE_FIXTURE(api_world, "reads what came in, whoever opened the folder") {
  auto incoming = open_incoming(how.path);
  REQUIRE(incoming);
  CHECK(!(*incoming)->append({entry_about("a", "AU")}));
  CHECK(confirmed_in(*opened()) == std::vector<std::string>{"a"});
}

TEST_CASE_FIXTURE(api_world, "a receiver for whom no peer takes messages is tried again") {
  how.peers.pop_back();
  SUBCASE("there is no peer") {}
  SUBCASE("the peer has no url") {
    how.peers.push_back(peer_of("NZ"));
    how.peers.back().url.clear();
  }
  auto here = opened();
  auto why = here->append({entry_about("a", "SG"), entry_about("b", "NZ")});
  CHECK(code_of(why) == errc::peer_unreachable);
  CHECK(sentence_of(why).find("NZ") != std::string::npos);
  CHECK(*here->find("a") == medium_presence::confirmed);
  CHECK(*here->find("b") == medium_presence::absent);
}

TEST_CASE_FIXTURE(api_world, "a peer that fails keeps nothing from the others") {
  SUBCASE("nobody there") {
    network.sides["http://NZ"] = peer_network::fails(errc::peer_unreachable);
  }
  SUBCASE("no answer in time") {
    network.sides["http://NZ"] = peer_network::fails(errc::peer_timeout);
  }
  SUBCASE("an endless answer") {
    network.sides["http://NZ"] = peer_network::fails(errc::too_large);
  }
  SUBCASE("nonsense") {
    network.sides["http://NZ"] = peer_network::answers(200, "It works!");
  }
  SUBCASE("a redirect") {
    network.sides["http://NZ"] = peer_network::answers(302, "");
  }
  SUBCASE("an error") {
    network.sides["http://NZ"] = peer_network::answers(500, "");
  }
  auto here = opened();
  auto why = here->append({entry_about("b", "NZ"), entry_about("a", "SG")});
  CHECK(why);
  CHECK_FALSE(endpoint_rules::is_about_the_message(why));
  CHECK(*here->find("a") == medium_presence::confirmed);
  CHECK(*here->find("b") == medium_presence::absent);
  network.sides["http://NZ"] = peer_network::takes_all();
  CHECK(!here->append({entry_about("b", "NZ"), entry_about("a", "SG")}));
  CHECK(*here->find("b") == medium_presence::confirmed);
  CHECK(network.asked_of("http://SG") == 1);
}

TEST_CASE_FIXTURE(api_world, "hands nothing over again that a peer has, also after a restart") {
  auto refuses_b = [](const http_request& x) {
    return shown(x, "Idempotency-Key") == "b" ? peer_network::answers(503, "")(x)
                                              : peer_network::takes_all()(x);
  };
  network.sides["http://SG"] = refuses_b;
  std::vector<medium_entry> all{entry_about("a"), entry_about("b"), entry_about("c")};
  CHECK(code_of(opened()->append(all)) == errc::peer_failed);
  CHECK(network.asked.size() == 3);
  network.sides["http://SG"] = peer_network::takes_all();
  auto after_a_restart = opened();
  CHECK(!after_a_restart->append(all));
  REQUIRE(network.asked.size() == 4);
  CHECK(shown(network.asked.back(), "Idempotency-Key") == "b");
}

TEST_CASE_FIXTURE(api_world,
                  "in doubt is what was asked about without an answer, and nothing else") {
  network.sides["http://SG"] = [](const http_request& x) {
    auto id = shown(x, "Idempotency-Key");
    if (id == "silent")
      return peer_network::fails(errc::peer_timeout)(x);
    if (id == "proxy")
      return peer_network::answers(504, "")(x);
    if (id == "nonsense")
      return peer_network::answers(200, "It works!")(x);
    if (id == "busy")
      return peer_network::answers(503, "")(x);
    if (id == "elsewhere")
      return peer_network::answers(302, "")(x);
    return peer_network::takes_all()(x);
  };
  network.sides["http://NZ"] = peer_network::fails(errc::peer_unreachable);
  auto here = opened();
  std::vector<medium_entry> all{entry_about("nobody", "NZ")};
  for (auto id : {"silent", "proxy", "nonsense", "busy", "elsewhere", "taken"})
    all.push_back(entry_about(id));
  auto why = here->append(all);
  REQUIRE(why);
  for (auto id : {"silent", "proxy", "nonsense"})
    CHECK_MESSAGE(here->in_doubt(id, why), id);
  for (auto id : {"nobody", "busy", "elsewhere", "taken"})
    CHECK_MESSAGE(!here->in_doubt(id, why), id);
  // What waited behind the one that got no answer was not sent at all.
  how.peers[0].in_flight = 1;
  auto again = opened();
  why = again->append({entry_about("silent"), entry_about("behind")});
  CHECK(again->in_doubt("silent", why));
  CHECK_FALSE(again->in_doubt("behind", why));
  CHECK_FALSE(again->append({entry_about("behind")}));
  CHECK_FALSE(again->in_doubt("silent", why));
}

TEST_CASE_FIXTURE(api_world, "asks no peer when ids contradict each other, or what was sent") {
  auto here = opened();
  auto other = entry_about("a");
  other.content.subject = "another";
  SUBCASE("in one list") {
    CHECK(code_of(here->append({entry_about("b"), entry_about("a"), other})) == errc::conflict);
    CHECK(network.asked.empty());
  }
  SUBCASE("sent before") {
    CHECK(!here->append({entry_about("a")}));
    CHECK(code_of(here->append({entry_about("b"), other})) == errc::conflict);
    CHECK(network.asked.size() == 1);
  }
}

TEST_CASE_FIXTURE(api_world, "one message that a peer refuses is told when no peer fails besides") {
  network.sides["http://SG"] = [](const http_request& x) {
    return shown(x, "Idempotency-Key") == "b" ? peer_network::answers(400, "{}")(x)
                                              : peer_network::takes_all()(x);
  };
  auto here = opened();
  std::vector<medium_entry> all{entry_about("a"), entry_about("b"), entry_about("c", "NZ")};
  CHECK(code_of(here->append(all)) == errc::bad_request);
  CHECK(*here->find("a") == medium_presence::confirmed);
  CHECK(*here->find("b") == medium_presence::absent);
  CHECK(*here->find("c") == medium_presence::confirmed);
  network.sides["http://NZ"] = peer_network::fails(errc::peer_timeout);
  all.push_back(entry_about("d", "NZ"));
  CHECK(code_of(here->append(all)) == errc::peer_timeout);
}

TEST_CASE_FIXTURE(api_world, "as many messages are on their way to a peer as its settings allow") {
  how.peers[0].in_flight = 2;
  std::vector<medium_entry> all;
  for (auto id : {"a", "b", "c", "d", "e"})
    all.push_back(entry_about(id));
  CHECK(!opened()->append(all));
  CHECK(network.at_once == std::vector<size_t>{2, 2, 1});
}

TEST_CASE_FIXTURE(api_world,
                  "a slow peer takes some, the others later, and no attempt is counted") {
  how.peers[0].in_flight = 1;
  how.peers[0].timeout = 10s;
  network.sides["http://SG"] = [this](const http_request& x) {
    now += 6s;
    return peer_network::takes_all()(x);
  };
  auto here = opened();
  std::vector<medium_entry> all{entry_about("a"), entry_about("b"), entry_about("c")};
  CHECK(code_of(here->append(all)) == errc::peer_busy);
  CHECK(network.asked.size() == 2);
  CHECK(!here->append(all));
  CHECK(network.asked.size() == 3);
}

TEST_CASE_FIXTURE(api_world, "does not wait for a peer that failed with the rest of the list") {
  how.peers[0].in_flight = 1;
  network.sides["http://SG"] = peer_network::fails(errc::peer_timeout);
  CHECK(code_of(opened()->append({entry_about("a"), entry_about("b")})) == errc::peer_timeout);
  CHECK(network.asked.size() == 1);
}

TEST_CASE_FIXTURE(api_world, "shows a peer the token that its operator gave") {
  how.peers[0].auth.kind = channel_auth::token;
  how.peers[0].auth.token = "given-to-australia";
  CHECK(!opened()->append({entry_about("a", "SG"), entry_about("b", "NZ")}));
  for (auto& x : network.asked)
    CHECK(shown(x, "Authorization") ==
          (x.url.starts_with("http://SG") ? "Bearer given-to-australia" : ""));
}

TEST_CASE_FIXTURE(api_world, "shows a peer a token from an issuer, which it fetches when needed") {
  auto& auth = how.peers[0].auth;
  auth.kind = channel_auth::oauth2;
  auth.client_id = "au";
  auth.client_secret = "secret";
  auth.token_endpoint = "http://issuer/token";
  int tokens = 0;
  network.sides["http://issuer"] = [&](const http_request& x) {
    ++tokens;
    return peer_network::answers(200, R"({"access_token": "t)" + std::to_string(tokens) +
                                          R"(", "expires_in": 100})")(x);
  };
  auto here = opened();
  CHECK(!here->append({entry_about("a")}));
  CHECK(!here->append({entry_about("b")}));
  CHECK(tokens == 1);
  CHECK(shown(network.asked.back(), "Authorization") == "Bearer t1");
  SUBCASE("when it ends") {
    now += 100s;
  }
  SUBCASE("when the peer does not take it any more") {
    network.sides["http://SG"] = peer_network::answers(401, "{}");
    CHECK(code_of(here->append({entry_about("c")})) == errc::peer_failed);
    network.sides["http://SG"] = peer_network::takes_all();
  }
  CHECK(!here->append({entry_about("c")}));
  CHECK(tokens == 2);
  CHECK(shown(network.asked.back(), "Authorization") == "Bearer t2");
}

TEST_CASE_FIXTURE(api_world, "without a token for a peer its messages wait") {
  auto& auth = how.peers[0].auth;
  auth.kind = channel_auth::oauth2;
  auth.token_endpoint = "http://issuer/token";
  for (auto& says : {peer_network::answers(400, "{}"), peer_network::answers(200, "no"),
                     peer_network::fails(errc::too_large)}) {
    network.sides["http://issuer"] = says;
    auto why = opened()->append({entry_about("a", "SG"), entry_about("b", "NZ")});
    CHECK(worth_retrying(why));
    CHECK_FALSE(endpoint_rules::is_about_the_message(why));
    CHECK(*opened()->find("b") == medium_presence::confirmed);
  }
  CHECK(network.asked_of("http://SG") == 0);
}

TEST_CASE_FIXTURE(api_world, "says what is wrong when its folder cannot be made") {
  how.path = folder.path("missing/api");
  auto x = open_api_medium(how);
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_failed);
  CHECK(sentence_of(x.error()).find("missing/api") != std::string::npos);
}

TEST_CASE_FIXTURE(api_world, "is what an endpoint's settings open") {
  endpoint_settings settings;
  settings.medium = medium_kind::api;
  settings.medium_path = how.path;
  settings.jurisdictions = how.jurisdictions;
  settings.peers = how.peers;
  auto open = opener_of(settings, "", how.now, network.exchange());
  auto here = open();
  REQUIRE(here);
  CHECK_FALSE((*here)->takes_back());
  CHECK(!(*here)->append({entry_about("a", "NZ"), entry_about("b", "AU")}));
  CHECK(network.asked_of("http://NZ") == 1);
  CHECK(confirmed_in(**open()) == std::vector<std::string>{"b"});
}

TEST_SUITE_END();
