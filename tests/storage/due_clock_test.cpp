#include "storage/due_clock.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;

namespace {

constexpr caf::timestamp noon{caf::timespan{1'700'000'000'000'000'000}};

} // namespace

TEST_SUITE("due clock") {
  TEST_CASE("hands out a later time to each transaction while the clock stands still") {
    due_clock clock({}, noon);
    auto first = clock.begin_write(noon);
    clock.end_write(first);
    auto second = clock.begin_write(noon);
    CHECK(first >= noon);
    CHECK(second > first);
  }

  TEST_CASE("hands out a time behind every look") {
    due_clock clock({}, noon);
    auto seen = clock.look(noon, noon);
    CHECK(seen >= noon);
    CHECK(clock.begin_write(noon) > seen);
  }

  TEST_CASE("holds readers before what a transaction in progress hands out") {
    due_clock clock({}, noon);
    auto given = clock.begin_write(noon);
    CHECK(clock.look(noon + 1s, noon + 1s) < given);
    clock.end_write(given);
    CHECK(clock.look(noon + 1s, noon + 1s) >= given);
  }

  TEST_CASE("holds readers before the earliest of several transactions") {
    due_clock clock({}, noon);
    auto first = clock.begin_write(noon);
    auto second = clock.begin_write(noon);
    auto third = clock.begin_write(noon);
    CHECK(clock.look(noon + 1s, noon + 1s) < first);
    clock.end_write(second);
    CHECK(clock.look(noon + 1s, noon + 1s) < first);
    clock.end_write(first);
    CHECK(clock.look(noon + 1s, noon + 1s) >= second);
    CHECK(clock.look(noon + 1s, noon + 1s) < third);
    clock.end_write(third);
    CHECK(clock.look(noon + 1s, noon + 1s) >= third);
  }

  TEST_CASE("shows at once what was handed out although the clock was set back") {
    due_clock clock({}, noon);
    clock.look(noon, noon);
    auto given = clock.begin_write(noon - 1h);
    clock.end_write(given);
    CHECK(given > noon);
    CHECK(clock.look(noon - 1h, noon - 1h) >= given);
    CHECK(clock.ahead_of_clock() >= 1h);
  }

  TEST_CASE("goes on with the clock's pace after the clock was set back") {
    due_clock clock(noon, noon - 1h);
    auto before = clock.look(noon - 1h, noon - 1h);
    CHECK(clock.look(noon - 1h + 5s, noon - 1h + 5s) == before + 5s);
  }

  TEST_CASE("lets a look into the future through without moving the present") {
    due_clock clock({}, noon);
    CHECK(clock.look(caf::timestamp::max(), noon) == caf::timestamp::max());
    CHECK(clock.begin_write(noon) < noon + 1s);
  }
}
