#include "tests/system/world.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::system_tests;

TEST_SUITE_BEGIN("recorded stories");

TEST_CASE(
    "what happened at a running node is recorded as a story, and happens again in a simulation") {
  world w;
  auto failed = w.start();
  REQUIRE_MESSAGE(!failed, sentence_of(failed));
  auto& au = w.network.node("AU").url;
  auto promised = post_messages(au, "r", 3, std::chrono::seconds{30});
  REQUIRE(promised.size() == 3);
  REQUIRE(eventually([&] { return all_have(au, promised, "accepted"); }));

  auto all = run_igl({"scenario", "record", "--from", au});
  CHECK_MESSAGE(all.status == 0, all.out);
  for (auto& reference : promised)
    CHECK(all.out.find("AU posts " + reference + " to SG") != std::string::npos);

  auto one = run_igl({"scenario", "record", "--from", au, "--message", "AU:" + *promised.begin()});
  REQUIRE_MESSAGE(one.status == 0, one.out);
  auto played = run_igl({"scenario", "run", w.folder.write("one.scenario", one.out)});
  CHECK_MESSAGE(played.status == 0, one.out, played.out);

  auto none = run_igl({"scenario", "record", "--from", au, "--message", "AU:nobody"});
  CHECK(none.status == 1);
  CHECK(none.out.find("does not know AU:nobody") != std::string::npos);
}

TEST_SUITE_END();
