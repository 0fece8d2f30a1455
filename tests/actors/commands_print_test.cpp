#include "actors/commands/client_commands.hpp"
#include "actors/commands/dead_letter_commands.hpp"
#include "messages/dead_letters.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"
#include "tests/support/raw_server.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <map>
#include <mutex>
#include <sstream>
#include <vector>

using namespace igl;
using namespace igl::commands;
using nlohmann::json;

namespace {

/// What a stranger may write: a title for the window, colours, a line of its own, C1, the other
/// direction.
const std::string hostile = "\x1b]0;owned\x07\x1b[31mred\r\nFORGED line\u009b2J\u202egnp.exe\x7f";

/// A node that answers what a test says, by the start of `METHOD path`; the longest one counts.
struct told_node {
  std::map<std::string, std::string> answers;
  std::vector<std::string> asked;
  std::mutex guard;
  raw_server server{[this](int socket, int) {
    for (;;) {
      auto request = raw_server::read_request(socket);
      if (request.empty())
        return;
      auto line = request.substr(0, request.find(" HTTP/"));
      std::lock_guard lock{guard};
      asked.push_back(line);
      const std::string* best = nullptr;
      for (auto& [start, body] : answers)
        if (line.starts_with(start))
          best = &body;
      if (!best || !raw_server::write(socket, raw_server::ok(*best)))
        return;
    }
  }};
  node_client client{node_address{server.url, {}, {}}};
  std::ostringstream out, err;

  terminal plain() { return {out, err}; }
  terminal machine() { return {out, err, true}; }
};

/// Nothing in it but lines, and those are ours.
void check_steers_nothing(const std::string& printed) {
  CAPTURE(printed);
  CHECK(printed.find("FORGED") != std::string::npos);
  CHECK(printed.find("\nFORGED") == std::string::npos);
  for (unsigned char c : printed)
    CHECK((c >= 0x20 || c == '\n'));
  for (auto steering : {"\x7f", "\u009b", "\u202e"})
    CHECK(printed.find(steering) == std::string::npos);
}

event told(uint64_t number) {
  event x;
  x.number = number;
  x.what = event_kind::attempt_failed;
  x.about = "AU:1";
  x.detail = hostile;
  return x;
}

dead_letter letter(uint64_t number, const std::string& job) {
  dead_letter x;
  x.number = number;
  x.job.order.id = job;
  x.job.order.on = stream::outbox;
  x.job.order.about = "AU:1";
  x.job.order.body = "{}";
  x.reason = hostile;
  return x;
}

std::string events_of(std::vector<event> all) {
  return json{{"events", all}}.dump();
}

} // namespace

