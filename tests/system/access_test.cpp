#include "tests/support/token_issuer.hpp"
#include "tests/system/member.hpp"

#include "messages/json.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::system_tests;
using nlohmann::json;
using test::signing_key;
using test::small_server;

namespace {

const std::string au_token = "token-of-the-australian-node";
const std::string client_secret = "secret-of-the-singaporean-node";

std::string base64(const std::string& text) {
  auto x = test::base64url(text);
  return x.append((4 - x.size() % 4) % 4, '=');
}

/// Who gives the Singaporean node its tokens: OAuth 2.0 client credentials, and the keys.
struct issuer {
  signing_key key{signing_key::kind::rsa, "2026-11"};
  std::atomic<int> tokens{0};
  small_server server{[this](const small_server::request& x) {
    return answer(x);
  }};

  small_server::response answer(const small_server::request& x) {
    if (x.path == "/jwks")
      return {200, test::key_set_of({&key})};
    // client-of-sg and the secret, as RFC 6749 §2.3.1 has them
    auto credentials = "Basic " + base64("client-of-sg:" + client_secret);
    auto given = x.fields.find("authorization");
    if (x.path != "/token" || x.method != "POST" || given == x.fields.end() ||
        given->second != credentials ||
        x.body.find("grant_type=client_credentials") == std::string::npos)
      return {400, "{}"};
    ++tokens;
    json claims{{"iss", server.url()},
                {"aud", "shared"},
                {"sub", "client-of-sg"},
                {"exp", std::time(nullptr) + 600}};
    return {200, json{{"access_token", key.sign(claims)}, {"expires_in", 600}}.dump()};
  }
};

constexpr auto node_apis =
    R"("message", "document", "subscriptions", "message-reception", "operator")";
constexpr auto endpoint_apis = R"("channel", "operator")";

std::string endpoint(const std::string& id, const std::string& more) {
  return "endpoint = \"" + id + "\"\njurisdictions = [\"AU\", \"SG\"]\n" +
         "participants = [\"AU\", \"SG\"]\nmedium.kind = \"memory\"\n" + more;
}

std::string channel(const member& to, const std::string& id, const std::string& more) {
  return "[[channels]]\nid = \"" + id + "\"\nurl = \"" + to.url + "\"\npoll_interval = \"50ms\"\n" +
         "updates_interval = \"500ms\"\n" + more;
}

std::string message_from(const std::string& sender, const std::string& receiver,
                         const std::string& ref) {
  auto x = message_body(ref);
  auto replace = [&](const std::string& what, const std::string& by) {
    x.replace(x.find(what), what.size(), by);
  };
  replace(R"("receiver":"SG")", R"("receiver":")" + receiver + "\"");
  replace(R"("sender":"AU")", R"("sender":")" + sender + "\"");
  return x;
}

std::string five_fields(const std::string& sender, const std::string& receiver) {
  auto x = json::parse(message_from(sender, receiver, "x"));
  x.erase("sender_ref");
  return x.dump();
}

bool has_status(const member& node, const std::string& reference, const std::string& status) {
  return eventually([&] {
    auto answer = node.ask("GET", "/message/" + reference);
    auto body = parse_json(answer.body);
    return answer.status == 200 && body && body->value("status", "") == status;
  });
}

/// What the node wrote down of a message, in one text.
std::string story(const member& node, const std::string& reference) {
  return node.ask("GET", "/operator/events?about=" + reference).body;
}

/// One endpoint that both nodes use: the Australian one with a token, the Singaporean one with what
/// an issuer gives it.
struct shared_channel {
  temporary_folder folder;
  issuer tokens;
  member shared{folder,
                "endpoint",
                "shared",
                endpoint_apis,
                endpoint("shared", "[access]\njwks = \"" + tokens.server.url() +
                                       "/jwks\"\nissuer = \"" + tokens.server.url() +
                                       "\"\naudience = \"shared\"\n"
                                       "[[nodes]]\nid = \"au-node\"\njurisdiction = \"AU\"\n"
                                       "[[nodes]]\nid = \"sg-node\"\njurisdiction = \"SG\"\n"
                                       "subject = \"client-of-sg\"\n"),
                {"IGL_NODES_AU_NODE_TOKEN=" + au_token}};
};

} // namespace

TEST_SUITE_BEGIN("access");

