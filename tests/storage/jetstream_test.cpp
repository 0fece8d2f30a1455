#include "storage/jetstream_api.hpp"
#include "storage/nats_link.hpp"
#include "tests/storage/streams_worlds.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>

namespace igl {

TEST_SUITE_BEGIN("jetstream");

namespace {

namespace fs = std::filesystem;

struct outcomes {
  std::mutex lock;
  std::vector<caf::error> all;

  streams::published hears() {
    return [this](caf::error x) {
      std::lock_guard guard{lock};
      all.push_back(std::move(x));
    };
  }
  size_t count() {
    std::lock_guard guard{lock};
    return all.size();
  }
  errc code(size_t i) {
    std::lock_guard guard{lock};
    return code_of(all.at(i));
  }
};

/// Asks the server past our own streams, as an operator with another tool would.
void tell(nats_server& server, const std::string& subject) {
  auto link = nats_link::open(server.url(), "an operator", 2s, [](const std::string&) {});
  REQUIRE(link);
  auto heard = std::make_shared<std::promise<std::string>>();
  auto inbox = nats_link::fresh_inbox();
  auto listening = (*link)->subscribe(
      inbox, [heard](const nats_message& x) { heard->set_value(std::string{x.data}); });
  REQUIRE(listening);
  REQUIRE(!(*link)->publish(haste::at_once, subject, inbox, {}));
  auto answer = heard->get_future();
  REQUIRE(answer.wait_for(10s) == std::future_status::ready);
  CHECK(jetstream_api::read_answer(answer.get()).error_code == 0);
}

const jetstream_api::names inbox{"AU", stream::inbox};

/// Whether every thread of a process is stopped.
bool is_stopped(pid_t pid) {
  for (auto& x : fs::directory_iterator{"/proc/" + std::to_string(pid) + "/task"}) {
    std::string line;
    std::getline(std::ifstream{x.path() / "stat"}, line);
    auto name_ends = line.rfind(") ");
    if (name_ends == std::string::npos || line.substr(name_ends + 2, 1) != "T")
      return false;
  }
  return true;
}

/// A server that does not run any more, but does not end either.
struct frozen {
  pid_t pid;
  explicit frozen(pid_t x) : pid(x) {
    kill(pid, SIGSTOP);
    REQUIRE(wait_until([this] { return is_stopped(pid); }));
  }
  frozen(const frozen&) = delete;
  frozen& operator=(const frozen&) = delete;
  ~frozen() { kill(pid, SIGCONT); }
};

} // namespace

TEST_CASE("without a server publishing fails at once; when it appears all is in order") {
  temporary_folder folder;
  std::mutex lock;
  std::shared_ptr<nats_server> server;
  std::atomic<int> ready{0};
  auto how = jetstream_world::options();
  how.url = [&] {
    std::lock_guard guard{lock};
    return server ? server->url() : std::string{"nats://127.0.0.1:1"};
  };
  how.on_ready = [&] {
    ++ready;
  };
  auto all = open_jetstream(how);
  outcomes heard;
  all->publish(stream::inbox, "one", "job", heard.hears());
  REQUIRE(heard.count() == 1); // on the caller's thread
  CHECK(heard.code(0) == errc::unavailable);
  CHECK(!all->connected());
  CHECK(ready == 0);
  std::atomic<bool> level_failed{false};
  all->level(stream::inbox, [&](const caf::expected<stream_level>& x) { level_failed = !x; });
  CHECK(level_failed);

  job_collector got;
  auto consumer = all->consume(stream::inbox, 2, got.collects());
  {
    nats_server_options options;
    options.folder = folder.path();
    auto x = nats_server::start(options);
    REQUIRE(x);
    std::lock_guard guard{lock};
    server = *x;
  }
  REQUIRE(wait_until([&] { return all->connected(); }));
  REQUIRE(wait_until([&] { return ready == 1; }));
  all->publish(stream::inbox, "one", "job", heard.hears());
  REQUIRE(wait_until([&] { return heard.count() == 2 && got.count() == 1; }));
  CHECK(heard.code(1) == errc::none);
  CHECK(all->description().find("127.0.0.1") != std::string::npos);
  CHECK(all->description().find(server->url()) == std::string::npos); // it has the token
}

TEST_CASE("nothing that was confirmed is lost when the server is killed again and again") {
  jetstream_world world;
  constexpr auto jobs = 4000;
  constexpr auto kills = 4;
  job_collector got;
  std::mutex lock;
  std::map<std::string, int> taken;
  std::unique_ptr<streams::consumer> consumer;
  std::promise<streams::consumer*> made;
  auto known = made.get_future().share();
  consumer = world.streams().consume(stream::inbox, 64, [&, known](const job_arrived& x) {
    {
      std::lock_guard guard{lock};
      ++taken[x.payload];
    }
    known.get()->acknowledge(x.acknowledgement);
  });
  made.set_value(consumer.get());

  std::mutex publishing;
  std::set<int> unconfirmed;
  for (auto i = 0; i < jobs; ++i)
    unconfirmed.insert(i);
  std::set<int> flying;
  auto publish = [&](int i) {
    world.streams().publish(stream::inbox, "id-" + std::to_string(i), std::to_string(i),
                            [&, i](const caf::error& x) {
                              std::lock_guard guard{publishing};
                              flying.erase(i);
                              if (!x)
                                unconfirmed.erase(i);
                            });
  };
  auto killed = 0;
  auto all_confirmed = wait_until([&] {
    std::vector<int> next;
    size_t left = 0;
    {
      std::lock_guard guard{publishing};
      left = unconfirmed.size();
      for (auto i : unconfirmed)
        if (next.size() < 100 && flying.insert(i).second)
          next.push_back(i);
    }
    for (auto i : next)
      publish(i);
    // A kill at each fifth of the way.
    auto way = static_cast<int>(jobs - left) * (kills + 1) / jobs;
    if (killed < kills && way > killed &&
        world.server().restarts() == static_cast<uint64_t>(killed) && world.server().pid() > 0 &&
        world.streams().connected()) {
      kill(world.server().pid(), SIGKILL);
      ++killed;
    }
    return left == 0;
  });
  CHECK(all_confirmed);
  CHECK(killed == kills);
  CHECK(wait_until([&] {
    std::lock_guard guard{lock};
    return taken.size() == jobs;
  }));
  CHECK(wait_until([&] {
    world.streams().mend(stream::inbox);
    return level_now(world, stream::inbox).messages == 0;
  }));
  CHECK(world.server().restarts() == kills);
}

TEST_CASE("a folder deleted while the server is down costs the jobs, and nothing else") {
  std::atomic<int> ready{0};
  auto how = jetstream_world::options();
  how.on_ready = [&] {
    ++ready;
  };
  jetstream_world world{how};
  job_collector got;
  publish_some(world, stream::inbox, 5);
  world.stop_server();
  REQUIRE(fs::remove_all(world.folder() + "/jetstream") > 0);
  world.start_server();
  REQUIRE(wait_until([&] { return world.streams().connected() && ready >= 2; }));
  CHECK(level_now(world, stream::inbox).messages == 0);
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  publish_some(world, stream::inbox, 5); // the same ids: what knew them is gone too
  CHECK(wait_until([&] { return got.count() == 5; }));
}

TEST_CASE("an acknowledgement from before the streams were lost takes nobody's job") {
  jetstream_world world;
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 2, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "old", "old"));
  REQUIRE(wait_until([&] { return got.count() == 1; }));
  world.stop_server();
  fs::remove_all(world.folder() + "/jetstream");
  world.start_server();
  REQUIRE(wait_until([&] { return world.streams().connected(); }));
  CHECK(!publish_and_wait(world, stream::inbox, "new", "new")); // has the number of the old one
  REQUIRE(wait_until([&] { return got.count() == 2; }));
  consumer->acknowledge(got.job(0).acknowledgement);
  CHECK(wait_until([&] { return got.count() >= 3; })); // nobody has settled it: it comes again
  CHECK(got.job(2).payload == "new");
  consumer->acknowledge(got.job(2).acknowledgement);
  CHECK(level_becomes(world, stream::inbox, 0, 0));
}

