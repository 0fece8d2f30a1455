#include "actors/job_bundle.hpp"
#include "actors/job_publisher.hpp"
#include "tests/support/fake_streams.hpp"
#include "tests/support/ledger_world.hpp"

#include <set>

using namespace igl;
using namespace std::chrono_literals;

namespace {

job_order inbox_job(uint32_t number) {
  return make_job(process_message{example_message(number), {}, {}});
}

struct publisher_world : ledger_world {
  std::shared_ptr<fake_streams> to = std::make_shared<fake_streams>();
  job_publisher_options options;
  job_publisher_actor tested;

  publisher_world() { options.bundle = 1; }
  void start() {
    tested = keep(
        caf::actor_cast<job_publisher_actor>(system.spawn(job_publisher, around, to, options)));
    run();
  }
  void nudge() {
    self->send(tested, jobs_opened{~0u});
    run();
  }
  void open_and_nudge(uint32_t first, uint32_t count) {
    std::vector<job_order> jobs;
    for (uint32_t i = first; i < first + count; ++i)
      jobs.push_back(inbox_job(i));
    open_jobs(std::move(jobs));
    nudge();
  }
  void settle(const open_job& job, job_end end, std::chrono::milliseconds wait) {
    settlement what;
    what.job = job_outcome{
        {job.order.id, job.generation, job.attempts + 1}, end, now()() + wait, "a reason"};
    write(what);
  }
  /// Ids of the jobs that were published, with how often.
  std::map<std::string, int> published() {
    std::map<std::string, int> result;
    for (const auto& x : to->taken)
      for (const auto& delivery : deliveries_in(x.payload))
        ++result[decode_delivery(delivery)->ticket.id];
    return result;
  }
  /// How many jobs there are in each message.
  std::vector<size_t> messages() {
    std::vector<size_t> result;
    for (const auto& x : to->taken)
      result.push_back(deliveries_in(x.payload).size());
    return result;
  }
  publisher_status status() {
    auto x = ask(tested, publisher_query{}).answer<publisher_status>();
    REQUIRE(x);
    return *x;
  }
};

} // namespace

TEST_SUITE_BEGIN("job publisher");

TEST_CASE_FIXTURE(publisher_world, "publishes an opened job with its ticket and order") {
  start();
  CHECK(to->taken.empty());
  open_and_nudge(1, 1);
  REQUIRE(to->taken.size() == 1);
  CHECK(to->taken[0].on == stream::inbox);
  auto job = decode_delivery(to->taken[0].payload);
  REQUIRE(job);
  CHECK(job->ticket.id == inbox_job(1).id);
  CHECK(job->ticket.generation == due().at(0).generation);
  CHECK(job->ticket.attempt == 1);
  auto order = parse_order<process_message>(job->body);
  REQUIRE(order);
  CHECK(order->content == example_message(1));
  CHECK(status().published == 1);
  CHECK(status().in_flight == 0);
}

TEST_CASE_FIXTURE(publisher_world, "publishes what was open before it started") {
  open_jobs({inbox_job(1), inbox_job(2)});
  start();
  CHECK(published().size() == 2);
}

TEST_CASE_FIXTURE(publisher_world, "publishes each job once, however often it is nudged") {
  start();
  for (uint32_t i = 0; i < 10; ++i)
    open_and_nudge(i * 100, 100);
  for (int i = 0; i < 10; ++i)
    nudge();
  pass(5s, 100ms);
  CHECK(to->taken.size() == 1000);
  CHECK(published().size() == 1000);
}

TEST_CASE_FIXTURE(publisher_world, "publishes a job when it is due and not before") {
  start();
  auto later = inbox_job(1);
  later.due = now()() + 2500ms;
  open_jobs({later});
  nudge();
  pass(2490ms);
  CHECK(to->taken.empty());
  pass(20ms);
  CHECK(to->taken.size() == 1);
}

