#include "tests/storage/streams_worlds.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>

namespace igl {

TEST_SUITE_BEGIN("jetstream after a death");

namespace {

/// Longer than `wait_until` waits: what comes again did not wait for it.
constexpr std::chrono::milliseconds beyond_patience{60000};

jetstream_options sole_user() {
  auto how = jetstream_world::options();
  how.ack_wait = beyond_patience;
  how.sole_user = true;
  return how;
}

/// Takes some jobs, acknowledges the first and ends without a word to the server, as a killed
/// process does.
void take_and_die(jetstream_world& world, int jobs) {
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  publish_some(world, stream::inbox, jobs);
  auto all = static_cast<size_t>(jobs);
  REQUIRE(wait_until([&] { return got.count() == all; }));
  auto first = got.jobs();
  consumer->acknowledge(std::find_if(first.begin(), first.end(), [](const job_arrived& x) {
                          return x.payload == "job 0";
                        })->acknowledgement);
  REQUIRE(level_becomes(world, stream::inbox, all - 1, all - 1));
  world.close_streams();
}

/// As a server that hangs: it lives, takes connections and says nothing.
void freeze(pid_t server) {
  REQUIRE(kill(server, SIGSTOP) == 0);
  REQUIRE(wait_until([&] {
    std::ifstream status{"/proc/" + std::to_string(server) + "/status"};
    for (std::string line; std::getline(status, line);)
      if (line.starts_with("State:"))
        return line.find('T') != std::string::npos;
    return false;
  }));
}

const std::set<std::string> all_but_the_first{"job 1", "job 2", "job 3"};

} // namespace

TEST_CASE("what a dead process held comes to the next one at once, and nothing else does") {
  jetstream_world world{sole_user()};
  take_and_die(world, 4);
  SUBCASE("the server survived") {}
  SUBCASE("the server was started again") {
    world.stop_server();
    world.start_server();
  }
  auto began = std::chrono::steady_clock::now();
  world.open_streams(sole_user());
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  REQUIRE(wait_until([&] { return got.count() == 3; }));
  auto took = std::chrono::steady_clock::now() - began;
  MESSAGE("after " << std::chrono::duration_cast<std::chrono::milliseconds>(took).count() << " ms");
  CHECK(got.payloads() == all_but_the_first);
  for (auto& x : got.jobs())
    consumer->acknowledge(x.acknowledgement);
  CHECK(level_becomes(world, stream::inbox, 0, 0));
  CHECK(got.count() == 3);
}

TEST_CASE("what a living process holds stays with it where several compete") {
  auto how = jetstream_world::options();
  how.ack_wait = beyond_patience;
  jetstream_world world{how};
  job_collector held;
  auto holder = world.streams().consume(stream::inbox, 3, held.collects());
  publish_some(world, stream::inbox, 3);
  REQUIRE(wait_until([&] { return held.count() == 3; }));
  auto other = world.connected(how);
  job_collector got;
  auto consumer = other->consume(stream::inbox, 10, got.collects());
  // The first one has no credit left. If the others were handed out again, they would come first.
  CHECK(!publish_and_wait(world, stream::inbox, "new", "new"));
  REQUIRE(wait_until([&] { return got.count() > 0; }));
  CHECK(got.payloads() == std::set<std::string>{"new"});
  CHECK(level_becomes(world, stream::inbox, 4, 4));
}

TEST_CASE("what this process itself holds does not come again when the server was away") {
  jetstream_world world{sole_user()};
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  publish_some(world, stream::inbox, 3);
  REQUIRE(wait_until([&] { return got.count() == 3; }));
  world.stop_server();
  world.start_server();
  REQUIRE(wait_until([&] { return world.streams().connected(); }));
  CHECK(!publish_and_wait(world, stream::inbox, "new", "new"));
  REQUIRE(wait_until([&] { return got.payloads().count("new") == 1; }));
  CHECK(got.count() == 4);
}

TEST_CASE("a server of our own that lives and does not work is started anew") {
  jetstream_world world;
  world.close_streams();
  auto how = sole_user();
  how.publish_timeout = how.api_timeout = 200ms;
  how.patience = 1s;
  std::atomic<int> despaired{0};
  how.on_hopeless = [&] {
    ++despaired;
    world.server().start_anew();
  };
  world.open_streams(how);
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  publish_some(world, stream::inbox, 3);
  REQUIRE(wait_until([&] { return got.count() == 3; }));
  auto hung = world.server().pid();
  freeze(hung);
  REQUIRE(wait_until([&] {
    return !publish_and_wait(world, stream::inbox, "new", "new"); // as soon as it works again
  }));
  CHECK(world.server().pid() != hung);
  CHECK(world.server().last_exit() == "killed by signal 9");
  CHECK(despaired >= 1);
  REQUIRE(wait_until([&] { return got.payloads().count("new") == 1; }));
}

TEST_CASE("a server that works again in time is left alone") {
  auto how = jetstream_world::options();
  how.publish_timeout = how.api_timeout = 200ms;
  how.patience = 60s;
  std::atomic<int> despaired{0};
  how.on_hopeless = [&] {
    ++despaired;
  };
  jetstream_world world{how};
  auto server = world.server().pid();
  freeze(server);
  CHECK(publish_and_wait(world, stream::inbox, "lost", "lost"));
  REQUIRE(kill(server, SIGCONT) == 0);
  REQUIRE(wait_until([&] { return !publish_and_wait(world, stream::inbox, "new", "new"); }));
  CHECK(world.server().pid() == server);
  CHECK(despaired == 0);
}

TEST_SUITE_END();

} // namespace igl