TEST_SUITE("what is printed for an operator") {
  TEST_CASE("what a stranger wrote is on one line and steers nothing") {
    CHECK(printable("Zürich, 東京 – 100 %") == "Zürich, 東京 – 100 %");
    CHECK(printable("a\nb\tc\x1b[0m\x7f") == "a b c [0m ");
    CHECK(printable("\u0085\u009b\u00a0") == "  \u00a0");
    CHECK(printable("\u202a\u202e\u2066\u2069\u200e\u200f\u061c\u2028") == "        ");
    CHECK(printable("a\xff\xc2z\xe2\x80") == "a??z??");
    CHECK(printable(std::string("\0", 1)) == " ");
  }

  TEST_CASE("JSON says the same in escapes") {
    json x{{"a", "\u009b\u202e\x7f\x1b\n"}};
    CHECK(json_text(x) == R"({"a":"\u009b\u202e\u007f\u001b\n"})");
    CHECK(json::parse(json_text(x)) == x);
    CHECK(json::parse(json_text(x, 2)) == x);
  }

  TEST_CASE("literals are ours, whatever else is a stranger's") {
    std::ostringstream to;
    const printer out{to};
    const char* pointed_at = "a\nb";
    out << "one\n" << std::string("t\nw\no") << '\n' << 3 << std::string_view("\x1b") << pointed_at;
    CHECK(to.str() == "one\nt w o\n3 a b");
  }

  TEST_CASE("igl message show") {
    told_node node;
    node.answers["GET /message/AU"] =
        json{{"sender", "AU"}, {"subject", hostile}, {"predicate", hostile}}.dump();
    REQUIRE(message_show(node.client, node.plain(), "AU:1") == 0);
    check_steers_nothing(node.out.str());
    CHECK(node.out.str().find("sender          AU\n") != std::string::npos);
    node.out.str("");
    REQUIRE(message_show(node.client, node.machine(), "AU:1") == 0);
    CHECK(json::parse(node.out.str())["subject"] == hostile);
    CHECK(node.out.str().find("\u202e") == std::string::npos);
  }

  TEST_CASE("igl trace") {
    told_node node;
    node.answers["GET /operator/events"] = events_of({told(1)});
    REQUIRE(trace(node.client, node.plain(), "AU:1") == 0);
    check_steers_nothing(node.out.str());
  }

  TEST_CASE("igl dead-letters show") {
    told_node node;
    node.answers["GET /operator/dead-letters/7"] = json(letter(7, "outbox/AU:1")).dump();
    node.answers["GET /operator/events"] = events_of({told(1)});
    REQUIRE(dead_letter_show(node.client, node.plain(), 7) == 0);
    check_steers_nothing(node.out.str());
    CHECK(node.out.str().starts_with("dead letter 7, died "));
  }

  TEST_CASE("igl status tells of the actors that are busy or have failed, the tree of all") {
    told_node node;
    node_status x;
    x.channels.push_back({"au-sg", "http", "http://sg", false, hostile, {}, {}, {}, 0});
    x.last_reload = {
        caf::timestamp{} + std::chrono::hours{1}, "me", reload_result::refused, {hostile}};
    auto actor = [](const std::string& name, const std::string& state) {
      supervision_node one;
      one.name = name;
      one.state = state;
      return one;
    };
    x.tree = actor("root", "running");
    x.tree.children = {actor("quiet", "running"), actor("failed", "running"),
                       actor("away", "restarting"), actor("slow", "running")};
    x.tree.children[1].last_error = hostile;
    x.tree.children[3].mailbox = 12;
    node.answers["GET /operator/status"] = json(x).dump();
    node.answers["GET /admin/tree"] = json(x.tree).dump();
    REQUIRE(status(node.client, node.plain()) == 0);
    auto said = node.out.str();
    check_steers_nothing(said);
    for (auto name : {"  failed  ", "  away  ", "  slow  ", "  of 5; igl status --tree"})
      CHECK(said.find(name) != std::string::npos);
    CHECK(said.find("quiet") == std::string::npos);
    node.out.str("");
    REQUIRE(tree(node.client, node.plain()) == 0);
    check_steers_nothing(node.out.str());
    CHECK(node.out.str().find("quiet") != std::string::npos);
  }

  TEST_CASE("a time that has not come is left out of the JSON") {
    node_status x;
    x.started = caf::timestamp{} + std::chrono::hours{1'000'000};
    x.channels.emplace_back();
    x.tree.children.emplace_back();
    auto text = json(x).dump();
    CHECK(text.find("1970") == std::string::npos);
    auto again = json::parse(text).get<node_status>();
    CHECK(json(again).dump() == text);
    CHECK(again.last_reload.at == caf::timestamp{});
  }

  TEST_CASE("a node that hangs up, or refuses without a reason, is told in whole sentences") {
    told_node node;
    CHECK(status(node.client, node.plain()) == 1);
    CHECK(node.err.str().find("igl status: peer_lost: ") == 0);
    http_request asked;
    asked.method = "GET";
    asked.url = "http://node/x";
    http_response refused;
    refused.status = 404;
    refused.body =
        R"({"errors": [{"title": "Not Found", "detail": "no such thing", "source": []}]})";
    CHECK(problem_of(error_in(asked, refused)).detail ==
          "GET http://node/x answered 404 Not Found: no such thing");
  }

  TEST_CASE("a replay of all tries one of each group first, and says what it does") {
    told_node node;
    std::vector<json> groups;
    for (auto [number, peer] : {std::pair{1, "SG"}, std::pair{11, "FR"}}) {
      dead_letter_group group;
      group.cause = {stream::outbox, "no_channel", peer};
      group.count = 2;
      group.first_number = static_cast<uint64_t>(number);
      groups.push_back(group);
      auto name = to_string(group.cause);
      node.answers["GET /operator/dead-letters?limit=1000&after=0&cause=" + percent_encode(name)] =
          json{{"dead_letters",
                {letter(group.first_number, "a" + std::to_string(number)),
                 letter(group.first_number + 1, "b" + std::to_string(number))}}}
              .dump();
    }
    node.answers["GET /operator/dead-letters/groups"] = json{{"groups", groups}}.dump();
    node.answers["GET /operator/dead-letters?"] = R"({"dead_letters": []})";
    node.answers["POST /operator/dead-letters/"] = R"({"number": 1, "version": 1})";
    node.answers["GET /operator/jobs"] = R"({"open": false})";
    dead_letter_options all;
    all.all = true;
    CHECK(dead_letter_replay(node.client, node.plain(), all) == 0);
    std::vector<std::string> replayed;
    for (auto& line : node.asked)
      if (line.starts_with("POST "))
        replayed.push_back(line);
    CHECK(replayed == std::vector<std::string>{"POST /operator/dead-letters/1/replay",
                                               "POST /operator/dead-letters/11/replay",
                                               "POST /operator/dead-letters/2/replay",
                                               "POST /operator/dead-letters/12/replay"});
    CHECK(node.err.str() == "outbox/no_channel/SG: 2 letters, one of them first\n"
                            "outbox/no_channel/FR: 2 letters, one of them first\n");
    CHECK(node.out.str() == "outbox/no_channel/SG: 2 of 2 replayed, 2 done, 0 failed again\n"
                            "outbox/no_channel/FR: 2 of 2 replayed, 2 done, 0 failed again\n");
  }
}
