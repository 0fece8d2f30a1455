#include "http/connection_watch.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <functional>

using namespace igl;
using namespace std::chrono_literals;

namespace {

/// Connections as a test sets them, looked at once per second.
struct world {
  connection_watch watch;
  std::map<int, connection_sight> seen;
  std::map<std::string, uint32_t> waiting;
  std::map<std::string, std::vector<uint64_t>> arriving;
  std::map<std::string, uint32_t> in_flight;
  connection_watch::moment now{};

  explicit world(uint32_t connections = 100, uint32_t per_address = 0, uint64_t unclaimed = 0)
      : watch({connections, std::chrono::seconds{10}, 256, per_address, unclaimed}) {}

  explicit world(connection_watch::limits how) : watch(how) {}

  connection_sight& connect(int key, const std::string& address = "10.0.0.1") {
    seen[key] = {address + " " + std::to_string(key), address, 0, 0, false};
    return seen[key];
  }
  std::vector<int> look() {
    now += 1s;
    auto ended = watch.judge(seen, {waiting, arriving, in_flight}, now);
    std::sort(ended.begin(), ended.end());
    return ended;
  }
  /// The second, from the next on, at which something is ended; 0: never within a minute.
  int ends_after(const std::function<void()>& each_second) {
    for (int second = 1; second <= 60; ++second) {
      each_second();
      if (!look().empty())
        return second;
    }
    return 0;
  }
};

} // namespace

