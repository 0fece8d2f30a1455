#include "tests/system/world.hpp"

#include "messages/multihash.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace igl;
using namespace igl::system_tests;

TEST_SUITE_BEGIN("dead letters");

TEST_CASE("an operator finds out why jobs died, has them done again, and gives one up") {
  network_options how;
  how.node_settings = "[retry.object-retrieval]\nattempts = 1\n";
  world w{std::move(how)};
  REQUIRE_FALSE(w.start());
  auto au = w.network.node("AU").url;
  auto sg = w.network.node("SG").url;
  auto dead_letters = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "dead-letters");
    arguments.insert(arguments.end(), {"--node", sg});
    return run_igl(std::move(arguments));
  };
  auto send = [&](const std::string& number, const std::string& document) {
    auto sent = run_igl({"message", "send", "--to", "SG", "--subject", "AU.abn.1", "--obj",
                         document, "--predicate", "UN.CEFACT.Trade.CertificateOfOrigin.created",
                         "--ref", number, "--node", au});
    REQUIRE_MESSAGE(sent.status == 0, sent.out);
  };
  auto say = [](const ran& x, const std::string& part) {
    CHECK_MESSAGE(x.out.find(part) != std::string::npos, part << " is not in\n" << x.out);
  };

  // Documents that AU does not have (yet).
  const std::string late = "{\"iD\": \"late\"}\n";
  for (auto number : {"1", "2", "3"})
    send(number, multihash_of(late));
  REQUIRE(eventually([&] { return dead_letters({}).out.rfind("3  object-retrieval/", 0) == 0; }));
  auto groups = dead_letters({});
  auto group = groups.out.substr(3, groups.out.find("  ", 3) - 3);

  auto shown = dead_letters({"show", "1"});
  CHECK(shown.status == 0);
  say(shown, "will never be fetched from AU, and SG cannot read it here");
  say(shown, "group       " + group);
  say(shown, "what happened to AU:");

  auto again = dead_letters({"replay", "--group", group});
  CHECK(again.status == 1);
  say(again,
      "1 of 3 replayed, 0 done, 1 failed again; stopped, the others are left: the first one");

  auto file = w.folder.path() + "/late.json";
  std::ofstream(file) << late;
  REQUIRE(run_igl({"document", "put", file, "--for", "SG", "--node", au}).status == 0);
  again = dead_letters({"replay", "--group", group, "--rate", "100"});
  CHECK(again.status == 0);
  say(again, "3 of 3 replayed, 3 done, 0 failed again");
  CHECK(dead_letters({}).out == "no dead letters\n");

  send("4", multihash_of("never"));
  REQUIRE(eventually([&] { return dead_letters({}).out.rfind("1  object-retrieval/", 0) == 0; }));
  // Nobody sits at the terminal of a test.
  auto refused = dead_letters({"drop", "--group", group});
  CHECK(refused.status == 2);
  say(refused, "--yes");
  CHECK(dead_letters({}).out != "no dead letters\n");
  auto dropped = dead_letters({"drop", "--group", group, "--yes"});
  CHECK(dropped.status == 0);
  say(dropped, "will never be fetched from AU");
  say(dropped, "1 dead letter dropped; their jobs will never be done");
  CHECK(dead_letters({}).out == "no dead letters\n");
  auto trace = run_igl({"trace", "AU:4", "--node", sg});
  say(trace, "a dead letter was dropped");
  say(trace, "@");
  say(trace, " at 127.0.0.1");
}

TEST_SUITE_END();
