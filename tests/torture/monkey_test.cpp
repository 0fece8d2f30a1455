#include "tests/torture/monkey.hpp"

#include <doctest/doctest.h>

#include <map>
#include <set>

using namespace igl::torture;
using namespace std::chrono_literals;

namespace {

const victims three{{"node AU", "node CN", "node SG"},
                    {"endpoint a-AU", "endpoint a-CN", "endpoint a-SG", "endpoint b-AU"},
                    {"node AU", "node CN", "node SG", "endpoint a-SG"},
                    {"AU", "CN", "SG"}};

} // namespace

TEST_SUITE_BEGIN("monkey");

TEST_CASE("the same seed is the same plan, another seed another plan") {
  CHECK(plan(7, 5min, three) == plan(7, 5min, three));
  CHECK(plan(7, 5min, three) != plan(8, 5min, three));
}

TEST_CASE("a longer plan begins like a shorter one until the end of that is near") {
  auto shorter = plan(7, 5min, three), longer = plan(7, 10min, three);
  REQUIRE(shorter.size() > 50);
  for (size_t i = 0; i < shorter.size() && shorter[i].at + 40s < 5min; ++i)
    CHECK(shorter[i] == longer[i]);
}

TEST_CASE("everything is done in five minutes, in order, and is over in time") {
  for (uint64_t seed = 1; seed <= 50; ++seed) {
    std::set<act> done;
    auto before = 0ms;
    for (const auto& x : plan(seed, 5min, three)) {
      CHECK(x.at >= before);
      CHECK(x.at + x.lasts <= 5min);
      before = x.at;
      done.insert(x.what);
    }
    CHECK(done.size() == std::size(every_act));
  }
}

TEST_CASE("whoever is harmed is left alone until that is over, while others are harmed") {
  auto at_once = 0;
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    std::map<std::string, std::chrono::milliseconds> until;
    for (const auto& x : plan(seed, 10min, three)) {
      CHECK(x.at > until[x.whom]);
      for (const auto& [whom, end] : until)
        at_once += end > x.at;
      until[x.whom] = x.at + x.lasts;
    }
  }
  CHECK(at_once > 100);
}

TEST_CASE("some pauses outlast the thirty seconds after which a silent worker's job comes again") {
  auto longest = 0ms;
  for (const auto& x : plan(1, 60min, three))
    if (x.what == act::pause) {
      CHECK(x.lasts >= 1s);
      CHECK(x.lasts <= 40s);
      longest = std::max(longest, x.lasts);
    }
  CHECK(longest > 31s);
}

TEST_CASE("a plan without victims, or without time, is empty") {
  CHECK(plan(1, 5min, {}).empty());
  CHECK(plan(1, 1s, three).empty());
}

TEST_SUITE_END();