TEST_SUITE("connection watch") {
  TEST_CASE("ends a connection that is idle") {
    world x;
    x.connect(1);
    CHECK(x.ends_after([] {}) == 11);
  }

  TEST_CASE("keeps a connection on which requests are answered, however small and rare") {
    world x;
    auto& line = x.connect(1);
    int second = 0;
    CHECK(x.ends_after([&] {
      if (++second % 9 == 0) {
        line.received += 50;
        line.sent += 100;
      }
    }) == 0);
  }

  TEST_CASE("ends a request that comes letter by letter") {
    world x;
    auto& line = x.connect(1);
    CHECK(x.ends_after([&] { line.received += 1; }) == 11);
  }

  TEST_CASE("keeps an upload that is steady") {
    world x;
    auto& line = x.connect(1);
    CHECK(x.ends_after([&] { line.received += 1000; }) == 0);
  }

  TEST_CASE("keeps a slow reader as long as it reads, and ends one that stopped") {
    world x;
    auto& line = x.connect(1);
    line.unsent = true;
    CHECK(x.ends_after([&] { line.sent += 10; }) == 0);
    CHECK(x.ends_after([] {}) == 10);
  }

  TEST_CASE("keeps as many silent connections of an address as requests of it are worked on") {
    world x;
    x.connect(1);
    x.connect(2);
    x.connect(3, "10.0.0.2");
    x.waiting["10.0.0.1"] = 1;
    for (int second = 1; second <= 10; ++second)
      CHECK(x.look().empty());
    CHECK(x.look() == std::vector<int>{2, 3});
  }

  TEST_CASE("of too many it ends those that moved nothing for the longest time") {
    world x{2};
    x.connect(1).received = 1;
    x.look();
    x.connect(2);
    x.connect(3);
    x.seen[1].received = 2;
    x.look();
    x.seen[1].received = 3;
    x.seen[3].received = 1;
    CHECK(x.look() == std::vector<int>{2});
  }

  TEST_CASE("of too many, who waits for an answer stays, and is told to go") {
    world x{connection_watch::limits{2, 10s, 256, 0, 0, 3}};
    auto ask = [&](int key) {
      x.connect(key).received = 100;
    };
    // At rest since its answer; half a request; three whole ones.
    x.connect(1).received = 100;
    x.look();
    x.seen[1].sent = 100;
    ask(2);
    x.look();
    x.in_flight["10.0.0.1"] = 3;
    for (int key : {3, 4, 5})
      ask(key);
    CHECK(x.look() == std::vector<int>{1, 2});
    CHECK(x.watch.crowded().in_all == 1);
    CHECK(x.watch.is_pressing());
    x.seen.erase(1);
    x.seen.erase(2);
    for (int second = 0; second < 5; ++second)
      CHECK(x.look().empty());
    // Answered, and just about to ask again.
    for (auto& [key, sight] : x.seen)
      sight.sent += 100;
    x.in_flight.clear();
    CHECK(x.look().empty());
    x.seen.erase(3);
    CHECK(x.look().empty());
    CHECK(x.watch.crowded().in_all == 0);
  }

  TEST_CASE("of too many of one address, who waits for an answer stays, and is told to go") {
    world x{connection_watch::limits{100, 10s, 256, 2, 0, 2}};
    x.in_flight["10.0.0.1"] = 4;
    for (int key : {1, 2, 3, 4})
      x.connect(key).received = 100;
    x.connect(5, "10.0.0.2").received = 100;
    CHECK(x.look().empty());
    CHECK(x.watch.crowded().in_all == 0);
    CHECK(x.watch.crowded().of_address == std::map<std::string, uint32_t>{{"10.0.0.1", 2}});
    // There is an end to it.
    x.connect(6).received = 100;
    x.in_flight["10.0.0.1"] = 5;
    CHECK(x.look().size() == 1);
  }

  TEST_CASE("an answer on its way is no rest") {
    world x{connection_watch::limits{1, 10s, 256, 0, 0, 3}};
    for (int key : {1, 2})
      x.connect(key).received = 100;
    x.in_flight["10.0.0.1"] = 1;
    x.look();
    x.seen[1].sent = x.seen[2].sent = 100;
    x.look();
    x.seen[1].sent = 200;
    x.look();
    CHECK(x.look() == std::vector<int>{2});
  }

  TEST_CASE("never more than the process can keep") {
    world x{connection_watch::limits{2, 10s, 256, 0, 0, 3, 3}};
    x.in_flight["10.0.0.1"] = 4;
    for (int key : {1, 2, 3, 4})
      x.connect(key).received = 100;
    CHECK(x.look().size() == 1);
  }

  TEST_CASE("another connection under the same key starts anew") {
    world x;
    x.connect(1);
    for (int second = 1; second <= 9; ++second)
      x.look();
    x.seen[1].peer = "10.0.0.1 999";
    CHECK(x.ends_after([] {}) == 11);
  }

  TEST_CASE("of too many of one address it ends the quietest of that address") {
    world x{100, 2};
    x.connect(1);
    x.connect(4, "10.0.0.2");
    x.look();
    x.connect(2);
    x.connect(3);
    CHECK(x.look() == std::vector<int>{1});
    CHECK(x.watch.is_pressing());
    x.seen.erase(1);
    CHECK(x.look().empty());
    CHECK_FALSE(x.watch.is_pressing());
  }

  TEST_CASE("who is ended for his address does not count among all") {
    world x{2, 1};
    x.connect(1);
    x.connect(2);
    x.connect(3, "10.0.0.2");
    CHECK(x.look().size() == 1);
  }

  TEST_CASE("a bound that is reached presses before anybody has to go") {
    world x{2};
    x.connect(1);
    CHECK((x.look().empty() && !x.watch.is_pressing()));
    x.connect(2);
    CHECK((x.look().empty() && x.watch.is_pressing()));
  }

  TEST_CASE("ends a connection that brings more than anybody has asked about") {
    world x{100, 0, 1000};
    auto& line = x.connect(1);
    line.received = 600;
    CHECK(x.look().empty());
    CHECK(x.watch.is_pressing());
    line.received = 1001;
    CHECK(x.look() == std::vector<int>{1});
  }

  TEST_CASE("what the system holds is in nobody's memory yet") {
    world x{100, 0, 1000};
    auto& line = x.connect(1);
    line.received = 50'000;
    line.unread = 49'500;
    CHECK(x.look().empty());
    line.unread = 0;
    CHECK(x.look() == std::vector<int>{1});
  }

  TEST_CASE("what a connection brings is counted from its last answer") {
    world x{100, 0, 1000};
    auto& line = x.connect(1);
    for (int request = 0; request < 10; ++request) {
      line.received += 900;
      CHECK(x.look().empty());
      line.sent += 100;
      CHECK(x.look().empty());
    }
    line.received += 1001;
    CHECK(x.look() == std::vector<int>{1});
  }

  TEST_CASE("what was answered before the first look counts no more") {
    world x{100, 0, 1000};
    auto& line = x.connect(1);
    line.received = 50'000;
    line.sent = 100;
    CHECK(x.look().empty());
    line.received += 1001;
    CHECK(x.look() == std::vector<int>{1});
  }

  TEST_CASE("each body explains one connection of its address, the largest the largest") {
    world x{100, 0, 1000};
    x.connect(1).received = 2'000'000;
    x.connect(2).received = 5'000;
    x.connect(3).received = 40'000;
    x.connect(4, "10.0.0.2").received = 5'000;
    x.arriving["10.0.0.1"] = {4'500, 1'999'500};
    CHECK(x.look() == std::vector<int>{3, 4});
  }

  TEST_CASE("a body explains no more than it has brought") {
    world x{100, 0, 1000};
    auto& line = x.connect(1);
    line.received = 5'000;
    x.arriving["10.0.0.1"] = {4'000};
    CHECK(x.look().empty());
    line.received = 5'001;
    CHECK(x.look() == std::vector<int>{1});
  }
}
