#include "tests/system/world.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

using namespace igl;
using namespace igl::system_tests;

namespace {

constexpr size_t many = 400;
constexpr std::chrono::seconds patience{90};

/// Shorter pauses than in production, so that a test sees the recovery soon.
network_options impatient() {
  network_options how;
  how.node_settings =
      "[streams]\nreconcile_interval = \"1s\"\n[retry.outbox]\nfirst = \"100ms\"\nlongest = "
      "\"1s\"\n"
      "attempts = 200\n[retry.channel-pending]\nfirst = \"100ms\"\nlongest = \"1s\"\nattempts = "
      "200\n"
      "[retry.channel-notifications]\nfirst = \"100ms\"\nlongest = \"1s\"\nattempts = 200\n";
  how.endpoint_settings = "[retry.callback]\nfirst = \"100ms\"\nlongest = \"1s\"\nattempts = 200\n";
  how.channel_settings = "updates_interval = \"1s\"\n";
  return how;
}

/// Posts in the background, calls `harm` once some messages have their 201, and returns all that
/// got one.
std::set<std::string> post_while(world& w, const std::function<void()>& harm) {
  auto au = w.network.node("AU").url;
  auto posting =
      std::async(std::launch::async, [&] { return post_messages(au, "m", many, patience); });
  auto sg = w.network.node("SG").url;
  REQUIRE(eventually([&] { return all_have(sg, {"m-20"}, "received"); }));
  harm();
  return posting.get();
}

void kill_and_restart(world& w, demo_network::member& member) {
  member.process.signal(SIGKILL);
  REQUIRE(member.process.wait(std::chrono::seconds{10}) == 128 + SIGKILL);
  REQUIRE_FALSE(w.network.start(member));
}

} // namespace

TEST_SUITE_BEGIN("failures");

TEST_CASE("kill -9 of the sending node loses nothing and doubles nothing") {
  world w{impatient()};
  REQUIRE_FALSE(w.start());
  auto promised = post_while(w, [&] { kill_and_restart(w, w.network.node("AU")); });
  CHECK(promised.size() == many);
  check_balance(w, promised);
}

TEST_CASE("kill -9 of the receiving node loses nothing and doubles nothing") {
  world w{impatient()};
  REQUIRE_FALSE(w.start());
  auto promised = post_while(w, [&] { kill_and_restart(w, w.network.node("SG")); });
  CHECK(promised.size() == many);
  check_balance(w, promised);
}

TEST_CASE("kill -9 of either endpoint loses nothing and doubles nothing") {
  world w{impatient()};
  REQUIRE_FALSE(w.start());
  auto promised = post_while(w, [&] {
    kill_and_restart(w, w.network.endpoint("AU"));
    kill_and_restart(w, w.network.endpoint("SG"));
  });
  CHECK(promised.size() == many);
  check_balance(w, promised);
}

TEST_CASE("kill -9 of a node's nats-server loses nothing: the node starts it again") {
  world w{impatient()};
  REQUIRE_FALSE(w.start());
  auto promised = post_while(w, [&] {
    for (auto nation : {"AU", "SG"}) {
      auto url = w.network.node(nation).url;
      auto before = nats_server_of(url);
      REQUIRE(before > 0);
      REQUIRE(kill(before, SIGKILL) == 0);
      CHECK(eventually([&] {
        auto now = nats_server_of(url);
        return now > 0 && now != before;
      }));
    }
  });
  CHECK(promised.size() == many);
  check_balance(w, promised);
}

TEST_CASE("the folder of a nats-server deleted while it is down loses nothing") {
  world w{impatient()};
  REQUIRE_FALSE(w.start());
  auto promised = post_while(w, [&] {
    for (auto nation : {"AU", "SG"}) {
      auto& node = w.network.node(nation);
      auto server = nats_server_of(node.url);
      REQUIRE(server > 0);
      node.process.signal(SIGKILL);
      REQUIRE(node.process.wait(std::chrono::seconds{10}) == 128 + SIGKILL);
      // The embedded server ends with its node; only then is its folder nobody's.
      REQUIRE(eventually([&] { return kill(server, 0) != 0; }));
      std::filesystem::remove_all(node.data_dir + "/nats");
      REQUIRE_FALSE(w.network.start(node));
    }
  });
  CHECK(promised.size() == many);
  check_balance(w, promised);
}

TEST_CASE("a NATS that is away at the start or later: the APIs accept, readyz says so, work goes "
          "on when it is back") {
  auto port = std::to_string(free_port());
  auto how = impatient();
  world w{how};
  auto& au = w.network.node("AU");
  // Only AU is given a NATS of its own that we start and end here.
  REQUIRE_FALSE(w.network.start(w.network.endpoint("AU")));
  REQUIRE_FALSE(w.network.start(w.network.endpoint("SG")));
  REQUIRE_FALSE(w.network.start(w.network.node("SG")));

  auto process = child_process::start({"/usr/bin/env", "IGL_STREAMS_URL=nats://127.0.0.1:" + port,
                                       IGL_PROGRAM, "node", "--config", au.config_file},
                                      au.log_file);
  REQUIRE(process);
  au.process = std::move(*process);
  node_client client({au.url, {}, {}});
  auto readiness = [&]() -> int {
    http_request probe;
    probe.method = "GET";
    probe.url = au.url + "/readyz";
    auto answer = client.exchange(std::move(probe));
    return answer ? answer->status : 0;
  };
  REQUIRE(eventually([&] { return readiness() == 503; }));
  auto early = post_messages(au.url, "early", 50, patience);
  CHECK(early.size() == 50);
  for (const auto& [ref, status] : statuses(au.url, early))
    CHECK(status == "pending");

  auto start_nats = [&] {
    auto server = child_process::start({"/usr/sbin/nats-server", "-a", "127.0.0.1", "-p", port,
                                        "-js", "-sd", w.folder.path() + "/own-nats"},
                                       w.folder.path() + "/own-nats.log");
    REQUIRE(server);
    return std::move(*server);
  };
  auto server = start_nats();
  CHECK(eventually([&] { return readiness() == 200; }));
  check_balance(w, early);

  server.signal(SIGKILL);
  server.wait(std::chrono::seconds{10});
  CHECK(eventually([&] { return readiness() == 503; }));
  auto late = post_messages(au.url, "late", 50, patience);
  CHECK(late.size() == 50);
  server = start_nats();
  CHECK(eventually([&] { return readiness() == 200; }));
  check_balance(w, late);
}

TEST_CASE("a second process on the same folder is refused and the first goes on") {
  world w{impatient()};
  REQUIRE_FALSE(w.network.start(w.network.endpoint("AU")));
  auto& first = w.network.endpoint("AU");
  auto other = run_igl({"endpoint", "--config", first.config_file});
  CHECK(other.status == 1);
  INFO(other.out);
  CHECK(other.out.find(first.data_dir) != std::string::npos);
  CHECK(first.process.running());
}

TEST_CASE("a missing nats-server is an error that says what to do") {
  world w{impatient()};
  auto& node = w.network.node("AU");
  auto process =
      child_process::start({"/usr/bin/env", "IGL_STREAMS_NATS_SERVER=/nowhere/nats-server",
                            IGL_PROGRAM, "node", "--config", node.config_file},
                           node.log_file);
  REQUIRE(process);
  CHECK(process->wait(std::chrono::seconds{30}) == 1);
  std::ifstream log(node.log_file);
  std::string said((std::istreambuf_iterator<char>(log)), {});
  INFO(said);
  CHECK(said.find("nats-server") != std::string::npos);
}

TEST_SUITE_END();
