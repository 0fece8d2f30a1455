#include "fake_node.hpp"

#include "messages/dead_letters.hpp"
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
  TEST_CASE("begins a backup, and tells how it goes") {
    fake_node node;
    node.answers->back_up = [](const back_up_ledger& x) -> caf::expected<backup_state> {
      if (x.folder != "/srv/backup" || x.who.find("127.0.0.1") == std::string::npos)
        return make_problem(errc::conflict, x.folder + " is there");
      backup_state begun;
      begun.state = "running";
      begun.folder = x.folder;
      return begun;
    };
    node.answers->backup = [](const backup_query&) -> caf::expected<backup_state> {
      backup_state done;
      done.state = "done";
      done.last_event = 17;
      return done;
    };
    auto begun = ask(node.url(), "POST", "/operator/backup", {}, R"({"folder": "/srv/backup"})");
    CHECK(begun.status == 202);
    CHECK(begun.json()["state"] == "running");
    CHECK(ask(node.url(), "POST", "/operator/backup", {}, R"({"folder": "/there"})").status == 409);
    for (auto body : {R"({"folder": 17})", "{}", "[]", "nonsense"})
      CHECK(ask(node.url(), "POST", "/operator/backup", {}, body).status == 400);
    CHECK(ask(node.url(), "GET", "/operator/backup").json()["last_event"] == 17);
  }

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

  TEST_CASE("an act of an operator says who did it, in plain text and not at length") {
    fake_node node;
    answer_everything(node);
    std::string heard;
    node.answers->drop = [&](const drop_dead_letter& x) -> caf::expected<settled> {
      heard = x.who;
      return settled{43};
    };
    auto drop = [&](const std::string& name) {
      CHECK(
          ask(node.url(), "POST", "/operator/dead-letters/7/drop", {{"X-Operator", name}}).status ==
          200);
      return heard;
    };
    CHECK(drop("alice@desk-7") == "alice@desk-7 at 127.0.0.1");
    CHECK(drop("") == "operator at 127.0.0.1");
    CHECK(drop("al\tice\x01\x7f\xff") == "alice at 127.0.0.1");
    CHECK(drop("J\u00f6rg") == "J\u00f6rg at 127.0.0.1");
    CHECK(drop(std::string(1000, 'x')) == std::string(64, 'x') + " at 127.0.0.1");
    CHECK(ask(node.url(), "POST", "/operator/dead-letters/7/drop").status == 200);
    CHECK(heard == "operator at 127.0.0.1");
  }

  TEST_CASE("counts dead letters by cause, lists those of a cause and shows one") {
    fake_node node;
    answer_everything(node);
    dead_letter_cause cause{stream::outbox, "no_channel", "SG"};
    node.answers->groups = [&](const find_dead_letter_groups& x) {
      found_dead_letter_groups found;
      dead_letter_group one;
      one.cause = cause;
      one.count = x.limit;
      found.groups = {one};
      found.next = x.after + x.limit;
      return caf::expected<found_dead_letter_groups>{found};
    };
    node.answers->letters = [&](const find_dead_letters& x) {
      found_dead_letters found;
      if (x.of && !(*x.of == cause))
        return caf::expected<found_dead_letters>{found};
      found.letters.resize(1);
      found.letters[0].number = x.after == 6 || x.after == 0 ? 7 : x.after + 5;
      found.letters[0].reason = "no_channel: none";
      found.letters[0].job.order.on = stream::outbox;
      if (x.of)
        found.next = 7;
      return caf::expected<found_dead_letters>{found};
    };
    node.answers->job = [](const find_job& x) {
      found_job found;
      if (x.id == "open") {
        found.job = open_job{};
        found.job->attempts = 2;
      }
      return caf::expected<found_job>{found};
    };
    auto groups = ask(node.url(), "GET", "/operator/dead-letters/groups?after=3&limit=4").json();
    CHECK(groups["groups"][0]["cause"]["code"] == "no_channel");
    CHECK(groups["groups"][0]["count"] == 4);
    CHECK(groups["next"] == 7);
    auto of = [&](const std::string& text) {
      return ask(node.url(), "GET", "/operator/dead-letters?cause=" + text);
    };
    CHECK(of("outbox%2Fno_channel%2FSG").json()["dead_letters"].size() == 1);
    CHECK(of("outbox%2Fno_channel%2FSG").json()["next"] == 7);
    CHECK(of("outbox%2Fno_channel%2FCN").json()["dead_letters"].empty());
    CHECK(of("nonsense").status == 400);
    auto shown = ask(node.url(), "GET", "/operator/dead-letters/7");
    CHECK(shown.status == 200);
    CHECK(shown.json()["number"] == 7);
    CHECK(shown.json()["cause"]["stream"] == "outbox");
    CHECK(!shown.json()["consequence"].get<std::string>().empty());
    CHECK(ask(node.url(), "GET", "/operator/dead-letters/9").status == 404);
    CHECK(ask(node.url(), "GET", "/operator/dead-letters/x").status == 400);
    CHECK(ask(node.url(), "GET", "/operator/jobs?id=open").json()["job"]["attempts"] == 2);
    CHECK(ask(node.url(), "GET", "/operator/jobs?id=closed").json()["open"] == false);
    CHECK(ask(node.url(), "GET", "/operator/jobs").status == 400);
  }

  TEST_CASE("shows the supervision tree to operators only") {
    fake_node node{fake_node::start::later};
    node.how.operator_token = "s3cret";
    node.open();
    node.answers->tree = [](const supervision_query&) {
      supervision_node root, leaf;
      leaf.name = "outbox-source";
      leaf.doing = "with multichannel-router: AU:17 for 3 s";
      leaf.mailbox = 12;
      root.name = "igl-node AU";
      root.children = {leaf};
      return caf::expected<supervision_node>{root};
    };
    CHECK(ask(node.url(), "GET", "/admin/tree").status == 401);
    auto tree = ask(node.url(), "GET", "/admin/tree", {{"Authorization", "Bearer s3cret"}}).json();
    CHECK(tree["children"][0]["mailbox"] == 12);
    CHECK(tree["children"][0]["doing"] == "with multichannel-router: AU:17 for 3 s");
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
