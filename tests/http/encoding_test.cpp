#include "fake_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using wire::ask;

namespace {

/// NUL, no UTF-8 at all, cut short, overlong, half of a surrogate pair, no percent-encoding.
const std::string no_texts[] = {"%00", "%ff", "%e2%82", "%c0%af", "%ed%a0%80", "%zz", "%4"};

struct route {
  api of;
  std::string method;
  std::string path; ///< "{}" stands for what is sent in its place
  std::string body{};
};

const std::string json_body = "{\"id\": 1, \"status\": \"accepted\"}";

/// Every route of every API.
const route routes[] = {
    {api::message, "POST", "/message", json_body},
    {api::message, "GET", "/message/{}"},
    {api::message, "GET", "/message/AU:{}"},
    {api::message, "PATCH", "/message/AU:{}", json_body},
    {api::document, "POST", "/jurisdictions/{}", "x"},
    {api::document, "POST", "/countries/{}", "x"},
    {api::document, "GET", "/{}"},
    {api::document, "HEAD", "/{}"},
    {api::document, "GET", "/documents/{}"},
    {api::document, "HEAD", "/documents/{}"},
    {api::document, "POST", "/{}"},
    {api::document, "DELETE", "/{}"},
    {api::subscriptions, "POST", "/subscriptions", "hub.mode=subscribe"},
    {api::message_reception, "GET", "/channel-message/{}"},
    {api::message_reception, "POST", "/channel-message/{}", json_body},
    {api::operation, "GET", "/operator/status"},
    {api::operation, "GET", "/operator/events"},
    {api::operation, "GET", "/operator/dead-letters"},
    {api::operation, "POST", "/operator/dead-letters/{}/replay"},
    {api::operation, "POST", "/operator/dead-letters/{}/drop"},
    {api::operation, "GET", "/"},
    {api::operation, "GET", "/healthz"},
    {api::operation, "GET", "/readyz"},
    {api::channel, "POST", "/messages", json_body},
    {api::channel, "GET", "/messages"},
    {api::channel, "GET", "/messages/{}"},
    {api::channel, "PUT", "/messages/{}/status", "status=revoked"},
    {api::channel, "GET", "/participants"},
    {api::channel, "POST", "/subscriptions", "hub.mode=subscribe"},
    {api::channel, "POST", "/messages/subscriptions/by_jurisdiction", "hub.topic=AU"},
    {api::channel, "POST", "/messages/subscriptions/by_id", "hub.topic=1"},
};

/// Routes whose body is a form, and a field of it.
const std::pair<route, std::string> forms[] = {
    {{api::subscriptions, "POST", "/subscriptions"}, "hub.topic"},
    {{api::subscriptions, "POST", "/subscriptions"}, "hub.secret"},
    {{api::channel, "POST", "/subscriptions"}, "hub.topic"},
    {{api::channel, "POST", "/messages/subscriptions/by_jurisdiction"}, "hub.topic"},
    {{api::channel, "POST", "/messages/subscriptions/by_id"}, "hub.callback"},
    {{api::channel, "PUT", "/messages/1/status"}, "status"},
};

/// A node whose APIs know nothing and say so.
void refuse_everything(fake_node& node) {
  auto& x = *node.answers;
  auto unknown = [](auto&) {
    return make_problem(errc::not_found);
  };
  x.store = unknown;
  x.open = unknown;
  x.subscribe = unknown;
  x.confirm = [](auto&) {
    return make_problem(errc::unknown_channel);
  };
  x.notify = unknown;
  x.post_to = unknown;
  x.find_in = unknown;
  x.updates = unknown;
  x.who = unknown;
  x.revoke = unknown;
  x.status = unknown;
  x.ready = unknown;
  x.events = unknown;
  x.letters = unknown;
  x.replay = unknown;
  x.drop = unknown;
}

wire::response send(const fake_node& node, const route& to, const std::string& path,
                    const std::string& body, const std::string& type) {
  return ask(node.url(to.of), to.method, path, {{"Content-Type", type}, {"Host", "127.0.0.1"}},
             body);
}

std::string type_of(const route& x) {
  return x.body.starts_with('{') ? "application/json" : "application/x-www-form-urlencoded";
}

std::string with_value(std::string path, const std::string& value) {
  if (auto at = path.find("{}"); at != std::string::npos)
    path.replace(at, 2, value);
  return path;
}

/// Every API answers good requests.
void check_that_all_live(const fake_node& node) {
  for (int i = 0; i < 4; ++i) {
    CHECK(wire::post_json(node.url(), "/message", message_json()).status == 201);
    CHECK(ask(node.url(), "GET", "/message/AU:none").status == 404);
    CHECK(ask(node.url(), "GET", "/channel-message/none?hub.mode=subscribe").status == 400);
    CHECK(ask(node.url(api::channel), "GET", "/messages/none").status == 404);
  }
}

} // namespace

