#include "actors/callback_breaker.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;
using outcome = callback_breaker::outcome;

namespace {

const caf::timestamp now{1h};

callback_breaker broken(uint32_t failures = 3) {
  callback_breaker x{failures, 30s};
  for (uint32_t i = 0; i < failures; ++i)
    x.ended("a", outcome::failed, now);
  return x;
}

} // namespace

TEST_SUITE_BEGIN("callback breaker");

TEST_CASE("leaves a host alone after so many failures in a row, and no other") {
  callback_breaker x{3, 30s};
  for (int i = 0; i < 3; ++i) {
    CHECK(!x.open_until("a", now));
    x.ended("a", outcome::failed, now);
  }
  CHECK(x.open_until("a", now).value_or(now) == now + 30s);
  CHECK(x.open_until("a", now + 29s));
  CHECK(!x.open_until("b", now));
}

TEST_CASE("an answer in between begins anew") {
  callback_breaker x{3, 30s};
  for (auto how :
       {outcome::failed, outcome::failed, outcome::answered, outcome::failed, outcome::failed})
    x.ended("a", how, now);
  CHECK(!x.open_until("a", now));
  x.ended("a", outcome::failed, now);
  CHECK(x.open_until("a", now));
}

TEST_CASE("after the pause one call tries, and decides for all") {
  auto x = broken();
  CHECK(!x.open_until("a", now + 30s));
  CHECK(x.open_until("a", now + 30s));
  SUBCASE("answered: it is called as before") {
    x.ended("a", outcome::answered, now + 31s);
    CHECK(!x.open_until("a", now + 31s));
    CHECK(x.remembered() == 0);
  }
  SUBCASE("failed: it is left alone again") {
    x.ended("a", outcome::failed, now + 31s);
    CHECK(x.open_until("a", now + 31s).value_or(now) == now + 61s);
  }
  SUBCASE("nobody heard: another one tries") {
    CHECK(!x.open_until("a", now + 60s));
  }
}

TEST_CASE("a clock that is set back leaves nobody alone for longer") {
  auto x = broken();
  CHECK(!x.open_until("a", now - 30min));
}

TEST_CASE("to look is no call") {
  auto x = broken();
  CHECK(x.left_alone_until("a", now + 29s).value_or(now) == now + 30s);
  CHECK(!x.left_alone_until("a", now + 30s));
  CHECK(!x.left_alone_until("a", now + 30s));
  CHECK(!x.open_until("a", now + 30s));
  CHECK(x.left_alone_until("a", now + 30s));
  CHECK(x.has_failed("a"));
  CHECK(!x.has_failed("b"));
}

TEST_CASE("hosts that nobody calls any more are forgotten") {
  callback_breaker x{3, 30s};
  for (int i = 0; i < 100'000; ++i)
    x.ended("host " + std::to_string(i), outcome::failed, now + i * 100ms);
  CHECK(x.remembered() <= 2048);
  auto y = broken();
  for (int i = 0; i < 100'000; ++i)
    y.ended("host " + std::to_string(i), outcome::failed, now + 10s);
  CHECK(y.open_until("a", now + 29s));
}

TEST_CASE("0 leaves nobody alone and remembers nobody") {
  callback_breaker x{0, 30s};
  for (int i = 0; i < 100; ++i)
    x.ended("a", outcome::failed, now);
  CHECK(!x.open_until("a", now));
  CHECK(x.remembered() == 0);
}

TEST_SUITE_END();
