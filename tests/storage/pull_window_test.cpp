#include "storage/pull_window.hpp"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using igl::pull_window;

TEST_SUITE_BEGIN("pull window");

namespace {

constexpr auto start = pull_window::clock::time_point{1000s};

pull_window window_of(uint32_t credit) {
  return pull_window{{credit, 10s, 30s, 4s}};
}

} // namespace

TEST_CASE("asks for its whole credit at once, and for nothing more") {
  auto x = window_of(8);
  CHECK(x.next(start) == 8);
  CHECK(x.next(start) == 0);
  CHECK(x.asked() == 8);
}

TEST_CASE("a job with the worker uses up credit until it is settled") {
  auto x = window_of(2);
  CHECK(x.next(start) == 2);
  CHECK(x.arrived("a", start) == pull_window::arrival::taken);
  CHECK(x.arrived("b", start) == pull_window::arrival::taken);
  CHECK(x.in_flight() == 2);
  CHECK(x.next(start) == 0);
  CHECK(x.settled("a"));
  CHECK(x.next(start) == 1);
}

TEST_CASE("settling what it does not know gives no credit back") {
  auto x = window_of(1);
  x.next(start);
  x.arrived("a", start);
  CHECK(!x.settled("b"));
  CHECK(x.next(start) == 0);
}

TEST_CASE("refuses a job beyond its credit") {
  auto x = window_of(1);
  x.next(start);
  CHECK(x.arrived("a", start) == pull_window::arrival::taken);
  CHECK(x.arrived("b", start) == pull_window::arrival::refused);
  CHECK(x.in_flight() == 1);
}

TEST_CASE("while others are asked for, a few free places wait for more") {
  auto x = window_of(100);
  x.next(start);
  for (auto i = 0; i < 30; ++i)
    x.arrived(std::to_string(i), start);
  for (auto i = 0; i < 24; ++i)
    x.settled(std::to_string(i));
  CHECK(x.next(start) == 0);
  x.settled("24");
  CHECK(x.next(start) == 25);
}

TEST_CASE("a request that ended early is asked for again") {
  auto x = window_of(10);
  x.next(start);
  x.arrived("a", start);
  x.ended(9);
  CHECK(x.asked() == 0);
  CHECK(x.next(start) == 9);
  x.ended(50); // more than it can have owed
  CHECK(x.asked() == 0);
}

TEST_CASE("a job that is overdue gives its credit back, unless it is kept alive") {
  auto x = window_of(2);
  x.next(start);
  x.arrived("a", start);
  x.arrived("b", start);
  x.kept_alive("b", start + 5s);
  x.tick(start + 10s);
  CHECK(x.in_flight() == 1);
  CHECK(x.next(start + 10s) == 1);
  CHECK(!x.settled("a"));
  CHECK(x.settled("b"));
}

TEST_CASE("a silent server is asked again, one that is heard is not") {
  auto x = window_of(5);
  x.next(start);
  x.heard(start + 3s);
  x.tick(start + 6s);
  CHECK(x.next(start + 6s) == 0);
  x.tick(start + 8s);
  CHECK(x.next(start + 8s) == 5);
  x.tick(start + 9s); // the new request has not been waiting for long
  CHECK(x.asked() == 5);
}

TEST_CASE("when every request must have ended, the count starts afresh") {
  auto x = window_of(5);
  x.next(start);
  for (auto t = start; t < start + 34s; t += 1s)
    x.heard(t);
  x.heard(start + 35s);
  x.tick(start + 35s);
  CHECK(x.asked() == 0);
}

TEST_CASE("a broken connection takes the requests, not the jobs with the worker") {
  auto x = window_of(5);
  x.next(start);
  x.arrived("a", start);
  x.forget_requests();
  CHECK(x.in_flight() == 1);
  CHECK(x.next(start) == 4);
}

TEST_SUITE_END();