TEST_SUITE("encoding") {
  TEST_CASE("a path that is no text is 400 on every route, and the node lives") {
    fake_node node;
    refuse_everything(node);
    for (auto& to : routes)
      for (auto& value : no_texts) {
        if (to.path.find("{}") == std::string::npos)
          continue;
        CAPTURE(to.method);
        CAPTURE(to.path);
        CAPTURE(value);
        CHECK(send(node, to, with_value(to.path, value), to.body, type_of(to)).status == 400);
      }
    check_that_all_live(node);
  }

  TEST_CASE("a query that is no text is 400 on every route, and the node lives") {
    fake_node node;
    refuse_everything(node);
    for (auto& to : routes)
      for (auto& value : no_texts)
        for (auto& query : {"?as_jurisdiction=" + value, "?a=b&" + value + "=c"}) {
          CAPTURE(to.method);
          CAPTURE(to.path);
          CAPTURE(query);
          auto path = with_value(to.path, "1") + query;
          CHECK(send(node, to, path, to.body, type_of(to)).status == 400);
        }
    check_that_all_live(node);
  }

  TEST_CASE("a form that is no text is 400 on every route, and the node lives") {
    fake_node node;
    refuse_everything(node);
    for (auto& [to, field] : forms)
      for (auto& value : no_texts) {
        const auto sent = to.path + ": " + field + "=" + value;
        CAPTURE(sent);
        auto type = "application/x-www-form-urlencoded";
        CHECK(send(node, to, to.path, field + "=" + value, type).status == 400);
        CHECK(send(node, to, to.path, "hub.mode=subscribe&" + value + "=1", type).status == 400);
      }
    check_that_all_live(node);
  }

  TEST_CASE("bytes that should have been encoded are 400 too, and the node lives") {
    fake_node node;
    refuse_everything(node);
    for (auto path : {"/message/AU:\xff", "/channel-message/\xe2\x82", "/message/AU:x?a=\xff",
                      "/operator/dead-letters/\xc0\xaf/drop"}) {
      CAPTURE(path);
      CHECK(ask(node.url(), std::string_view(path).ends_with("drop") ? "POST" : "GET", path,
                {{"Host", "127.0.0.1"}})
                .status == 400);
    }
    check_that_all_live(node);
  }

  TEST_CASE("a JSON body that is no text is 400, and the node lives") {
    fake_node node;
    refuse_everything(node);
    for (auto bytes : {"\xff", "\xe2\x82", "\xc0\xaf"}) {
      CAPTURE(bytes);
      auto body = "{\"id\": \"" + std::string(bytes) + "\", \"" + bytes + "\": 1}";
      CHECK(wire::post_json(node.url(), "/message", body).status == 400);
      CHECK(wire::post_json(node.url(), "/channel-message/x", body).status == 400);
      CHECK(wire::post_json(node.url(api::channel), "/messages", body).status == 400);
    }
    check_that_all_live(node);
  }

  TEST_CASE("text beyond ASCII is fine") {
    fake_node node;
    auto posted = wire::post_json(node.url(), "/message",
                                  message_json({{"sender_ref", "M\u00fcnchen \u20ac"}}));
    REQUIRE(posted.status == 201);
    auto x = ask(node.url(), "GET", "/message/AU:M%C3%BCnchen%20%e2%82%ac?as_jurisdiction=%C3%BC");
    CHECK(x.status == 200);
    CHECK(x.json() == posted.json());
    auto none = ask(node.url(), "GET", "/message/AU:%C3%BC");
    CHECK(none.status == 404);
    CHECK(none.error()["source"][0]["reference"] == "AU:\u00fc");
  }
}
