#include "actors/job_publisher.hpp"
#include "actors/reconciler.hpp"
#include "storage/memory_streams.hpp"
#include "tests/support/fake_streams.hpp"
#include "tests/support/ledger_world.hpp"

using namespace igl;
using namespace std::chrono_literals;

namespace {

job_order inbox_job(uint32_t number) {
  return make_job(process_message{example_message(number), {}, {}});
}

/// Streams that can lose everything, as when a server's folder is deleted.
class forgetful_streams : public streams {
public:
  explicit forgetful_streams(std::function<caf::timestamp()> now) : now_(std::move(now)) {
    forget();
  }
  void forget() { inner = make_memory_streams({30s, now_}); }

  std::shared_ptr<streams> inner;
  uint64_t publications = 0;
  bool there = true;

  void publish(stream on, const std::string& id, std::string payload, published done) override {
    if (!there)
      return done(make_problem(errc::unavailable));
    ++publications;
    inner->publish(on, id, std::move(payload), std::move(done));
  }
  std::unique_ptr<consumer> consume(stream from, uint32_t credit, arrived on_job) override {
    return inner->consume(from, credit, std::move(on_job));
  }
  void level(stream of, std::function<void(caf::expected<stream_level>)> done) override {
    inner->level(of, std::move(done));
  }
  void mend(stream which) override { inner->mend(which); }
  bool connected() const override { return there; }
  std::string description() const override { return inner->description(); }

private:
  std::function<caf::timestamp()> now_;
};

/// The reconciler alone, with a publisher that writes down what it is told.
struct reconciled_world : ledger_world {
  std::shared_ptr<fake_streams> watched = std::make_shared<fake_streams>();
  std::vector<republish> told;
  bool published = true; ///< the publisher has come past the jobs

  static job_publisher_actor::behavior_type
  listen(job_publisher_actor::pointer, std::vector<republish>* told, const bool* published) {
    return {
        [](const jobs_opened&) {},
        [=](const republish& x) { told->push_back(x); },
        [](const publisher_query&) { return publisher_status{}; },
        [=](const published_when& x) {
          return *published ? published_at{x.place.due} : published_at{};
        },
        [](const publication_ended&) {},
        [](caf::tick_atom) {},
    };
  }
  void start() {
    auto listener = keep(system.spawn(listen, &told, &published));
    keep(system.spawn(reconciler, around, watched, listener, std::chrono::milliseconds{10s}));
    run();
  }
};

/// The reconciler with a real publisher.
struct whole_world : ledger_world {
  job_publisher_options options{.bundle = 1};
  std::shared_ptr<forgetful_streams> to = std::make_shared<forgetful_streams>(now());

