#include "fake_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using wire::ask;
using wire::post_json;

TEST_SUITE("message reception API") {
  TEST_CASE("a channel that verifies our intent gets its challenge back") {
    fake_node node;
    confirm_channel_intent seen;
    node.answers->confirm = [&](const confirm_channel_intent& x) {
      seen = x;
      return caf::expected<channel_intent_confirmed>{channel_intent_confirmed{x.challenge}};
    };
    auto x = ask(node.url(), "GET",
                 "/channel-message/au-sg?hub.mode=subscribe&hub.topic=jurisdiction.AU"
                 "&hub.challenge=a%2Bb+c&hub.lease_seconds=3600");
    CHECK(x.status == 200);
    CHECK(x.body == "a+b c");
    CHECK(seen.channel_id == "au-sg");
    CHECK(seen.mode == "subscribe");
    CHECK(seen.topic == "jurisdiction.AU");
    CHECK(seen.lease_seconds == "3600");
  }

  TEST_CASE("an unknown channel is 400 for a verification, what we did not ask for 404") {
    fake_node node;
    auto refused_with = [&](errc code) {
      node.answers->confirm = [=](const confirm_channel_intent&) {
        return caf::expected<channel_intent_confirmed>{make_problem(code)};
      };
      return ask(node.url(), "GET", "/channel-message/x?hub.mode=subscribe&hub.challenge=c");
    };
    auto x = refused_with(errc::unknown_channel);
    CHECK(x.status == 400);
    CHECK(x.body.find("Bad channel_id") != std::string::npos);
    CHECK(refused_with(errc::not_found).status == 404);
  }

  TEST_CASE("a notification is handed over with its signature, whatever kind its id is") {
    fake_node node;
    channel_notification seen;
    node.answers->notify = [&](const channel_notification& x) {
      seen = x;
      return caf::expected<notification_accepted>{notification_accepted{}};
    };
    auto x = ask(node.url(), "POST", "/channel-message/au-sg/",
                 {{"Content-Type", "application/json"}, {"X-Hub-Signature", "sha256=00"}},
                 R"({"id": "m-1"})");
    CHECK(x.status == 200);
    CHECK(x.body.empty());
    CHECK(seen.channel_id == "au-sg");
    CHECK(seen.message_id == "m-1");
    CHECK(seen.body == R"({"id": "m-1"})");
    CHECK(seen.signature == "sha256=00");
    CHECK(post_json(node.url(), "/channel-message/au-sg", R"({"id": 4711})").status == 200);
    CHECK(seen.message_id == "4711");
    CHECK(seen.signature.empty());
  }

  TEST_CASE("a notification without an id is 400, of an unknown channel 404") {
    fake_node node;
    node.answers->notify = [](const channel_notification&) {
      return caf::expected<notification_accepted>{make_problem(errc::unknown_channel)};
    };
    for (auto body : {"", "{", "[]", "{}", R"({"id": null})", R"({"id": ""})", R"({"id": []})",
                      R"({"id": 1.5})"}) {
      CAPTURE(body);
      auto x = post_json(node.url(), "/channel-message/au-sg", body);
      CHECK(x.status == 400);
      CHECK(x.code() == "generic-http-error");
    }
    CHECK(post_json(node.url(), "/channel-message/x", R"({"id": 1})").status == 404);
    CHECK(ask(node.url(), "POST", "/channel-message/x", {}, R"({"id": 1})").status == 415);
  }

  TEST_CASE("a wrong signature is what the actor says") {
    fake_node node;
    node.answers->notify = [](const channel_notification&) {
      return caf::expected<notification_accepted>{make_problem(errc::unauthorized)};
    };
    CHECK(post_json(node.url(), "/channel-message/x", R"({"id": 1})").status == 401);
  }
}