TEST_CASE_FIXTURE(publisher_world, "finds jobs though nobody told it") {
  start();
  open_jobs({inbox_job(1)});
  CHECK(to->taken.empty());
  pass(1s);
  CHECK(to->taken.size() == 1);
}

TEST_CASE_FIXTURE(publisher_world,
                  "a postponed job is published anew, not dropped as a repetition") {
  start();
  open_and_nudge(1, 1);
  settle(due().at(0), job_end::postponed, 300ms);
  pass(2s);
  REQUIRE(to->taken.size() == 2);
  CHECK(decode_delivery(to->taken[1].payload)->ticket.attempt == 1);
  CHECK(to->taken[0].id != to->taken[1].id);
}

TEST_CASE_FIXTURE(publisher_world, "a failed job is published anew with its next attempt") {
  start();
  open_and_nudge(1, 1);
  settle(due().at(0), job_end::again, 300ms);
  pass(2s);
  REQUIRE(to->taken.size() == 2);
  CHECK(decode_delivery(to->taken[1].payload)->ticket.attempt == 2);
}

TEST_CASE_FIXTURE(publisher_world, "never has more in flight than its window") {
  options.window = 64;
  start();
  to->holding = true;
  open_and_nudge(1, 1000);
  CHECK(to->taken.size() == 64);
  CHECK(status().in_flight == 64);
  for (int i = 0; i < 100 && !to->held.empty(); ++i) {
    to->release();
    run();
    CHECK(status().in_flight <= 64);
  }
  CHECK(to->taken.size() == 1000);
  CHECK(published().size() == 1000);
}

TEST_CASE_FIXTURE(publisher_world,
                  "while the streams are away it keeps what it has and asks seldom") {
  start();
  to->fails_with = make_problem(errc::unavailable, "no server");
  open_and_nudge(1, 2000);
  pass(60s, 100ms);
  CHECK(to->taken.empty());
  CHECK(status().in_flight == 256);
  CHECK(status().last_error.find("no server") != std::string::npos);
  // The window at once, and then after 0.1, 0.2, 0.4 … 5 s.
  CHECK(to->refused <= 256 * 20);

  to->fails_with = {};
  pass(5s, 100ms);
  CHECK(to->taken.size() == 2000);
  CHECK(published().size() == 2000);
  CHECK(status().in_flight == 0);
  CHECK(status().last_error.empty());
}

TEST_CASE_FIXTURE(publisher_world, "a publication that failed late is made again") {
  start();
  to->holding = true;
  open_and_nudge(1, 10);
  CHECK(to->taken.size() == 10);
  to->release(make_problem(errc::unavailable));
  to->holding = false;
  pass(1s);
  CHECK(published().size() == 10);
  for (const auto& x : published())
    CHECK_MESSAGE(x.second == 2, x.first);
  // The same publication: a stream that did have it drops the second.
  CHECK(to->taken[0].id == to->taken[10].id);
}

TEST_CASE_FIXTURE(publisher_world,
                  "publishes again one stream's jobs that were due before a time") {
  start();
  auto other = make_job(update_message{{"AU", "1"}, {}, "confirmed/1"});
  open_jobs({inbox_job(1), other});
  nudge();
  pass(10s, 100ms);
  auto before = now()();
  pass(1s, 100ms);
  open_and_nudge(2, 1);
  REQUIRE(to->taken.size() == 3);
  self->send(tested, republish{stream::inbox, before});
  run();
  REQUIRE(to->taken.size() == 4);
  CHECK(to->taken[3].on == stream::inbox);
  CHECK(decode_delivery(to->taken[3].payload)->ticket.id == inbox_job(1).id);
  // The publication is the same as before, so that a stream that has it drops it.
  CHECK(std::count_if(to->taken.begin(), to->taken.end(),
                      [&](const auto& x) { return x.id == to->taken[3].id; }) == 2);
}

