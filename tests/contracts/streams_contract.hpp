#pragma once

#include "messages/errors.hpp"
#include "storage/streams.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

/// What every implementation of storage/streams.hpp must pass. `World` says how one is made:
///
///   struct memory_world {
///     static constexpr std::chrono::milliseconds ack_wait{…};
///     igl::streams& streams();                    // fresh, and there
///     void pass(std::chrono::milliseconds time);  // lets time go by
///     template <class Condition> bool eventually(Condition x); // waits until it holds; bounded
///   };
///   IGL_STREAMS_CONTRACT(memory_world, jetstream_world);
namespace igl {

/// Remembers what arrived. Thread-safe.
class job_collector {
public:
  streams::arrived collects() {
    return [this](job_arrived x) {
      std::lock_guard guard{lock_};
      jobs_.push_back(std::move(x));
    };
  }
  size_t count() const {
    std::lock_guard guard{lock_};
    return jobs_.size();
  }
  std::vector<job_arrived> jobs() const {
    std::lock_guard guard{lock_};
    return jobs_;
  }
  job_arrived job(size_t i) const { return jobs().at(i); }
  std::set<std::string> payloads() const {
    std::set<std::string> all;
    for (auto& x : jobs())
      all.insert(x.payload);
    return all;
  }

private:
  mutable std::mutex lock_;
  std::vector<job_arrived> jobs_;
};

/// Publishes and waits for the outcome.
template <class World>
caf::error publish_and_wait(World& world, stream on, const std::string& id,
                            const std::string& payload) {
  auto lock = std::make_shared<std::mutex>();
  auto outcome = std::make_shared<std::vector<caf::error>>();
  world.streams().publish(on, id, payload, [=](caf::error x) {
    std::lock_guard guard{*lock};
    outcome->push_back(std::move(x));
  });
  auto heard = [=] {
    std::lock_guard guard{*lock};
    return !outcome->empty();
  };
  REQUIRE(world.eventually(heard));
  std::lock_guard guard{*lock};
  CHECK(outcome->size() == 1);
  return outcome->front();
}

template <class World>
void publish_some(World& world, stream on, int count) {
  for (auto i = 0; i < count; ++i)
    REQUIRE(!publish_and_wait(world, on, "id-" + std::to_string(i), "job " + std::to_string(i)));
}

template <class World>
stream_level level_now(World& world, stream of) {
  auto lock = std::make_shared<std::mutex>();
  auto answer = std::make_shared<std::vector<caf::expected<stream_level>>>();
  world.streams().level(of, [=](caf::expected<stream_level> x) {
    std::lock_guard guard{*lock};
    answer->push_back(std::move(x));
  });
  auto heard = [=] {
    std::lock_guard guard{*lock};
    return !answer->empty();
  };
  REQUIRE(world.eventually(heard));
  std::lock_guard guard{*lock};
  REQUIRE(answer->front());
  return *answer->front();
}

/// Waits until a stream is that full.
template <class World>
bool level_becomes(World& world, stream of, uint64_t messages, uint64_t in_flight) {
  return world.eventually([&] {
    auto x = level_now(world, of);
    return x.messages == messages && x.in_flight == in_flight;
  });
}

TEST_CASE_TEMPLATE_DEFINE("a stream delivers what was published, byte for byte", World,
                          streams_delivers) {
  World world;
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  using namespace std::string_literals;
  auto bytes = "\0\x01\xff {\"a\": \"\xc3\xa4\"}\r\n"s;
  CHECK(!publish_and_wait(world, stream::inbox, "one", bytes));
  REQUIRE(world.eventually([&] { return got.count() == 1; }));
  CHECK(got.job(0).payload == bytes);
  CHECK(level_becomes(world, stream::inbox, 1, 1));
  consumer->acknowledge(got.job(0).acknowledgement);
  CHECK(level_becomes(world, stream::inbox, 0, 0));
}

TEST_CASE_TEMPLATE_DEFINE("a stream keeps jobs for a consumer that comes later", World,
                          streams_keep) {
  World world;
  publish_some(world, stream::inbox, 3);
  auto level = level_now(world, stream::inbox);
  CHECK(level.messages == 3);
  CHECK(level.waiting == 3);
  CHECK(level.in_flight == 0);
  CHECK(level.oldest > caf::timestamp{});
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  CHECK(world.eventually([&] { return got.count() == 3; }));
}

TEST_CASE_TEMPLATE_DEFINE("a stream drops a publication id it has seen, and reports it published",
                          World, streams_deduplicate) {
  World world;
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 10, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "same", "first"));
  CHECK(!publish_and_wait(world, stream::inbox, "same", "second"));
  CHECK(!publish_and_wait(world, stream::inbox, "other", "third"));
  REQUIRE(world.eventually([&] { return got.count() == 2; }));
  CHECK(got.payloads() == std::set<std::string>{"first", "third"});
  for (auto& x : got.jobs())
    consumer->acknowledge(x.acknowledgement);
  // Also when the job is done already.
  CHECK(!publish_and_wait(world, stream::inbox, "same", "fourth"));
  CHECK(level_becomes(world, stream::inbox, 0, 0));
  CHECK(got.count() == 2);
}

