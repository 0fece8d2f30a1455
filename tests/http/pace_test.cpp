#include "http/pace.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;

TEST_SUITE("pace") {
  TEST_CASE("who knows nothing says one second") {
    pace x;
    pace::moment start{};
    CHECK(x.time_for(0, start) == 1s);
    x.begin(start);
    CHECK(x.time_for(1000, start) == 1s);
  }

  TEST_CASE("what is ahead takes as long as the last seconds show") {
    pace x;
    pace::moment now{};
    x.begin(now);
    for (int i = 0; i < 1000; ++i)
      x.done(now += 10ms); // 100 per second
    CHECK(x.time_for(100, now) == 1s);
    CHECK(x.time_for(950, now) == 10s);
    CHECK(x.time_for(100'000, now) == 30s);
  }

  TEST_CASE("a burst after a long silence is judged by itself") {
    pace x;
    pace::moment now{};
    x.begin(now);
    x.done(now += 1s);
    x.begin(now += 1h);
    for (int i = 0; i < 50; ++i)
      x.done(now += 1ms); // 1,000 per second
    CHECK(x.time_for(3000, now) >= 2s);
    CHECK(x.time_for(3000, now) <= 4s);
  }

  TEST_CASE("the longer nothing is done the longer it will take") {
    pace x;
    pace::moment start{};
    x.begin(start);
    CHECK(x.time_for(1, start + 5s) == 5s);
    CHECK(x.time_for(1, start + 1h) == 30s);
    x.done(start + 1h);
    CHECK(x.time_for(1, start + 1h) == 5s);
  }
}
