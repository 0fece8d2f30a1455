#include "channels/endpoint_rules.hpp"
#include "channels/peer_protocol.hpp"
#include "messages/errors.hpp"
#include "tests/channels/examples.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace igl;
using nlohmann::json;

namespace {

peer_settings peer() {
  peer_settings x;
  x.id = "channel-sg";
  x.jurisdictions = {"SG"};
  x.url = "https://sg.example/igl";
  return x;
}

caf::error outcome(uint16_t status, const std::string& body) {
  http_response x;
  x.status = status;
  x.body = body;
  return peer_protocol::outcome_of(peer_protocol::hand_over(peer(), {"a", {}}), x);
}

} // namespace

TEST_SUITE_BEGIN("peer protocol");

TEST_CASE("hands over the five fields, the reference, and the id as a key") {
  auto asked = peer_protocol::hand_over(peer(), {"7 \"é\"\n", examples::certificate("17")});
  CHECK(asked.method == "POST");
  CHECK(asked.url == "https://sg.example/igl/messages/incoming");
  CHECK(asked.timeout == peer().timeout);
  CHECK(asked.headers.back().name == "Idempotency-Key");
  CHECK(asked.headers.back().value == "7%20%22%C3%A9%22%0A");
  auto body = json::parse(asked.body);
  CHECK(body.size() == 6);
  CHECK(body["sender_ref"] == "17");
}

TEST_CASE("hands over nothing but the five fields to a peer that knows no others") {
  auto to = peer();
  to.sends_sender_ref = false;
  auto body = json::parse(peer_protocol::hand_over(to, {"a", examples::certificate("17")}).body);
  CHECK(body.size() == 5);
  CHECK_FALSE(body.contains("sender_ref"));
}

TEST_CASE("a peer has a message only when it says so") {
  CHECK(!outcome(200, R"({"status": "delivered", "id": 7})"));
  CHECK(!outcome(201, R"({"status": "delivered"})"));
  for (auto body : {"", "{}", "[]", "<html>", "\"delivered\"", R"({"status": "queued"})",
                    R"({"status": 1})", "{\"status\": \"delivered\"", "null"})
    CHECK_MESSAGE(code_of(outcome(200, body)) == errc::bad_answer, body);
  CHECK(code_of(outcome(204, "")) == errc::bad_answer);
}

TEST_CASE("a redirect is not followed, and not a delivery") {
  for (uint16_t status : {301, 302, 303, 307, 308, 304}) {
    auto why = outcome(status, R"({"status": "delivered", "id": 7})");
    CHECK(code_of(why) == errc::bad_answer);
    CHECK(sentence_of(why).find("redirect") != std::string::npos);
  }
}

TEST_CASE("what the peer itself refuses is about the message") {
  CHECK(code_of(outcome(400, R"({"obj": ["Not a valid URI."]})")) == errc::bad_request);
  CHECK(code_of(outcome(403, R"({"errors": []})")) == errc::bad_request);
  CHECK(code_of(outcome(422, "{}")) == errc::bad_request);
  CHECK(code_of(outcome(409, R"({"errors": []})")) == errc::conflict);
  CHECK(code_of(outcome(413, R"({"errors": []})")) == errc::too_large);
}

TEST_CASE("a token that may not hand over this is about the peer, not about the message") {
  http_response x;
  x.status = 403;
  x.body = R"({"errors": []})";
  x.headers.push_back({"WWW-Authenticate", "Bearer error=\"insufficient_scope\""});
  auto why = peer_protocol::outcome_of(http_request{}, x);
  CHECK(code_of(why) == errc::peer_failed);
  CHECK(sentence_of(why).find("token") != std::string::npos);
}

TEST_CASE("what anything else says is about the peer, and will be tried again") {
  for (uint16_t status : {400, 403, 409, 413, 422})
    CHECK_MESSAGE(code_of(outcome(status, "<html>a proxy</html>")) == errc::peer_failed, status);
  for (uint16_t status : {401, 402, 404, 405, 407, 408, 410, 415, 429, 500, 502, 503, 504, 600}) {
    auto why = outcome(status, R"({"errors": []})");
    CHECK_MESSAGE(code_of(why) == errc::peer_failed, status);
    CHECK(worth_retrying(why));
  }
  CHECK(sentence_of(outcome(401, "")).find("token") != std::string::npos);
}

TEST_CASE("no failure of a request is about the message") {
  auto asked = peer_protocol::hand_over(peer(), {"a", examples::certificate()});
  for (auto& row : errc_table()) {
    if (row.code == errc::none)
      continue;
    auto why = peer_protocol::outcome_of(asked, make_problem(row.code, "it failed"));
    CHECK_MESSAGE(!endpoint_rules::is_about_the_message(why), row.name);
    CHECK(sentence_of(why).find("it failed") != std::string::npos);
  }
}

TEST_SUITE_END();