TEST_CASE("an acknowledgement given while the server is away counts when it is back") {
  auto how = jetstream_world::options();
  how.ack_wait = 60s;
  jetstream_world world{how};
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 2, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "one", "job"));
  REQUIRE(wait_until([&] { return got.count() == 1; }));
  world.stop_server();
  consumer->acknowledge(got.job(0).acknowledgement);
  world.start_server();
  REQUIRE(wait_until([&] { return world.streams().connected(); }));
  CHECK(level_becomes(world, stream::inbox, 0, 0));
  CHECK(got.count() == 1);
}

TEST_CASE("a stream or a consumer that somebody deletes is made anew, and serves again") {
  std::atomic<int> ready{0};
  auto how = jetstream_world::options();
  how.on_ready = [&] {
    ++ready;
  };
  jetstream_world world{how};
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "one", "one"));
  REQUIRE(wait_until([&] { return got.count() == 1; }));
  consumer->acknowledge(got.job(0).acknowledgement);

  tell(world.server(), inbox.delete_consumer());
  CHECK(!publish_and_wait(world, stream::inbox, "two", "two"));
  REQUIRE(wait_until([&] { return got.payloads().count("two") == 1; }));

  auto before = ready.load();
  tell(world.server(), "$JS.API.STREAM.DELETE." + inbox.stream);
  // The first publication may find the stream gone; that is what says so.
  REQUIRE(wait_until([&] { return !publish_and_wait(world, stream::inbox, "three", "three"); }));
  REQUIRE(wait_until([&] { return got.payloads().count("three") == 1; }));
  CHECK(wait_until([&] { return ready > before; })); // whoever publishes is told to do so again
}