TEST_CASE_TEMPLATE_DEFINE("streams do not share jobs or publication ids", World, streams_apart) {
  World world;
  job_collector in, out;
  auto inbox = world.streams().consume(stream::inbox, 10, in.collects());
  auto outbox = world.streams().consume(stream::outbox, 10, out.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "same", "to the inbox"));
  CHECK(!publish_and_wait(world, stream::outbox, "same", "to the outbox"));
  REQUIRE(world.eventually([&] { return in.count() == 1 && out.count() == 1; }));
  CHECK(in.job(0).payload == "to the inbox");
  CHECK(out.job(0).payload == "to the outbox");
}

TEST_CASE_TEMPLATE_DEFINE("a consumer gets no more jobs than its credit; settling gives one back",
                          World, streams_credit) {
  World world;
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 3, got.collects());
  publish_some(world, stream::inbox, 8);
  REQUIRE(level_becomes(world, stream::inbox, 8, 3));
  REQUIRE(world.eventually([&] { return got.count() >= 3; }));
  CHECK(got.count() == 3);
  consumer->acknowledge(got.job(0).acknowledgement);
  REQUIRE(level_becomes(world, stream::inbox, 7, 3));
  REQUIRE(world.eventually([&] { return got.count() >= 4; }));
  CHECK(got.count() == 4);
  for (size_t i = 1; i < 8; ++i) {
    REQUIRE(world.eventually([&] { return got.count() > i; }));
    consumer->acknowledge(got.job(i).acknowledgement);
  }
  CHECK(level_becomes(world, stream::inbox, 0, 0));
  CHECK(got.payloads().size() == 8);
}

TEST_CASE_TEMPLATE_DEFINE("a job that is not acknowledged in time is delivered again", World,
                          streams_redeliver) {
  World world;
  job_collector got;
  // With one credit: it must come back together with the job.
  auto consumer = world.streams().consume(stream::inbox, 1, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "one", "job"));
  REQUIRE(world.eventually([&] { return got.count() == 1; }));
  world.pass(World::ack_wait);
  REQUIRE(world.eventually([&] { return got.count() >= 2; }));
  CHECK(got.payloads().size() == 1);
  consumer->acknowledge(got.job(got.count() - 1).acknowledgement);
  CHECK(level_becomes(world, stream::inbox, 0, 0));
}

TEST_CASE_TEMPLATE_DEFINE("a job that was acknowledged is never delivered again", World,
                          streams_forget) {
  World world;
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 4, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "one", "job"));
  REQUIRE(world.eventually([&] { return got.count() == 1; }));
  consumer->acknowledge(got.job(0).acknowledgement);
  world.pass(World::ack_wait * 2);
  CHECK(!publish_and_wait(world, stream::inbox, "two", "the next"));
  REQUIRE(world.eventually([&] { return got.payloads().count("the next") == 1; }));
  CHECK(got.count() == 2);
}