TEST_CASE_FIXTURE(publisher_world, "new jobs do not wait for a long republication") {
  options.window = 16;
  start();
  open_and_nudge(1, 1000);
  pass(1s, 100ms);
  REQUIRE(to->taken.size() == 1000);
  to->holding = true;
  self->send(tested, republish{stream::inbox, now()() - 500ms});
  run();
  open_and_nudge(5000, 1);
  for (int i = 0; i < 6; ++i) {
    to->release();
    run();
  }
  CHECK(published().count(inbox_job(5000).id) == 1);
  CHECK(to->taken.size() < 1200);
  for (int i = 0; i < 1000 && !to->held.empty(); ++i) {
    to->release();
    run();
  }
  CHECK(to->taken.size() == 2001);
}

TEST_CASE_FIXTURE(publisher_world, "a job that its stream will never take becomes a dead letter") {
  start();
  to->fails_with = make_problem(errc::too_large, "9 MB");
  open_and_nudge(1, 1);
  CHECK(status().in_flight == 0);
  REQUIRE(dead_letters().size() == 1);
  CHECK(dead_letters()[0].reason.find("9 MB") != std::string::npos);
  // And the next one is not made to wait for it.
  to->fails_with = {};
  open_and_nudge(2, 1);
  CHECK(published().count(inbox_job(2).id) == 1);
}

TEST_CASE_FIXTURE(publisher_world, "what a stream has no room for waits in the ledger") {
  options.backlog = 100;
  start();
  to->levels[stream::inbox].messages = 100;
  open_and_nudge(1, 1000);
  CHECK(to->taken.size() == 100);
  pass(10s, 10ms);
  CHECK(to->taken.size() == 100);
  // Some are done, and others take their place.
  to->levels[stream::inbox].messages = 80;
  pass(100ms, 10ms);
  CHECK(to->taken.size() > 100);
  CHECK(to->taken.size() <= 100 + 20 * 6);
  to->levels[stream::inbox].messages = 0;
  pass(1s, 10ms);
  CHECK(to->taken.size() == 1000);
  CHECK(published().size() == 1000);
}

TEST_CASE_FIXTURE(publisher_world, "a full stream is asked seldom, and holds up no other") {
  options.backlog = 100;
  start();
  to->levels[stream::inbox].messages = 100;
  open_and_nudge(1, 200);
  auto other = make_job(update_message{{"AU", "1"}, {}, "confirmed/1"});
  open_jobs({other});
  auto before = to->asked_level;
  for (int i = 0; i < 100; ++i)
    nudge();
  CHECK(published().count(other.id) == 1);
  CHECK(to->asked_level <= before + 2);
}

TEST_CASE_FIXTURE(publisher_world, "knows which jobs it has published, and when if it was late") {
  options.backlog = 10;
  start();
  auto early = now()();
  open_and_nudge(1, 1);
  auto at = [&](const open_job& job) {
    auto x = ask(tested, published_when{stream::inbox, {job.order.due, job.number}})
                 .answer<published_at>();
    REQUIRE(x);
    return x->at;
  };
  auto first = due().at(0);
  REQUIRE(at(first));
  CHECK(*at(first) - early < 1s);
  to->levels[stream::inbox].messages = 10;
  open_and_nudge(100, 20);
  pass(1min, 100ms);
  auto last = due().back();
  CHECK_FALSE(at(last));
  to->levels[stream::inbox].messages = 0;
  pass(10s, 100ms);
  REQUIRE(at(last));
  CHECK(*at(last) - last.order.due > 50s);
}

TEST_CASE_FIXTURE(publisher_world, "jobs that are due together share messages") {
  options.bundle = 16;
  start();
  open_and_nudge(1, 40);
  CHECK(messages() == std::vector<size_t>{16, 16, 8});
  CHECK(published().size() == 40);
  CHECK(status().published == 40);
  CHECK(status().in_flight == 0);
}

TEST_CASE_FIXTURE(publisher_world, "what becomes due while others are on their way gathers") {
  options.bundle = 16;
  start();
  to->holding = true;
  open_and_nudge(1, 1);
  open_and_nudge(2, 1);
  open_and_nudge(3, 1);
  CHECK(messages() == std::vector<size_t>{1});
  to->release();
  run();
  CHECK(messages() == std::vector<size_t>{1, 2});
}