TEST_CASE("a consumer of a stream outside the list gets that stream made") {
  jetstream_world world; // only inbox and outbox
  job_collector got;
  auto consumer = world.streams().consume(stream::rejected, 10, got.collects());
  REQUIRE(wait_until([&] { return !publish_and_wait(world, stream::rejected, "one", "one"); }));
  CHECK(wait_until([&] { return got.count() == 1; }));
}

TEST_CASE("a server that does not answer gets no more than the bound, and each publish ends") {
  auto how = jetstream_world::options();
  how.publishes_in_flight = 3;
  how.publish_timeout = 300ms;
  jetstream_world world{how};
  outcomes heard;
  {
    frozen server{world.server().pid()};
    for (auto i = 0; i < 4; ++i)
      world.streams().publish(stream::inbox, std::to_string(i), "job", heard.hears());
    REQUIRE(heard.count() == 1);
    CHECK(heard.code(0) == errc::overloaded);
    REQUIRE(wait_until([&] { return heard.count() == 4; }));
    for (size_t i = 1; i < 4; ++i)
      CHECK(heard.code(i) == errc::unavailable);
  }
  // Unavailable did not say that it was not stored: the same id again is still one job.
  for (auto i = 0; i < 3; ++i)
    REQUIRE(wait_until(
        [&] { return !publish_and_wait(world, stream::inbox, std::to_string(i), "job"); }));
  CHECK(level_now(world, stream::inbox).messages == 3);
}

TEST_CASE("a job larger than the server takes is refused, and the connection lives") {
  jetstream_world world;
  auto x = publish_and_wait(world, stream::inbox, "large", std::string(9 * 1024 * 1024, 'x'));
  CHECK(code_of(x) == errc::too_large);
  CHECK(!publish_and_wait(world, stream::inbox, "small", "x"));
}

TEST_CASE("ending the streams answers what was in flight, and leaves consumers harmless") {
  jetstream_world world;
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "one", "job"));
  REQUIRE(wait_until([&] { return got.count() == 1; }));
  outcomes heard;
  frozen server{world.server().pid()};
  world.streams().publish(stream::inbox, "two", "job", heard.hears());
  world.close_streams();
  REQUIRE(heard.count() == 1);
  CHECK(heard.code(0) == errc::unavailable);
  consumer->acknowledge(got.job(0).acknowledgement);
  consumer->keep_alive(got.job(0).acknowledgement);
  consumer->pause();
}

TEST_CASE("a pull request is kept alive by heartbeats, and says at its end what it still owed") {
  jetstream_world world;
  auto link = nats_link::open(world.server().url(), "a test", 2s, [](const std::string&) {});
  REQUIRE(link);
  std::mutex lock;
  std::vector<std::pair<int, uint32_t>> heard; // status, left
  std::atomic<int> jobs{0};
  auto reply = nats_link::fresh_inbox();
  auto listening = (*link)->subscribe(reply, [&](const nats_message& x) {
    if (!x.reply.empty())
      ++jobs;
    std::lock_guard guard{lock};
    heard.emplace_back(x.status, x.left);
  });
  REQUIRE(listening);
  CHECK(!publish_and_wait(world, stream::inbox, "one", "job"));
  REQUIRE(!(*link)->publish(haste::at_once, inbox.pull(), reply,
                            jetstream_api::pull_request(5, 600ms, 100ms)));
  auto last = [&] {
    std::lock_guard guard{lock};
    return heard.empty() ? std::pair{0, 0u} : heard.back();
  };
  REQUIRE(wait_until([&] { return last().first == 408; }));
  CHECK(last().second == 4);
  CHECK(jobs == 1);
  std::lock_guard guard{lock};
  CHECK(std::count(heard.begin(), heard.end(), std::pair{100, 0u}) >= 1);
}

TEST_CASE("jobs without end do not stop while consumers come and go") {
  jetstream_world world;
  std::atomic<bool> over{false};
  std::thread publisher{[&] {
    for (auto i = 0; !over; ++i) {
      world.streams().publish(stream::inbox, std::to_string(i), "job", nullptr);
      if (i % 100 == 0)
        std::this_thread::sleep_for(1ms);
    }
  }};
  for (auto round = 0; round < 20; ++round) {
    job_collector got;
    auto consumer = world.streams().consume(stream::inbox, 16, got.collects());
    CHECK(wait_until([&] { return got.count() == 16; }));
    for (auto& x : got.jobs())
      consumer->acknowledge(x.acknowledgement);
    CHECK(wait_until([&] { return got.count() >= 17; }));
    consumer.reset();
    auto last = got.count();
    CHECK(got.count() == last);
  }
  over = true;
  publisher.join();
}

TEST_SUITE_END();

} // namespace igl
