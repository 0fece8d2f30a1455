#include "actors/callback_pace.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("callback pace");

TEST_CASE("admits so many to a URL within ten seconds, and others beside it") {
  callback_pace x{2};
  caf::timestamp now{1h};
  CHECK(!x.full_until("a", now));
  CHECK(!x.full_until("a", now + 9s));
  CHECK(x.full_until("a", now + 9999ms).value_or(now) == now + 10s);
  CHECK(!x.full_until("b", now + 9999ms));
  CHECK(!x.full_until("a", now + 10s));
  // Any ten seconds, not those from ten to twenty.
  CHECK(x.full_until("a", now + 11s).value_or(now) == now + 19s);
}

TEST_CASE("a clock that is set back holds nobody up") {
  callback_pace x{1};
  CHECK(!x.full_until("a", caf::timestamp{1h}));
  CHECK(!x.full_until("a", caf::timestamp{30min}));
}

TEST_CASE("0 admits everything and remembers nothing") {
  callback_pace x{0};
  for (int i = 0; i < 1000; ++i)
    CHECK(!x.full_until("a", caf::timestamp{1h}));
  CHECK(x.remembered() == 0);
}

TEST_CASE("forgets who was not called for a while") {
  callback_pace x{1};
  for (int i = 0; i < 100'000; ++i)
    CHECK(!x.full_until(std::to_string(i), caf::timestamp{1h} + i * 1ms));
  CHECK(x.remembered() <= 30'000);
}

TEST_CASE("to look is no call") {
  callback_pace x{1};
  const caf::timestamp at{std::chrono::hours{1}};
  CHECK(!x.next_at("a", at));
  CHECK(!x.next_at("a", at));
  CHECK(!x.full_until("a", at));
  CHECK(x.next_at("a", at).value_or(at) == at + callback_pace::window);
  CHECK(!x.next_at("a", at + callback_pace::window));
  CHECK(!callback_pace{0}.next_at("a", at));
}

TEST_SUITE_END();
