#include "actors/call_book.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;

namespace {

const caf::timestamp now{1h};

process_settings settings_of(uint32_t per_url, uint32_t failures = 3) {
  process_settings x;
  x.callbacks_per_url = per_url;
  x.breaker_failures = failures;
  x.breaker_pause = 30s;
  x.jobs_in_flight = 8;
  return x;
}

callee at(const std::string& path, const std::string& origin = "http://host") {
  return callee_at(origin + path, origin);
}

struct book {
  std::shared_ptr<call_book> calls;
  explicit book(const process_settings& x) : calls(std::make_shared<call_book>(x)) {}

  bool deliver(const callee& whom, call_end how, caf::timestamp when = now) {
    auto permit = calls->to_deliver(whom, when).permit;
    if (permit)
      permit->ended(how, when);
    return permit != nullptr;
  }
  bool ask(const callee& whom, caf::timestamp when = now) {
    return calls->to_ask(whom, when).permit != nullptr;
  }
};

} // namespace

TEST_SUITE_BEGIN("call book");

TEST_CASE("a URL that has trouble is left alone, and no other at its host") {
  book x{settings_of(0)};
  for (int i = 0; i < 3; ++i)
    CHECK(x.deliver(at("/down"), call_end::failing));
  auto no = x.calls->to_deliver(at("/down"), now);
  REQUIRE(!no.permit);
  CHECK(no.refusal.until == now + 30s);
  CHECK(no.refusal.has_failed);
  CHECK(!x.ask(at("/down#again")));
  CHECK(x.deliver(at("/up"), call_end::answered));
  CHECK(x.ask(at("/up")));
}

TEST_CASE("a host that does not answer is left alone with everything on it, and no other host") {
  book x{settings_of(0)};
  for (auto path : {"/1", "/2", "/3"})
    CHECK(x.deliver(at(path), call_end::silent));
  CHECK(!x.deliver(at("/4"), call_end::answered));
  CHECK(!x.ask(at("/4")));
  CHECK(x.deliver(at("/4", "http://other"), call_end::answered));
  SUBCASE("after the pause one call tries, for all") {
    CHECK(x.deliver(at("/4"), call_end::answered, now + 30s));
    CHECK(x.deliver(at("/5"), call_end::answered, now + 30s));
  }
  SUBCASE("an answer that tells of trouble is an answer") {
    CHECK(x.deliver(at("/4"), call_end::failing, now + 30s));
    CHECK(x.deliver(at("/5"), call_end::answered, now + 30s));
  }
}

TEST_CASE("a URL that is refused does not use up the one call that tries its host") {
  book x{settings_of(0)};
  for (int i = 0; i < 3; ++i)
    CHECK(x.deliver(at("/" + std::to_string(i)), call_end::silent));
  // A call of before the pause ends late.
  auto permit = x.calls->to_deliver(at("/down"), now + 30s).permit;
  REQUIRE(permit);
  for (int i = 0; i < 3; ++i)
    permit->ended(call_end::failing, now + 40s);
  for (int i = 0; i < 3; ++i)
    permit->ended(call_end::silent, now + 41s);
  permit->ended(call_end::failing, now + 50s);
  CHECK(!x.deliver(at("/down"), call_end::answered, now + 79s));
  CHECK(x.deliver(at("/up"), call_end::answered, now + 79s));
}

TEST_CASE("deliveries and questions count together for a URL, questions for its host, too") {
  book x{settings_of(3)};
  CHECK(x.deliver(at("/1"), call_end::answered));
  CHECK(x.ask(at("/1")));
  CHECK(x.ask(at("/1")));
  auto no = x.calls->to_ask(at("/1"), now);
  REQUIRE(!no.permit);
  CHECK(no.refusal.until == now + callback_pace::window);
  CHECK(!no.refusal.has_failed);
  CHECK(!x.deliver(at("/1"), call_end::answered));
  CHECK(x.ask(at("/2?a")));
  CHECK(!x.ask(at("/2?b")));
  CHECK(x.deliver(at("/2?b"), call_end::answered));
  CHECK(x.ask(at("/2?b", "http://other")));
  CHECK(x.ask(at("/2?b"), now + callback_pace::window));
}

TEST_CASE("hosts that did not answer use a part of the places, the others all") {
  book x{settings_of(0, 100)};
  auto host = [](int i) {
    return at("/", "http://host" + std::to_string(i));
  };
  for (int i = 0; i < 3; ++i)
    CHECK(x.deliver(host(i), call_end::silent));
  auto first = x.calls->to_deliver(host(0), now).permit;
  auto second = x.calls->to_ask(host(1), now).permit;
  CHECK(first);
  CHECK(second);
  auto third = x.calls->to_deliver(host(2), now);
  REQUIRE(!third.permit);
  CHECK(!third.refusal.has_failed);
  CHECK(x.deliver(host(9), call_end::answered));
  // Nobody heard how it ended: the place is free all the same.
  first.reset();
  CHECK(x.deliver(host(2), call_end::answered));
}

TEST_CASE("what waits comes back spread out") {
  call_refusal x{now, 10s, "", false};
  CHECK(back_at(x, 0) == now);
  CHECK(back_at(x, 0.5) == now + 5s);
}

TEST_CASE("our own bounds say nothing of a host") {
  CHECK(call_end_of(make_problem(errc::peer_timeout)) == call_end::silent);
  CHECK(call_end_of(make_problem(errc::peer_unreachable)) == call_end::silent);
  CHECK(call_end_of(make_problem(errc::peer_busy)) == call_end::unknown);
  CHECK(call_end_of(make_problem(errc::forbidden)) == call_end::unknown);
  CHECK(call_end_of(http_response{503, {}, {}}) == call_end::failing);
  CHECK(call_end_of(http_response{429, {}, {}}) == call_end::failing);
  CHECK(call_end_of(http_response{404, {}, {}}) == call_end::answered);
}

TEST_SUITE_END();