TEST_CASE_FIXTURE(shared_channel,
                  "nodes of two governments use one endpoint, each with its token") {
  member au{folder,
            "node",
            "au",
            node_apis,
            "jurisdiction = \"AU\"\n" + channel(shared, "shared", "auth.kind = \"token\"\n"),
            {"IGL_CHANNELS_SHARED_AUTH_TOKEN=" + au_token}};
  member sg{folder, "node", "sg", node_apis,
            "jurisdiction = \"SG\"\n" +
                channel(shared, "shared",
                        "auth.kind = \"oauth2\"\nauth.client_id = \"client-of-sg\"\n"
                        "auth.client_secret = \"" +
                            client_secret + "\"\nauth.token_endpoint = \"" + tokens.server.url() +
                            "/token\"\n")};
  CHECK(au.ask("POST", "/message", {}, message_from("AU", "SG", "1")).status == 201);
  CHECK(sg.ask("POST", "/message", {}, message_from("SG", "AU", "2")).status == 201);
  CHECK(has_status(au, "AU:1", "accepted"));

  CHECK(has_status(sg, "AU:1", "received"));
  CHECK(has_status(sg, "SG:2", "accepted"));
  CHECK(has_status(au, "SG:2", "received"));
  CHECK(tokens.tokens == 1);
  // Nobody was turned away, and no secret is in anybody's log.
  CHECK(shared.log().find("turns away") == std::string::npos);
  CHECK(shared.log().find("does not allow") == std::string::npos);
  for (auto* x : {&shared, &au, &sg})
    for (auto& secret : {au_token, client_secret})
      CHECK(x->log().find(secret) == std::string::npos);
}

TEST_CASE_FIXTURE(shared_channel,
                  "who has no token gets 401, who posts as another 403; both are logged") {
  auto of_au = five_fields("AU", "SG");
  auto none = shared.ask("POST", "/messages", {}, of_au);
  CHECK(none.status == 401);
  CHECK(none.header("WWW-Authenticate").starts_with("Bearer"));
  CHECK(shared.ask("POST", "/messages", "a-token-that-is-wrong", of_au).status == 401);
  CHECK(shared.ask("POST", "/messages", au_token, five_fields("SG", "AU")).status == 403);
  auto posted = shared.ask("POST", "/messages", au_token, of_au);
  REQUIRE(posted.status == 201);
  auto id = parse_json(posted.body)->at("id").get<std::string>();
  auto sg_token = tokens.key.sign({{"iss", tokens.server.url()},
                                   {"aud", json{"others", "shared"}},
                                   {"sub", "client-of-sg"},
                                   {"exp", std::time(nullptr) + 600}});
  // The sender sees what became of it, the receiver that it came.
  auto status_as = [&](const std::string& token) {
    auto body = parse_json(shared.ask("GET", "/messages/" + id, token).body);
    return body ? body->value("status", "") : "";
  };
  CHECK(eventually([&] { return status_as(au_token) == "confirmed"; }));
  CHECK(eventually([&] { return status_as(sg_token) == "confirmed"; }));
  auto list = [&](const std::string& token, const std::string& receiver) {
    return shared.ask("GET", "/messages?updated_since=2020-01-01T00:00:00Z" + receiver, token);
  };
  CHECK(list(sg_token, "&receiver=SG").body.find(id) != std::string::npos);
  CHECK(list(sg_token, "").body.find(id) != std::string::npos);
  CHECK(list(au_token, "").body == "[]");
  CHECK(list(au_token, "&receiver=SG").status == 403);
  auto subscribe = [&](const std::string& token, const std::string& topic) {
    return shared
        .ask("POST", "/subscriptions", token,
             "hub.mode=subscribe&hub.callback=http://127.0.0.1:1/&hub.topic=" + topic,
             "application/x-www-form-urlencoded")
        .status;
  };
  CHECK(subscribe(au_token, "jurisdiction.SG") == 403);
  CHECK(subscribe(au_token, "jurisdiction.AU") == 202);
  CHECK(subscribe(au_token, id) == 202);
  CHECK(shared.ask("GET", "/participants", au_token).body == R"(["AU","SG"])");
  CHECK(shared.ask("GET", "/participants").status == 401);
  auto expired = tokens.key.sign({{"iss", tokens.server.url()},
                                  {"aud", "shared"},
                                  {"sub", "client-of-sg"},
                                  {"exp", std::time(nullptr) - 60}});
  CHECK(shared.ask("GET", "/messages/" + id, expired).status == 401);
  for (auto line : {"turns away POST /messages from 127.0.0.1", "the token has expired",
                    "does not allow POST /messages to node au-node, which speaks for AU"})
    CHECK_MESSAGE(shared.logs(line), shared.log());
  for (auto& secret : {au_token, std::string{"a-token-that-is-wrong"}, expired, sg_token})
    CHECK(shared.log().find(secret) == std::string::npos);
}

