#include "fake_node.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"

#include <doctest/doctest.h>

using namespace igl;
using wire::ask;
using wire::post_form;
using wire::post_json;

namespace {

/// A message as the channel has it.
channel_message stored(const std::string& id, const std::string& sender_ref = "") {
  auto x = nlohmann::json::parse(message_json());
  return {id,
          {"AU", sender_ref, "SG", x["subject"], x["obj"], x["predicate"]},
          channel_status::confirmed};
}

struct channel_node : fake_node {
  std::string at = url(api::channel);
  post_to_channel posted;

  channel_node() {
    answers->post_to = [this](const post_to_channel& x) {
      posted = x;
      return caf::expected<channel_receipt>{channel_receipt{"m-1"}};
    };
  }

  nlohmann::json faults(const nlohmann::json& changes) {
    auto x = post_json(at, "/messages", message_json(changes));
    CHECK(x.status == 400);
    return x.json();
  }
};

} // namespace

TEST_SUITE("channel API") {
  TEST_CASE("POST /messages takes the five fields and answers 201 with id and Link") {
    channel_node node;
    auto x = post_json(node.at, "/messages", message_json());
    CHECK(x.status == 201);
    CHECK(x.json() == nlohmann::json{{"id", "m-1"}});
    CHECK(x.field("Link") ==
          "<http://localhost/messages/subscriptions/by_id>; rel=\"hub\", <m-1>; rel=\"self\"");
    CHECK(node.posted.content == stored("m-1").content);
    CHECK(node.posted.idempotency_key.empty());
  }

  TEST_CASE("POST /messages takes sender_ref and an idempotency key too") {
    channel_node node;
    auto x = ask(node.at, "POST", "/messages",
                 {{"Content-Type", "application/json"}, {"Idempotency-Key", "AU:17/1"}},
                 message_json({{"sender_ref", "17"}}));
    CHECK(x.status == 201);
    CHECK(node.posted.content.sender_ref == "17");
    CHECK(node.posted.idempotency_key == "AU:17/1");
  }

  TEST_CASE("faults are told field by field, all at once") {
    channel_node node;
    CHECK(node.faults({{"obj", "removed"}}) ==
          nlohmann::json::parse(R"({"obj": ["Missing data for required field."]})"));
    CHECK(node.faults({{"status", "pending"}}) ==
          nlohmann::json::parse(R"({"status": ["Unknown field."]})"));
    CHECK(node.faults({{"sender", nullptr}, {"subject", 7}, {"obj", "x"}, {"receiver", "XX"}}) ==
          nlohmann::json::parse(R"({"sender": ["Field may not be null."],
                                    "subject": ["Not a valid string."],
                                    "obj": ["Not a valid URI."],
                                    "receiver": ["Not a known jurisdiction."]})"));
    CHECK(node.faults({{"sender_ref", "a/b"}}).contains("sender_ref"));
    CHECK(node.faults({{"subject", ""}}).contains("subject"));
    for (auto body : {"", "{", "[]", "7"}) {
      CAPTURE(body);
      auto x = post_json(node.at, "/messages", body);
      CHECK(x.status == 400);
      CHECK(x.json() == nlohmann::json::parse(R"({"_schema": ["Invalid input type."]})"));
    }
    CHECK(post_json(node.at, "/messages", "{}").json().size() == 5);
  }

  TEST_CASE("media type and size are checked first, what the channel refuses is told") {
    channel_node node;
    CHECK(ask(node.at, "POST", "/messages", {{"Content-Type", "text/plain"}}, "{").status == 415);
    CHECK(post_json(node.at, "/messages", std::string(100'000, ' ')).status == 413);
    node.answers->post_to = [](const post_to_channel&) {
      return caf::expected<channel_receipt>{make_problem(errc::conflict)};
    };
    CHECK(post_json(node.at, "/messages", message_json()).status == 409);
  }

  TEST_CASE("GET /messages/<id> shows the message, or the fields that are asked for") {
    channel_node node;
    node.answers->find_in = [](const find_channel_message& x) -> caf::expected<channel_message> {
      if (x.id != "m:1")
        return make_problem(errc::not_found);
      return stored("m:1", "17");
    };
    auto x = ask(node.at, "GET", "/messages/m%3A1");
    CHECK(x.status == 200);
    CHECK(x.json()["id"] == "m:1");
    CHECK(x.json()["status"] == "confirmed");
    CHECK(x.json()["message"] == nlohmann::json::parse(message_json({{"sender_ref", "17"}})));
    CHECK(ask(node.at, "GET", "/messages/m:1?fields=status,id").json() ==
          nlohmann::json::parse(R"({"id": "m:1", "status": "confirmed"})"));
    CHECK(ask(node.at, "GET", "/messages/m:1?fields=status").json() ==
          nlohmann::json::parse(R"({"status": "confirmed"})"));
    auto unknown = ask(node.at, "GET", "/messages/m:1?fields=x");
    CHECK(unknown.status == 400);
    CHECK(unknown.json().contains("fields"));
    CHECK(ask(node.at, "GET", "/messages/other").status == 404);
  }

  TEST_CASE("whether a confirmation is final is said in a header, in no member") {
    channel_node node;
    auto word = confirmation_kind::unsaid;
    node.answers->find_in = [&](const find_channel_message&) {
      auto x = stored("1");
      x.confirmation = word;
      return caf::expected<channel_message>{x};
    };
    auto unsaid = ask(node.at, "GET", "/messages/1");
    CHECK(unsaid.field("X-Confirmation").empty());
    word = confirmation_kind::final_word;
    auto said = ask(node.at, "GET", "/messages/1");
    CHECK(said.field("X-Confirmation") == "final");
    CHECK(said.body == unsaid.body);
    word = confirmation_kind::revocable;
    CHECK(ask(node.at, "GET", "/messages/1?fields=status").field("X-Confirmation") == "revocable");
  }

  TEST_CASE("GET /messages?sender= lists what was posted, and says how to go on with that") {
    channel_node node;
    find_channel_updates asked;
    node.answers->updates = [&](const find_channel_updates& x) {
      asked = x;
      return caf::expected<channel_page>{channel_page{{stored("1")}, "7", true}};
    };
    auto x = ask(node.at, "GET", "/messages?sender=AU");
    CHECK(x.status == 200);
    CHECK(asked.sender == "AU");
    CHECK(x.field("Link").find("&sender=AU&cursor=7>") != std::string::npos);
    CHECK(ask(node.at, "GET", "/messages?sender=XX").status == 400);
    ask(node.at, "GET", "/messages?receiver=AU");
    CHECK(asked.sender.empty());
  }

  TEST_CASE("a key may be percent-encoded, for a header loses the blanks at its ends") {
    channel_node node;
    auto key_of = [&](const std::string& sent) {
      auto x =
          ask(node.at, "POST", "/messages",
              {{"Content-Type", "application/json"}, {"Idempotency-Key", sent}}, message_json());
      CHECK(x.status == 201);
      return node.posted.idempotency_key;
    };
    CHECK(key_of("AU%3A17%20") == "AU:17 ");
    CHECK(key_of("AU:17") == "AU:17");
    CHECK(key_of("100%") == "100%");
  }

  TEST_CASE("a message that came without a reference has the five fields only") {
    channel_node node;
    node.answers->find_in = [](const find_channel_message&) {
      return caf::expected<channel_message>{stored("1")};
    };
    CHECK(ask(node.at, "GET", "/messages/1").json()["message"] ==
          nlohmann::json::parse(message_json()));
  }

  TEST_CASE("GET /messages lists what is new, and says how to go on") {
    channel_node node;
    find_channel_updates asked;
    node.answers->updates = [&](const find_channel_updates& x) {
      asked = x;
      return caf::expected<channel_page>{channel_page{{stored("1"), stored("2")}, "7/a b", true}};
    };
    auto x =
        ask(node.at, "GET", "/messages?updated_since=2020-01-12T10:00:00Z&receiver=AU&limit=2");
    CHECK(x.status == 200);
    REQUIRE(x.json().size() == 2);
    CHECK(x.json()[1]["id"] == "2");
    CHECK(x.field("X-More") == "true");
    CHECK(asked.receiver == "AU");
    CHECK(asked.limit == 2);
    CHECK(asked.since == *parse_rfc3339("2020-01-12T10:00:00Z"));
    auto link = x.field("Link");
    REQUIRE(link.starts_with("<http://localhost/messages?"));
    REQUIRE(link.ends_with(">; rel=\"next\""));
    auto next = link.substr(1, link.find('>') - 1);
    ask(node.at, "GET", next.substr(next.find("/messages")));
    CHECK(asked.cursor == "7/a b");
    CHECK(asked.receiver == "AU");
    CHECK(asked.limit == 2);
  }

  TEST_CASE("an empty page has a Link too") {
    channel_node node;
    node.answers->updates = [](const find_channel_updates&) {
      return caf::expected<channel_page>{channel_page{{}, "7", false}};
    };
    auto x = ask(node.at, "GET", "/messages/");
    CHECK(x.body == "[]");
    CHECK(x.field("X-More") == "false");
    CHECK(x.field("Link").find("cursor=7>") != std::string::npos);
  }

  TEST_CASE("updated_since is any RFC 3339 time, its plus encoded or not") {
    channel_node node;
    caf::timestamp since;
    node.answers->updates = [&](const find_channel_updates& x) {
      since = x.since;
      return caf::expected<channel_page>{channel_page{}};
    };
    auto expected = *parse_rfc3339("2020-01-12T08:00:00Z");
    for (auto time : {"2020-01-12T10:00:00%2B02:00", "2020-01-12T10:00:00+02:00",
                      "2020-01-12T08:00:00.000Z", "2020-01-12T08:00:00"}) {
      CAPTURE(time);
      since = {};
      CHECK(ask(node.at, "GET", std::string("/messages?updated_since=") + time).status == 200);
      CHECK(since == expected);
    }
    for (auto query : {"updated_since=yesterday", "receiver=XX", "limit=0", "limit=x"}) {
      CAPTURE(query);
      CHECK(ask(node.at, "GET", std::string("/messages?") + query).status == 400);
    }
  }

  TEST_CASE("subscriptions, under the older names too") {
    channel_node node;
    subscription_request seen;
    node.answers->subscribe = [&](const subscription_request& x) {
      seen = x;
      return caf::expected<subscription_accepted>{subscription_accepted{}};
    };
    auto form = [](const std::string& topic) {
      return "hub.mode=subscribe&hub.callback=http://node.example/&hub.topic=" + topic;
    };
    CHECK(post_form(node.at, "/subscriptions", form("jurisdiction.AU")).status == 202);
    CHECK(seen.topic == "jurisdiction.AU");
    auto by_jurisdiction = "/messages/subscriptions/by_jurisdiction";
    CHECK(post_form(node.at, by_jurisdiction, form("SG")).status == 202);
    CHECK(seen.topic == "jurisdiction.SG");
    CHECK(seen.callback == "http://node.example/");
    CHECK(post_form(node.at, "/messages/subscriptions/by_id", form("m-1")).status == 202);
    CHECK(seen.topic == "m-1");
    CHECK(post_form(node.at, by_jurisdiction, form("XX")).code() == "topic-validation-error");
    CHECK(post_json(node.at, "/subscriptions", "{}").status == 415);
  }

  TEST_CASE("an operator may revoke where the medium lets it") {
    channel_node node;
    node.answers->revoke = [](const revoke_channel_message& x) -> caf::expected<channel_message> {
      if (x.id == "1")
        return stored("1");
      return make_problem(x.id == "2" ? errc::forbidden : errc::not_found);
    };
    auto put = [&](const std::string& id, const std::string& body) {
      return ask(node.at, "PUT", "/messages/" + id + "/status",
                 {{"Content-Type", "application/x-www-form-urlencoded"}}, body);
    };
    CHECK(put("1", "status=revoked").status == 200);
    CHECK(put("1", "status=revoked").json()["id"] == "1");
    CHECK(put("2", "status=revoked").status == 403);
    CHECK(put("3", "status=revoked").status == 404);
    CHECK(put("1", "status=confirmed").json().contains("status"));
    CHECK(put("1", "status=confirmed").status == 400);
    CHECK(put("1", "").status == 400);
  }

  TEST_CASE("GET /participants lists the jurisdictions") {
    channel_node node;
    node.answers->who = [](const find_participants&) {
      return caf::expected<participants>{participants{{"AU", "SG"}}};
    };
    CHECK(ask(node.at, "GET", "/participants").json() == nlohmann::json{"AU", "SG"});
  }
}
