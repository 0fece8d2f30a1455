#include "actors/peer_gate.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace igl;

namespace {

/// Visitors of a gate, and what they were told.
struct visitors {
  std::vector<int> entered;
  std::vector<int> away;

  peer_gate::visitor number(int n) {
    return {[this, n] { entered.push_back(n); },
            [this, n] {
              away.push_back(n);
            }};
  }
};

} // namespace

TEST_SUITE_BEGIN("peer gate");

TEST_CASE("lets in as many as may run at once, then as many wait, and sends the rest away") {
  peer_gate gate{2, 1};
  visitors all;
  for (int i = 1; i <= 4; ++i)
    gate.admit("a", all.number(i));
  CHECK(all.entered == std::vector<int>{1, 2});
  CHECK(all.away == std::vector<int>{4});
  CHECK(gate.running("a") == 2);
  gate.leave("a", peer_mood::answering);
  CHECK(all.entered == std::vector<int>{1, 2, 3});
  CHECK(gate.running("a") == 2);
}

TEST_CASE("with a clock, sends nobody away while a peer keeps up") {
  caf::timestamp now{};
  peer_gate gate{1, 1, [&] {
                   return now;
                 }};
  visitors all;
  for (int i = 1; i <= 4; ++i)
    gate.admit("a", all.number(i));
  CHECK(all.away.empty());
  now += std::chrono::seconds{2};
  gate.admit("a", all.number(5));
  CHECK(all.away == std::vector<int>{5});
  for (int i = 0; i < 3; ++i)
    gate.leave("a", peer_mood::answering);
  CHECK(all.entered == std::vector<int>{1, 2, 3, 4});
}

TEST_CASE("a full peer does not keep others from theirs") {
  peer_gate gate{1, 0};
  visitors all;
  gate.admit("a", all.number(1));
  gate.admit("a", all.number(2));
  gate.admit("b", all.number(3));
  CHECK(all.entered == std::vector<int>{1, 3});
  CHECK(all.away == std::vector<int>{2});
}

TEST_CASE("sends those who wait for a silent peer away, and nobody waits for it until it answers") {
  peer_gate gate{1, 5};
  visitors all;
  for (int i = 1; i <= 3; ++i)
    gate.admit("a", all.number(i));
  gate.leave("a", peer_mood::silent);
  CHECK(all.away == std::vector<int>{2, 3});
  gate.admit("a", all.number(4)); // one may try
  gate.admit("a", all.number(5));
  CHECK(all.entered == std::vector<int>{1, 4});
  CHECK(all.away == std::vector<int>{2, 3, 5});
  gate.leave("a", peer_mood::answering);
  gate.admit("a", all.number(6));
  gate.admit("a", all.number(7));
  CHECK(all.entered == std::vector<int>{1, 4, 6});
  CHECK(all.away.size() == 3);
  gate.leave("a", peer_mood::answering);
  CHECK(all.entered == std::vector<int>{1, 4, 6, 7});
}

TEST_CASE("a visitor may come again while it is sent away") {
  peer_gate gate{1, 1};
  visitors all;
  gate.admit("a", all.number(1));
  gate.admit("a", {[&] { all.entered.push_back(2); },
                   [&] {
                     gate.admit("a", all.number(3));
                   }});
  gate.leave("a", peer_mood::silent);
  CHECK(all.entered == std::vector<int>{1, 3});
}

TEST_CASE("a peer is silent when nobody answered, not when it said no") {
  CHECK(mood_after(make_problem(errc::peer_timeout)) == peer_mood::silent);
  CHECK(mood_after(make_problem(errc::peer_unreachable)) == peer_mood::silent);
  CHECK(mood_after(make_problem(errc::peer_lost)) == peer_mood::silent);
  CHECK(mood_after(make_problem(errc::unavailable)) == peer_mood::silent);
  CHECK(mood_after(make_problem(errc::peer_refused)) == peer_mood::answering);
  CHECK(mood_after(make_problem(errc::peer_failed)) == peer_mood::answering);
}

TEST_SUITE_END();