TEST_CASE_TEMPLATE_DEFINE("a job that is kept alive stays with its worker", World,
                          streams_keep_alive) {
  World world;
  job_collector got;
  auto consumer = world.streams().consume(stream::inbox, 4, got.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "one", "job"));
  REQUIRE(world.eventually([&] { return got.count() == 1; }));
  for (auto i = 0; i < 10; ++i) {
    world.pass(World::ack_wait / 4);
    consumer->keep_alive(got.job(0).acknowledgement);
  }
  CHECK(got.count() == 1);
  CHECK(level_becomes(world, stream::inbox, 1, 1));
  world.pass(World::ack_wait);
  CHECK(world.eventually([&] { return got.count() == 2; })); // and no longer than that
}

TEST_CASE_TEMPLATE_DEFINE("consumers of one stream share its jobs", World, streams_compete) {
  World world;
  job_collector one, two;
  auto first = world.streams().consume(stream::inbox, 5, one.collects());
  auto second = world.streams().consume(stream::inbox, 5, two.collects());
  publish_some(world, stream::inbox, 10);
  REQUIRE(world.eventually([&] { return one.count() + two.count() == 10; }));
  CHECK(one.count() == 5);
  CHECK(two.count() == 5);
  auto all = one.payloads();
  all.merge(two.payloads());
  CHECK(all.size() == 10);
}

TEST_CASE_TEMPLATE_DEFINE("jobs of a consumer that is gone are delivered to another one", World,
                          streams_hand_over) {
  World world;
  job_collector one, two;
  auto first = world.streams().consume(stream::inbox, 3, one.collects());
  publish_some(world, stream::inbox, 3);
  REQUIRE(world.eventually([&] { return one.count() == 3; }));
  first.reset();
  auto second = world.streams().consume(stream::inbox, 3, two.collects());
  world.pass(World::ack_wait);
  REQUIRE(world.eventually([&] { return two.count() == 3; }));
  CHECK(two.payloads() == one.payloads());
  CHECK(one.count() == 3);
}

TEST_CASE_TEMPLATE_DEFINE("a paused consumer gets nothing new, and can acknowledge what it has",
                          World, streams_pause) {
  World world;
  job_collector one, two;
  auto first = world.streams().consume(stream::inbox, 4, one.collects());
  CHECK(!publish_and_wait(world, stream::inbox, "before", "before"));
  REQUIRE(world.eventually([&] { return one.count() == 1; }));
  first->pause();
  publish_some(world, stream::inbox, 3);
  first->acknowledge(one.job(0).acknowledgement);
  CHECK(level_becomes(world, stream::inbox, 3, 0));
  auto second = world.streams().consume(stream::inbox, 4, two.collects());
  REQUIRE(world.eventually([&] { return two.count() == 3; }));
  CHECK(one.count() == 1);
}

TEST_CASE_TEMPLATE_DEFINE("a callback may acknowledge, publish and end its consumer", World,
                          streams_reenter) {
  World world;
  std::mutex lock;
  std::unique_ptr<streams::consumer> consumer;
  std::set<std::string> done;
  auto& subject = world.streams();
  {
    std::lock_guard guard{lock}; // the callback wants to see the consumer
    consumer = subject.consume(stream::inbox, 1, [&](const job_arrived& x) {
      std::unique_lock held{lock};
      done.insert(x.payload);
      if (!consumer)
        return;
      auto acknowledging = consumer.get();
      auto last = x.payload == "last";
      held.unlock();
      acknowledging->acknowledge(x.acknowledgement);
      subject.publish(stream::outbox, x.payload, "after " + x.payload, nullptr);
      if (last)
        consumer.reset();
    });
  }
  for (auto i = 0; i < 2000; ++i)
    subject.publish(stream::inbox, "id-" + std::to_string(i), std::to_string(i), nullptr);
  REQUIRE(world.eventually([&] {
    std::lock_guard guard{lock};
    return done.size() == 2000;
  }));
  CHECK(!publish_and_wait(world, stream::inbox, "last", "last"));
  CHECK(level_becomes(world, stream::inbox, 0, 0));
  CHECK(level_becomes(world, stream::outbox, 2001, 0));
}

