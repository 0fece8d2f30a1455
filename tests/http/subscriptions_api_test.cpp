#include "fake_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using wire::post_form;

namespace {

const std::string good = "hub.mode=subscribe&hub.topic=UN.CEFACT.*&hub.callback="
                         "http%3A%2F%2Fsubscriber.example%2Fcall%3Fa%3D1&hub.secret=s%20s"
                         "&hub.lease_seconds=3600";

} // namespace

TEST_SUITE("subscriptions API") {
  TEST_CASE("hands the form over as it came and answers 202 with nothing") {
    fake_node node;
    subscription_request seen;
    node.answers->subscribe = [&](const subscription_request& x) {
      seen = x;
      return caf::expected<subscription_accepted>{subscription_accepted{}};
    };
    for (auto path : {"/subscriptions", "/subscriptions/"}) {
      CAPTURE(path);
      auto x = post_form(node.url(), path, good);
      CHECK(x.status == 202);
      CHECK(x.body.empty());
      CHECK(seen.mode == "subscribe");
      CHECK(seen.topic == "UN.CEFACT.*");
      CHECK(seen.callback == "http://subscriber.example/call?a=1");
      CHECK(seen.secret == "s s");
      CHECK(seen.lease_seconds == "3600");
    }
    post_form(node.url(), "/subscriptions", "hub.mode=unsubscribe");
    CHECK(seen.mode == "unsubscribe");
    CHECK(seen.topic.empty());
    CHECK(seen.lease_seconds.empty());
  }

  TEST_CASE("parameters that nobody knows are ignored, and in nobody's way") {
    fake_node node;
    subscription_request seen;
    node.answers->subscribe = [&](const subscription_request& x) {
      seen = x;
      return caf::expected<subscription_accepted>{subscription_accepted{}};
    };
    for (auto more : {"&foo=bar", "&hub.foo=1&hub.verify=sync&hub.verify_token=t", "&hub.topics=x",
                      "&topic=other&callback=http%3A%2F%2Fevil%2F&=&&"}) {
      CAPTURE(more);
      for (auto& body : {good + more, std::string{more}.substr(1) + "&" + good}) {
        CHECK(post_form(node.url(), "/subscriptions?hub.topic=query", body).status == 202);
        CHECK(seen.topic == "UN.CEFACT.*");
        CHECK(seen.callback == "http://subscriber.example/call?a=1");
        CHECK(seen.secret == "s s");
        CHECK(seen.lease_seconds == "3600");
      }
    }
  }

  TEST_CASE("what is no form is refused before anybody is asked") {
    fake_node node;
    std::atomic<bool> asked{false};
    node.answers->subscribe = [&](const subscription_request&) {
      asked = true;
      return caf::expected<subscription_accepted>{subscription_accepted{}};
    };
    auto x = wire::post_json(node.url(), "/subscriptions", "{}");
    CHECK(x.status == 415);
    CHECK(x.error()["source"]["include"] == nlohmann::json{"application/x-www-form-urlencoded"});
    CHECK(post_form(node.url(), "/subscriptions", "a=%2").status == 400);
    CHECK(post_form(node.url(), "/subscriptions", std::string(100'000, 'a')).status == 413);
    CHECK_FALSE(asked);
  }

  TEST_CASE("every refusal has the code and the source of the wire contract") {
    struct row {
      errc code;
      const char* source;
      int status;
      const char* wire_code;
    };
    const row rows[] = {
        {errc::missing_attributes, R"(["hub.topic"])", 400, "missing-attributes-error"},
        {errc::unknown_mode, R"(["x"])", 400, "unknown-mode-error"},
        {errc::callback_url_validation, R"(["ftp://x"])", 400, "callback-url-validation-error"},
        {errc::topic_validation, R"(["a..b"])", 400, "topic-validation-error"},
        {errc::lease_seconds_validation, R"([{"value": 1, "min": 3600, "max": 31536000}])", 400,
         "lease-seconds-validation-error"},
        {errc::subscription_not_found, R"(["a.b.c"])", 404, "generic-http-error"},
    };
    fake_node node;
    for (auto& x : rows) {
      CAPTURE(x.wire_code);
      node.answers->subscribe = [&](const subscription_request&) {
        return caf::expected<subscription_accepted>{make_problem(x.code, "a sentence", x.source)};
      };
      auto y = post_form(node.url(), "/subscriptions", good);
      CHECK(y.status == x.status);
      CHECK(y.code() == x.wire_code);
      CHECK(y.error()["detail"] == "a sentence");
      CHECK(y.error()["source"] == nlohmann::json::parse(x.source));
    }
  }
}
