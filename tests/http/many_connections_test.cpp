#include "http/address.hpp"
#include "node_apart.hpp"
#include "wire.hpp"

#include <doctest/doctest.h>

#include <sys/resource.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

using namespace igl;
using namespace std::chrono_literals;

namespace {

using std::chrono::steady_clock;

std::vector<std::unique_ptr<wire::connection>> connect(const node_apart& to, size_t count) {
  std::vector<std::unique_ptr<wire::connection>> all;
  for (size_t i = 0; i < count; ++i)
    all.push_back(std::make_unique<wire::connection>(wire::port_of(to.url())));
  return all;
}

/// How long each of so many probes took, the slowest last.
std::vector<steady_clock::duration> probe(const node_apart& node, int times) {
  std::vector<steady_clock::duration> took;
  for (int i = 0; i < times; ++i) {
    auto start = steady_clock::now();
    CHECK(wire::ask(node.url(), "GET", "/healthz").status == 200);
    took.push_back(steady_clock::now() - start);
  }
  std::sort(took.begin(), took.end());
  return took;
}

/// As many descriptors as the system lets this process have.
rlim_t raised_limit() {
  rlimit now{};
  ::getrlimit(RLIMIT_NOFILE, &now);
  now.rlim_cur = now.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &now);
  return now.rlim_cur;
}

} // namespace

TEST_SUITE("many connections") {
  TEST_CASE("a quarter of the descriptors is left for other things than connections") {
    CHECK(connections_within(1024, 65536, 30) == 1024);
    CHECK(connections_within(1024, 1024, 24) == 750);
    CHECK(connections_within(1024, 300, 20) == 210);
    CHECK(connections_within(1024, 20, 30) == 1);
    CHECK(connections_within(0, 1024, 24) == 1);
  }

  TEST_CASE("more idle clients than there are descriptors keep nobody from being served") {
    node_apart node{apart_options{{"descriptors", 300}}};
    auto idle = connect(node, 400);
    CHECK(probe(node, 20).back() < 5s);
    CHECK(wire::eventually([&] {
      std::erase_if(idle, [](auto& x) { return x->has_something(); });
      return idle.size() < 225;
    }));
    // Nobody goes in circles for a descriptor.
    auto before = node.worked();
    std::this_thread::sleep_for(1s);
    CHECK(node.worked() - before < 500ms);
  }

  TEST_CASE("an address has its share of the connections, and keeps those in use") {
    node_apart node{apart_options{{"connections_per_address", 20}}};
    auto idle = connect(node, 60);
    wire::connection busy(wire::port_of(node.url()));
    CHECK(wire::eventually([&] {
      busy.send(wire::request_text("GET", "/", {}, ""));
      CHECK(busy.read().status == 200);
      std::erase_if(idle, [](auto& x) { return x->has_something(); });
      return idle.size() <= 19;
    }));
    CHECK(idle.size() == 19);
  }

  TEST_CASE("10,000 idle connections keep nobody from being served") {
    constexpr size_t many = 10'000;
    // The node keeps three quarters of its descriptors for connections.
    if (auto limit = raised_limit(); limit < many * 4 / 3 + 500) {
      MESSAGE("SKIPPED: this process may have only ", limit, " descriptors (ulimit -Hn)");
      return;
    }
    node_apart node{apart_options{{"connections", many + 100}}};
    auto idle = connect(node, many);
    auto took = probe(node, 300);
    CHECK(took[took.size() * 99 / 100] < 500ms);
    CHECK(std::none_of(idle.begin(), idle.end(), [](auto& x) { return x->has_something(); }));
    MESSAGE("p50 ", std::chrono::duration<double, std::milli>(took[took.size() / 2]).count(),
            " ms, p99 ",
            std::chrono::duration<double, std::milli>(took[took.size() * 99 / 100]).count(), " ms");
  }
}