TEST_CASE_TEMPLATE_DEFINE("many threads may publish and acknowledge at once", World,
                          streams_threads) {
  World world;
  auto& subject = world.streams();
  std::map<std::string, int> done;
  std::vector<std::unique_ptr<streams::consumer>> consumers(2);
  job_collector got;
  for (auto& x : consumers)
    x = subject.consume(stream::inbox, 20, got.collects());
  std::vector<std::thread> publishers;
  for (auto t = 0; t < 4; ++t)
    publishers.emplace_back([&subject, t] {
      for (auto i = 0; i < 250; ++i) {
        auto name = std::to_string(t) + "-" + std::to_string(i);
        subject.publish(stream::inbox, name, name, nullptr);
      }
    });
  // Either may settle what the other one got; credit comes back to who had it only by its own.
  size_t seen = 0;
  CHECK(world.eventually([&] {
    auto jobs = got.jobs();
    for (; seen < jobs.size(); ++seen) {
      for (auto& x : consumers)
        x->acknowledge(jobs[seen].acknowledgement);
      ++done[jobs[seen].payload];
    }
    return done.size() == 1000;
  }));
  for (auto& x : publishers)
    x.join();
  CHECK(level_becomes(world, stream::inbox, 0, 0));
}

TEST_CASE_TEMPLATE_DEFINE("streams that are there say so", World, streams_describe) {
  World world;
  CHECK(world.streams().connected());
  CHECK(!world.streams().description().empty());
  world.streams().mend(stream::inbox); // safe at any time
  publish_some(world, stream::inbox, 2);
  world.streams().mend(stream::inbox);
  CHECK(level_becomes(world, stream::inbox, 2, 0));
}

} // namespace igl

/// All promises of storage/streams.hpp, as cases for each of the worlds; in namespace igl.
#define IGL_STREAMS_CONTRACT(...)                                                                  \
  TEST_CASE_TEMPLATE_INVOKE(streams_delivers, __VA_ARGS__);                                        \
  TEST_CASE_TEMPLATE_INVOKE(streams_keep, __VA_ARGS__);                                            \
  TEST_CASE_TEMPLATE_INVOKE(streams_deduplicate, __VA_ARGS__);                                     \
  TEST_CASE_TEMPLATE_INVOKE(streams_apart, __VA_ARGS__);                                           \
  TEST_CASE_TEMPLATE_INVOKE(streams_credit, __VA_ARGS__);                                          \
  TEST_CASE_TEMPLATE_INVOKE(streams_redeliver, __VA_ARGS__);                                       \
  TEST_CASE_TEMPLATE_INVOKE(streams_forget, __VA_ARGS__);                                          \
  TEST_CASE_TEMPLATE_INVOKE(streams_keep_alive, __VA_ARGS__);                                      \
  TEST_CASE_TEMPLATE_INVOKE(streams_compete, __VA_ARGS__);                                         \
  TEST_CASE_TEMPLATE_INVOKE(streams_hand_over, __VA_ARGS__);                                       \
  TEST_CASE_TEMPLATE_INVOKE(streams_pause, __VA_ARGS__);                                           \
  TEST_CASE_TEMPLATE_INVOKE(streams_reenter, __VA_ARGS__);                                         \
  TEST_CASE_TEMPLATE_INVOKE(streams_threads, __VA_ARGS__);                                         \
  TEST_CASE_TEMPLATE_INVOKE(streams_describe, __VA_ARGS__)
