#include "fake_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using wire::ask;

namespace {

void answer_everything(fake_node& node) {
  node.answers->status = [](const node_status_query&) {
    node_status x;
    x.service = "igl-node";
    x.name = "AU";
    return caf::expected<node_status>{x};
  };
  node.answers->events = [](const find_events& x) -> caf::expected<found_events> {
    event one;
    one.number = x.after + 1;
    one.about = x.about;
    one.detail = std::to_string(x.limit);
    return found_events{{one}};
  };
  node.answers->letters = [](const find_dead_letters& x) -> caf::expected<found_dead_letters> {
    dead_letter one;
    one.number = x.after + 1;
    return found_dead_letters{{one}};
  };
  node.answers->reload = [](const reload_configuration& x) -> caf::expected<configuration_reload> {
    return configuration_reload{{}, x.who, reload_result::refused, {"node.toml:3:1: wrong"}};
  };
  node.answers->replay = [](const replay_dead_letter& x) -> caf::expected<settled> {
    if (x.number != 7)
      return make_problem(errc::not_found);
    return settled{42};
  };
  node.answers->drop = [](const drop_dead_letter& x) -> caf::expected<settled> {
    if (x.number != 7 || x.who.find("127.0.0.1") == std::string::npos)
      return make_problem(errc::not_found);
    return settled{43};
  };
}

} // namespace

TEST_SUITE("operator API") {
  TEST_CASE("tells what came of a reload, a refusal as a conflict in the same form") {
    fake_node node;
    answer_everything(node);
    auto refused = ask(node.url(), "POST", "/operator/reload");
    CHECK(refused.status == 409);
    CHECK(refused.json()["result"] == "refused");
    CHECK(refused.json()["said"][0] == "node.toml:3:1: wrong");
    CHECK(refused.json()["who"] == "operator at 127.0.0.1");
    node.answers->reload = [](const reload_configuration&) -> caf::expected<configuration_reload> {
      return configuration_reload{{}, "x", reload_result::reloaded, {}};
    };
    CHECK(ask(node.url(), "POST", "/operator/reload").status == 200);
    node.answers->reload = [](const reload_configuration&) -> caf::expected<configuration_reload> {
      return make_problem(errc::conflict, "an endpoint");
    };
    CHECK(ask(node.url(), "POST", "/operator/reload").json()["errors"][0]["detail"] ==
          "an endpoint");
    CHECK(ask(node.url(), "GET", "/operator/reload").status == 405);
  }

  TEST_CASE("shows status, events and dead letters") {
    fake_node node;
    answer_everything(node);
    CHECK(ask(node.url(), "GET", "/operator/status").json()["name"] == "AU");
    auto events = ask(node.url(), "GET", "/operator/events?about=AU%3A17&after=5&limit=9").json();
    REQUIRE(events["events"].size() == 1);
    CHECK(events["events"][0]["number"] == 6);
    CHECK(events["events"][0]["about"] == "AU:17");
    CHECK(events["events"][0]["detail"] == "9");
    CHECK(ask(node.url(), "GET", "/operator/events").json()["events"][0]["number"] == 1);
    auto letters = ask(node.url(), "GET", "/operator/dead-letters?after=3").json();
    CHECK(letters["dead_letters"][0]["number"] == 4);
    CHECK(ask(node.url(), "GET", "/operator/events?after=x").status == 400);
    CHECK(ask(node.url(), "GET", "/operator/dead-letters?limit=-1").status == 400);
  }

  TEST_CASE("replays and drops a dead letter by its number") {
    fake_node node;
    answer_everything(node);
    auto x = ask(node.url(), "POST", "/operator/dead-letters/7/replay");
    CHECK(x.status == 200);
    CHECK(x.json()["version"] == 42);
    CHECK(ask(node.url(), "POST", "/operator/dead-letters/7/drop").json()["version"] == 43);
    CHECK(ask(node.url(), "POST", "/operator/dead-letters/8/replay").status == 404);
    CHECK(ask(node.url(), "POST", "/operator/dead-letters/x/replay").status == 400);
    CHECK(ask(node.url(), "GET", "/operator/dead-letters/7/replay").status == 405);
    CHECK(ask(node.url(), "POST", "/operator/dead-letters/7/other").status == 404);
  }

  TEST_CASE("a web page on this host may not operate") {
    fake_node node;
    answer_everything(node);
    auto x = ask(node.url(), "POST", "/operator/dead-letters/7/drop",
                 {{"Origin", "http://evil.example"}});
    CHECK(x.status == 403);
  }

  TEST_CASE("without a token, nobody may operate who comes through a proxy") {
    fake_node node;
    answer_everything(node);
    for (auto name : {"Forwarded", "X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto",
                      "X-Real-IP", "Via"}) {
      CAPTURE(name);
      auto x = ask(node.url(), "POST", "/operator/dead-letters/7/drop", {{name, "for=127.0.0.1"}});
      CHECK(x.status == 403);
      CHECK(x.error()["detail"].get<std::string>().find("operator.token") != std::string::npos);
      CHECK(x.error()["source"][0] == name);
    }
    CHECK(
        ask(node.url(), "POST", "/operator/dead-letters/7/drop", {{"X-Request-ID", "1"}}).status ==
        200);
  }

  TEST_CASE("without a token, nobody may operate who thinks that this host has another name") {
    fake_node node;
    answer_everything(node);
    auto at = [&](const std::string& host) {
      return ask(node.url(), "GET", "/operator/status", {{"Host", host}}).status;
    };
    for (auto host : {"127.0.0.1", "127.0.0.1:5100", "127.1.2.3", "localhost", "LocalHost:5100",
                      "[::1]", "[::1]:5100"}) {
      CAPTURE(host);
      CHECK(at(host) == 200);
    }
    for (auto host :
         {"", "evil.example", "evil.example:5100", "127.0.0.1.evil.example",
          "localhost.evil.example", "127.0.0.1@evil.example", "10.0.0.1", "[::2]", "[", "::1"}) {
      CAPTURE(host);
      CHECK(at(host) == 403);
    }
  }

  TEST_CASE("with a token, who has it may operate through a proxy and under any name") {
    fake_node node{fake_node::start::later};
    node.how.operator_token = "s3cret";
    node.open();
    answer_everything(node);
    CHECK(ask(node.url(), "GET", "/operator/status",
              {{"Host", "igl.example"},
               {"Authorization", "Bearer s3cret"},
               {"X-Forwarded-For", "10.0.0.1"},
               {"Via", "1.1 proxy"}})
              .status == 200);
  }

  TEST_CASE("with a token, only who has it may operate") {
    fake_node node{fake_node::start::later};
    node.how.operator_token = "s3cret";
    node.open();
    answer_everything(node);
    auto with = [&](const std::string& authorization) {
      return ask(node.url(), "GET", "/operator/status", {{"Authorization", authorization}});
    };
    CHECK(with("Bearer s3cret").status == 200);
    CHECK(with("bearer s3cret").status == 200);
    for (auto wrong : {"", "Bearer", "Bearer s3cre", "Bearer s3cretx", "Basic s3cret", "s3cret"}) {
      CAPTURE(wrong);
      auto x = with(wrong);
      CHECK(x.status == 401);
      CHECK(x.field("WWW-Authenticate") == "Bearer");
    }
    CHECK(ask(node.url(), "POST", "/operator/dead-letters/7/drop").status == 401);
  }
}