  whole_world() { options.backlog = 100'000; }
  void start() {
    auto real = keep(
        caf::actor_cast<job_publisher_actor>(system.spawn(job_publisher, around, to, options)));
    keep(system.spawn(reconciler, around, to, real, std::chrono::milliseconds{10s}));
    run();
  }
  uint64_t in_stream() {
    uint64_t result = 0;
    to->level(stream::inbox, [&](caf::expected<stream_level> x) { result = x ? x->messages : 0; });
    return result;
  }
  void open_many(uint32_t count) {
    std::vector<job_order> jobs;
    for (uint32_t i = 0; i < count; ++i)
      jobs.push_back(inbox_job(i));
    open_jobs(std::move(jobs));
  }
};

} // namespace

TEST_SUITE_BEGIN("reconciler");

TEST_CASE("a job is missing when the stream should have it and does not") {
  const caf::timestamp noon{1000h};
  const stream_level empty;
  const auto oldest = [&](caf::timestamp x) {
    return stream_level{7, 7, 0, x};
  };
  const caf::timestamp never{};

  SUBCASE("an empty stream, once publishing has had its time") {
    CHECK(missing_before({noon - 11s, empty, never, noon}) == noon - publishing_takes);
    CHECK_FALSE(missing_before({noon - 10s, empty, never, noon}));
  }
  SUBCASE("a stream whose oldest message is younger than the job") {
    CHECK(missing_before({noon - 60s, oldest(noon - 20s), never, noon}) == noon - 30s);
    CHECK_FALSE(missing_before({noon - 60s, oldest(noon - 60s), never, noon}));
    CHECK_FALSE(missing_before({noon - 60s, oldest(noon - 50s), never, noon}));
  }
  SUBCASE("a stream with an older backlog has it, however long it waits") {
    CHECK_FALSE(missing_before({noon - 1h, oldest(noon - 2h), never, noon}));
  }
  SUBCASE("what was published again a moment ago is not missing") {
    CHECK_FALSE(missing_before({noon - 1h, empty, noon - 5s, noon}));
    CHECK(missing_before({noon - 1h, empty, noon - 11s, noon}));
    CHECK_FALSE(missing_before({noon - 1h, oldest(noon - 5s), noon - 10s, noon}));
    CHECK(missing_before({noon - 1h, oldest(noon - 5s), noon - 20s, noon}));
  }
}

TEST_CASE_FIXTURE(reconciled_world, "has the jobs of an empty stream published again") {
  start();
  open_jobs({inbox_job(1)});
  pass(10s, 100ms);
  CHECK(told.empty());
  pass(20s, 100ms);
  REQUIRE(!told.empty());
  CHECK(told[0].on == stream::inbox);
  CHECK(told[0].due_before < now()());
  CHECK(watched->mended[stream::inbox] >= 2);
  CHECK(watched->mended[stream::outbox] == 0);
}

TEST_CASE_FIXTURE(reconciled_world, "compares each stream, wherever its job stands in the queue") {
  start();
  std::vector<job_order> jobs;
  for (uint32_t i = 0; i < 2000; ++i)
    jobs.push_back(inbox_job(i));
  jobs.push_back(make_job(update_message{{"AU", "1"}, {}, "confirmed/1"}));
  open_jobs(std::move(jobs));
  watched->levels[stream::inbox] = {2000, 2000, 0, now()()};
  pass(31s, 50ms);
  REQUIRE(!told.empty());
  for (const auto& x : told)
    CHECK(x.on == stream::message_updates);
}

TEST_CASE_FIXTURE(reconciled_world, "a job that its stream had no room for yet is not missing") {
  published = false;
  start();
  open_jobs({inbox_job(1)});
  pass(5min, 1s);
  CHECK(told.empty());
  published = true;
  pass(30s, 1s);
  CHECK_FALSE(told.empty());
}

TEST_CASE_FIXTURE(reconciled_world, "a job that is not due yet is not missing") {
  start();
  auto later = inbox_job(1);
  later.due = now()() + 1h;
  open_jobs({later});
  pass(5min, 1s);
  CHECK(told.empty());
}

TEST_CASE_FIXTURE(reconciled_world, "does nothing while the streams are away") {
  watched->there = false;
  start();
  open_jobs({inbox_job(1)});
  pass(2min, 1s);
  CHECK(told.empty());
  CHECK(watched->mended.empty());
  watched->there = true;
  pass(10s, 1s);
  CHECK(told.empty());
  pass(30s, 1s);
  CHECK_FALSE(told.empty());
}

TEST_CASE_FIXTURE(reconciled_world, "goes on after the ledger could not be read") {
  start();
  open_jobs({inbox_job(1)});
  on_disk->cannot_read = make_problem(errc::storage_failed);
  pass(60s, 1s);
  CHECK(told.empty());
  on_disk->cannot_read = {};
  pass(30s, 1s);
  CHECK_FALSE(told.empty());
}

TEST_CASE_FIXTURE(whole_world, "leaves a healthy backlog of 10,000 jobs alone") {
  open_many(10'000);
  start();
  CHECK(in_stream() == 10'000);
  pass(10min, 1s);
  CHECK(to->publications == 10'000);
  CHECK(in_stream() == 10'000);
}

TEST_CASE_FIXTURE(whole_world, "leaves a backlog alone that waited for the streams to come back") {
  to->there = false;
  start();
  open_many(3'000);
  pass(60s, 1s);
  to->there = true;
  pass(10min, 1s);
  CHECK(in_stream() == 3'000);
  // The first may be tried again; a stream drops what it has.
  CHECK(to->publications <= 4'000);
}

TEST_CASE_FIXTURE(whole_world, "brings everything back after the streams lost it") {
  start();
  open_many(3'000);
  pass(60s, 1s);
  CHECK(in_stream() == 3'000);
  to->forget();
  CHECK(in_stream() == 0);
  pass(30s, 1s);
  CHECK(in_stream() == 3'000);
  auto published = to->publications;
  pass(5min, 1s);
  CHECK(to->publications == published);
}

TEST_CASE_FIXTURE(whole_world, "leaves alone what waits for room, however long") {
  options.backlog = 100;
  start();
  open_many(300);
  pass(10min, 1s);
  CHECK(in_stream() >= 100);
  CHECK(in_stream() < 300);
  CHECK(to->publications == in_stream());
}

TEST_CASE_FIXTURE(whole_world, "brings back what was lost before what came later") {
  start();
  open_many(10);
  pass(60s, 1s);
  to->forget();
  open_jobs({inbox_job(5000)});
  pass(1s, 100ms);
  CHECK(in_stream() == 1);
  pass(30s, 1s);
  CHECK(in_stream() == 11);
}

TEST_SUITE_END();