TEST_CASE_FIXTURE(shared_channel, "a node goes on to the next channel where one refuses it") {
  member strict{folder, "endpoint", "strict", endpoint_apis,
                endpoint("strict", "serves = [\"posting\"]\n"
                                   "filters.predicate.deny = [\"UN.CEFACT.Trade.*\"]\n")};
  member deaf{folder, "endpoint", "deaf", endpoint_apis,
              endpoint("deaf", "serves = [\"receiving\"]\n")};
  CHECK(strict.logs("ENDPOINT strict ASKS NOBODY FOR A TOKEN"));
  auto given = [](const std::string& token) {
    return "auth.kind = \"token\"\nauth.token = \"" + token + "\"\n";
  };
  member au{folder, "node", "au", node_apis,
            "jurisdiction = \"AU\"\n" + channel(strict, "strict", {}) + channel(deaf, "deaf", {}) +
                channel(shared, "wrong", given("a-token-that-is-wrong")) +
                channel(shared, "shared", given(au_token))};
  CHECK(au.ask("POST", "/message", {}, message_from("AU", "SG", "1")).status == 201);
  CHECK(has_status(au, "AU:1", "accepted"));
  auto told = story(au, "AU:1");
  for (auto part : {"channel strict refused", "this channel's filters do not let the predicate",
                    "channel deaf refused", "405", "channel wrong failed: this node is not let in",
                    "401", "to channel shared as"})
    CHECK_MESSAGE(told.find(part) != std::string::npos, told);
  CHECK(strict.ask("GET", "/messages?updated_since=2020-01-01T00:00:00Z").status == 405);
  CHECK(strict.ask("GET", "/participants").status == 200);
  CHECK(deaf.ask("PUT", "/messages/1/status", {}, "status=revoked",
                 "application/x-www-form-urlencoded")
            .status == 404);
}

TEST_CASE("a node uses the half of a channel that there is, and expects nothing of the other") {
  temporary_folder folder;
  member in{folder, "endpoint", "in", endpoint_apis, endpoint("in", "serves = [\"receiving\"]\n")};
  member out{folder, "endpoint", "out", endpoint_apis, endpoint("out", "serves = [\"posting\"]\n")};
  member au{folder, "node", "au", node_apis,
            "jurisdiction = \"AU\"\n" + channel(in, "in", "serves = [\"receiving\"]\n") +
                channel(out, "out", "serves = [\"posting\"]\n")};
  CHECK(au.ask("POST", "/message", {}, message_from("AU", "SG", "1")).status == 201);
  CHECK(has_status(au, "AU:1", "accepted"));
  auto told = story(au, "AU:1");
  for (auto part : {"channel in is for receiving only", "to channel out as"})
    CHECK_MESSAGE(told.find(part) != std::string::npos, told);
  // Nobody asks a channel for what it does not have, and nobody there has anything to tell.
  auto status = json::parse(au.ask("GET", "/operator/status").body);
  auto actors_of = [&](const std::string& channel) {
    for (auto& part : status["tree"]["children"])
      if (part["name"] == "routing")
        for (auto& group : part["children"])
          if (group["name"] == "channel " + channel)
            return group["children"].size();
    return size_t{0};
  };
  CHECK(actors_of("in") == 3);
  CHECK(actors_of("out") == 1);
  for (auto& x : status["channels"])
    CHECK_MESSAGE(x["up"] == true, x.dump());
  CHECK(au.ask("POST", "/channel-message/in", {}, R"({"id":"1"})").status == 200);
  CHECK(au.ask("POST", "/channel-message/out", {}, R"({"id":"1"})").status == 404);
}

TEST_SUITE_END();