TEST_CASE_FIXTURE(publisher_world, "a large job does not take others with it") {
  auto jobs = [](size_t bytes) {
    std::vector<open_job> x(3);
    for (auto& job : x) {
      job.order = inbox_job(1);
      job.order.id += std::to_string(&job - x.data());
      job.order.body = "{\"x\":\"" + std::string(bytes, 'x') + "\"}";
    }
    return x;
  };
  CHECK(publications_of(jobs(10), 16, 65536).size() == 1);
  CHECK(publications_of(jobs(70000), 16, 65536).size() == 3);
}

TEST_CASE_FIXTURE(publisher_world, "jobs that are too large together are published each alone") {
  options.bundle = 16;
  start();
  to->fails_above = 1000;
  open_and_nudge(1, 5);
  CHECK(messages() == std::vector<size_t>{1, 1, 1, 1, 1});
  CHECK(published().size() == 5);
  CHECK(status().in_flight == 0);
  CHECK(dead_letters().empty());
}

TEST_CASE_FIXTURE(publisher_world,
                  "a message of several that failed late is made again as it was") {
  options.bundle = 16;
  start();
  to->holding = true;
  open_and_nudge(1, 5);
  to->release(make_problem(errc::unavailable));
  to->holding = false;
  open_and_nudge(6, 3);
  pass(1s);
  REQUIRE(messages() == std::vector<size_t>{5, 5, 3});
  CHECK(to->taken[0].id == to->taken[1].id);
  CHECK(to->taken[0].payload == to->taken[1].payload);
  CHECK(to->taken[1].id != to->taken[2].id);
}

TEST_CASE_FIXTURE(publisher_world, "what its stream refuses again and again holds up no other") {
  options.bundle = 16;
  start();
  to->fails_on = inbox_job(7).id;
  open_and_nudge(7, 1);
  for (uint32_t i = 1; i <= 60; ++i) {
    open_and_nudge(100 + i, 1);
    pass(1s, 100ms);
  }
  CHECK(to->refused > 5);
  CHECK(published().size() > 50);
  CHECK(published().count(inbox_job(7).id) == 0);
  to->fails_on.clear();
  pass(10s, 100ms);
  CHECK(published().size() == 61);
  CHECK(status().in_flight == 0);
}

TEST_CASE("a message of one job is that job, and any array is one of several") {
  CHECK(bundle_of({R"({"a":1})"}) == R"({"a":1})");
  const auto several = bundle_of({R"({"a":"]"})", R"({"b":[{}]})", "{}"});
  CHECK(several == R"([{"a":"]"},{"b":[{}]},{}])");
  using texts = std::vector<std::string>;
  CHECK(deliveries_in(several) == texts{R"({"a":"]"})", R"({"b":[{}]})", "{}"});
  CHECK(deliveries_in("[ {\"a\": 1}, 17 ]") == texts{R"({"a":1})", "17"});
  for (auto no_array : {"", "hello", "[]", "[{}", "17", "{}"})
    CHECK(deliveries_in(no_array) == texts{no_array});
}

TEST_CASE("an array that is nested too deeply is not read") {
  const size_t depth = 500'000;
  const auto hostile = std::string(depth, '[') + std::string(depth, ']');
  CHECK(deliveries_in(hostile) == std::vector<std::string>{hostile});
}

TEST_CASE_FIXTURE(publisher_world, "goes on after the ledger could not be read") {
  start();
  on_disk->cannot_read = make_problem(errc::storage_failed, "the disk is tired");
  open_jobs({inbox_job(1)});
  nudge();
  CHECK(status().last_error.find("the disk is tired") != std::string::npos);
  CHECK(to->taken.empty());
  on_disk->cannot_read = {};
  pass(1s);
  CHECK(to->taken.size() == 1);
}

TEST_SUITE_END();
