#include "tests/system/world.hpp"
#include "tests/torture/balance.hpp"
#include "tests/torture/load.hpp"

#include <doctest/doctest.h>

#include <csignal>

using namespace igl;
using namespace igl::system_tests;

namespace {

constexpr int rounds = 3;
constexpr uint64_t seed = 17;
constexpr std::chrono::seconds patience{120};

/// What waits for a process that is away comes soon after it is back.
network_options impatient() {
  auto how = three_nations();
  how.channels[0].node_side =
      "revocable_for = \"2s\"\nfilters.predicate.deny = [\"UN.CEFACT.Trade.Invoice.*\"]\n";
  how.node_settings += "[retry.object-retrieval]\nlongest = \"1s\"\n";
  how.endpoint_settings = "[retry.callback]\nlongest = \"1s\"\n";
  return how;
}

} // namespace

TEST_SUITE_BEGIN("rolling restart");

TEST_CASE("a rolling restart under load ends every process with 0, loses no request that was "
          "accepted, and fails none in a way that a client may not try again") {
  world w{impatient()};
  REQUIRE_FALSE(w.start());
  auto file = w.folder.path() + "/promises";
  torture::load businesses(w.network, {seed, 100, file});
  for (int round = 0; round < rounds; ++round)
    for (auto& x : w.network.members()) {
      const auto& name = x.first;
      auto& member = x.second;
      auto before = businesses.seen().messages;
      REQUIRE(eventually([&] { return businesses.seen().messages > before + 50; }));
      member.process.signal(SIGTERM);
      auto status = member.process.wait(std::chrono::seconds{20});
      CHECK_MESSAGE(status == 0, name << " ended with " << status << " in round " << round);
      REQUIRE_FALSE(w.network.start(member));
    }
  businesses.finish();
  REQUIRE(eventually([&] { return businesses.finished(); }, patience));

  auto seen = businesses.seen();
  for (const auto& fault : seen.faults)
    FAIL_CHECK(fault.second << " times: " << fault.first);
  for (const auto& retried : seen.retries) {
    const auto& why = retried.first;
    const auto count = retried.second;
    MESSAGE(count << " were sent again: " << why);
    auto allowed = why == "peer_unreachable" || why == "peer_lost" || why == "503";
    CHECK_MESSAGE(allowed, count << " requests ended with " << why);
  }
  CHECK(seen.retries.size() > 0);

  auto promises = torture::read_promises(file);
  CHECK(promises.size() == seen.messages);
  auto lakes = torture::lakes_of(promises);
  std::string unrest;
  CHECK_MESSAGE(
      eventually([&] { return (unrest = torture::unrest_of(w.network, lakes)).empty(); }, patience),
      unrest);
  auto found = torture::balance_of(w.network, promises, seed);
  for (const auto& x : found.faults)
    FAIL_CHECK(x);
  for (const auto& x : found.dead_letters)
    FAIL_CHECK("dead letter of " << x);
  CHECK(found.messages == seen.messages);
  CHECK(found.documents == seen.documents);
}

TEST_SUITE_END();
