#include "actors/job_bundle.hpp"
#include "actors/job_source.hpp"
#include "actors/supervisor.hpp"
#include "tests/support/fake_streams.hpp"
#include "tests/support/ledger_world.hpp"

#include <deque>
#include <stdexcept>

using namespace igl;
using namespace std::chrono_literals;

namespace {

/// What the worker does with its next job: answers it, fails, keeps it, or dies.
enum class act : uint8_t { settle, keep, drop, crash };
struct step {
  act what = act::settle;
  caf::error err; ///< set: the answer
};

/// A worker that follows a script; at its end it settles.
struct script {
  std::deque<step> steps;
  std::vector<job_ticket> seen;
  std::vector<caf::typed_response_promise<settled>> kept;
};

using scripted_actor = inbound_message_processor_actor::extend<
    // Answer what was kept.
    caf::reacts_to<caf::flush_atom>>;

scripted_actor::behavior_type scripted_worker(scripted_actor::pointer self, surroundings around,
                                              std::shared_ptr<script> plan) {
  name_exceptions(self);
  auto release = [=](caf::flush_atom) {
    for (auto& answer : std::exchange(plan->kept, {}))
      answer.deliver(settled{1});
  };
  auto work = [=](const job_ticket& ticket, const process_message&) -> caf::result<settled> {
    plan->seen.push_back(ticket);
    step next;
    if (!plan->steps.empty()) {
      next = plan->steps.front();
      plan->steps.pop_front();
    }
    if (next.err)
      return next.err;
    switch (next.what) {
    case act::crash:
      throw std::runtime_error("the worker stumbled");
    case act::drop:
      return promise_of<settled>(self)->unguarded();
    case act::keep:
      plan->kept.push_back(self->make_response_promise<settled>());
      return plan->kept.back();
    case act::settle:
      break;
    }
    auto answer = promise_of<settled>(self);
    settlement done;
    done.job = job_outcome{ticket, job_end::done, {}, {}};
    self->request(around.ledger, timeouts::settle, done)
        .then([=](const settled& x) { answer->deliver(x); },
              [=](caf::error& err) { answer->deliver(std::move(err)); });
    return answer->unguarded();
  };
  return {work, release};
}

struct source_world : ledger_world {
  std::shared_ptr<fake_streams> from = std::make_shared<fake_streams>();
  std::shared_ptr<script> plan = std::make_shared<script>();
  job_source_options options;
  scripted_actor worker = make_supervised_ref<scripted_actor>(system);
  job_source_actor tested;

  void start() {
    keep(system.spawn(supervisor,
                      supervisor_options{.name = "root", .max_restarts = 100, .now = now()},
                      std::vector<child_spec>{child(
                          "worker", worker, [around = around, plan = plan](caf::actor_system& sys) {
                            return sys.spawn(scripted_worker, around, plan);
                          })}));
    tested =
        keep(system.spawn(job_source<process_message>, around, from, options,
                          std::function<inbound_message_processor_actor(const process_message&)>(
                              [this](const process_message&) { return worker; })));
    run();
  }
  /// A job of the ledger on its way through the stream.
  static job_ticket ticket_of(const open_job& job) {
    return {job.order.id, job.generation, job.attempts + 1};
  }
  static std::string payload_of(const open_job& job) {
    return encode_delivery(ticket_of(job), job.order);
  }
  void open_one(uint32_t number = 1) {
    open_jobs({make_job(process_message{example_message(number), {}, {}})});
  }
  open_job only_job() {
    auto all = due_at(now()() + 24h);
    REQUIRE(all.size() == 1);
    return all[0];
  }
  void deliver(const std::string& payload, const std::string& acknowledgement) {
    from->deliver({payload, acknowledgement});
    run();
  }
  /// Opens some jobs; each as it is delivered.
  std::vector<std::string> open_several(uint32_t count) {
    for (uint32_t i = 1; i <= count; ++i)
      open_one(i);
    std::vector<std::string> all;
    for (const auto& job : due())
      all.push_back(payload_of(job));
    return all;
  }
  /// Opens a job, and delivers it as "ack".
  void give(std::deque<step> steps) {
    plan->steps = std::move(steps);
    start();
    open_one();
    deliver(payload_of(only_job()), "ack");
  }
  void release() {
    REQUIRE(plan->kept.size() == 1);
    self->send(worker, caf::flush_atom_v);
    run();
  }
  source_status status() {
    auto x = ask(tested, source_query{}).answer<source_status>();
    REQUIRE(x);
    return *x;
  }
  std::vector<std::string> acknowledged() { return std::exchange(from->acknowledged, {}); }
};

using acks = std::vector<std::string>;
step fails(errc code) {
  return {act::settle, make_problem(code, "for a test")};
}

} // namespace

TEST_SUITE_BEGIN("job source");

TEST_CASE("what follows from an answer") {
  job_source_options how;
  how.retry.attempts = 3;
  how.crashed.attempts = 2;
  const auto says = [&](const caf::error& err, uint32_t attempt = 1, uint32_t crashes = 0) {
    return judge(err, {"job", 1, attempt}, crashes, how);
  };
  CHECK(says({}) == job_verdict::settled);
  CHECK(says(make_problem(errc::job_not_open)) == job_verdict::settled);
  SUBCASE("a busy peer never uses up attempts") {
    CHECK(says(make_problem(errc::peer_busy), 99) == job_verdict::postpone);
    CHECK(says(make_problem(errc::overloaded), 99) == job_verdict::postpone);
  }
  SUBCASE("what may succeed later is tried again while attempts are left") {
    CHECK(says(make_problem(errc::peer_timeout), 1) == job_verdict::try_again);
    CHECK(says(make_problem(errc::peer_timeout), 2) == job_verdict::try_again);
    CHECK(says(make_problem(errc::peer_timeout), 3) == job_verdict::exhausted);
  }
  SUBCASE("what cannot succeed later is not tried again") {
    CHECK(says(make_problem(errc::peer_refused)) == job_verdict::exhausted);
    CHECK(says(make_problem(errc::unknown_channel)) == job_verdict::exhausted);
  }
  SUBCASE("a worker that is gone is tried again here, some times, then with an attempt") {
    for (const auto& err :
         {make_problem(errc::broken_promise), make_problem(errc::unavailable),
          make_problem(errc::stale), caf::make_error(caf::sec::request_receiver_down),
          caf::make_error(caf::sec::request_timeout)}) {
      CHECK(says(err, 1, 0) == job_verdict::try_here);
      CHECK(says(err, 3, 1) == job_verdict::try_here);
      CHECK(says(err, 2, 2) == job_verdict::try_again);
      CHECK(says(err, 3, 2) == job_verdict::exhausted);
    }
  }
  SUBCASE("an exception of the worker counts against the job that caused it") {
    CHECK(says(caf::make_error(caf::sec::runtime_error), 1) == job_verdict::try_again);
    CHECK(says(caf::make_error(caf::sec::runtime_error), 3) == job_verdict::exhausted);
  }
}

TEST_CASE("a source says whose worker has had a job longest") {
  caf::actor_clock::time_point now{100s};
  std::map<std::string, job_in_hand> in_hand;
  CHECK(work_under_way(stream::channel_pending, in_hand, now) == "");
  auto hold = [&](const std::string& about, uint64_t turn, std::chrono::seconds since) {
    auto& x = in_hand[about];
    x.job.about = about;
    x.turn = turn;
    x.asked = now - since;
  };
  hold("AU:1", 0, 50s);
  CHECK(work_under_way(stream::channel_pending, in_hand, now) == "1 being settled");
  hold("AU:17", 1, 3s);
  CHECK(work_under_way(stream::channel_pending, in_hand, now) ==
        "with channel-poller: AU:17 for 3 s");
  hold("AU:18", 2, 2s);
  hold("AU:16", 3, 1s);
  CHECK(work_under_way(stream::channel_pending, in_hand, now) ==
        "with channel-poller: AU:17 for 3 s, 2 more");
}

TEST_CASE("a job that is given up ends as the stream catalogue says") {
  const auto err = make_problem(errc::peer_timeout, "x");
  auto x = give_up(stream::inbox, {{"job", 1, 3}, "AU:1", "{}"}, err);
  REQUIRE(x.job);
  CHECK(x.job->end == job_end::dead);
  CHECK(x.job->error == sentence_of(err));
  CHECK(x.opens.empty());

  x = give_up(stream::outbox, {{"job", 1, 3}, "AU:1", "{}"}, err);
  REQUIRE(x.job);
  CHECK(x.job->end == job_end::done);
  REQUIRE(x.opens.size() == 1);
  CHECK(x.opens[0].on == stream::rejected);
  auto order = parse_order<reject_message>(x.opens[0].body);
  REQUIRE(order);
  CHECK(order->about == reference{"AU", "1"});
  CHECK(order->reason == sentence_of(err));

  // Nobody to reject for.
  CHECK(give_up(stream::outbox, {{"job", 1, 3}, "", "{}"}, err).job->end == job_end::dead);
}

TEST_CASE_FIXTURE(source_world, "acknowledges a job when it is settled and not before") {
  give({{act::keep, {}}});
  CHECK(from->credit == options.credit);
  CHECK(acknowledged() == acks{});
  CHECK(status().in_flight == 1);
  release();
  CHECK(acknowledged() == acks{"ack"});
  CHECK(status().in_flight == 0);
  CHECK(status().done == 1);
}

TEST_CASE_FIXTURE(source_world, "forgets a job that somebody settled before") {
  start();
  open_one();
  auto job = only_job();
  settlement by_somebody;
  by_somebody.job = job_outcome{ticket_of(job), job_end::done, {}, {}};
  write(by_somebody);
  CHECK(figures().open_jobs == 0);
  deliver(payload_of(job), "again");
  CHECK(acknowledged() == acks{"again"});
  CHECK(plan->seen.size() == 1);
  CHECK(dead_letters().empty());
}

TEST_CASE_FIXTURE(source_world, "asks no worker again for a job that is settled") {
  start();
  open_one();
  auto payload = payload_of(only_job());
  deliver(payload, "ack");
  deliver(payload, "again");
  deliver(bundle_of({payload, payload}), "and again");
  CHECK(plan->seen.size() == 1);
  CHECK(acknowledged() == acks{"ack", "again", "and again"});
  CHECK(status().in_flight == 0);
  // Opened again it is another job.
  open_one();
  deliver(payload_of(only_job()), "new");
  CHECK(plan->seen.size() == 2);
}

TEST_CASE("of settled tickets the last ones are remembered") {
  settled_tickets x{2};
  for (uint32_t i = 1; i <= 3; ++i) {
    x.add({"a", i, 1});
    x.add({"a", i, 1});
  }
  CHECK_FALSE(x.contain({"a", 1, 1}));
  CHECK(x.contain({"a", 2, 1}));
  CHECK(x.contain({"a", 3, 1}));
  CHECK_FALSE(x.contain({"a", 3, 2}));
}

TEST_CASE_FIXTURE(source_world,
                  "a busy peer postpones the job, longer and longer, without counting") {
  give({fails(errc::peer_busy), fails(errc::peer_busy), fails(errc::peer_busy)});
  std::vector<caf::timespan> pauses;
  for (int i = 0; i < 3; ++i) {
    auto job = only_job();
    CHECK(job.attempts == 0);
    pauses.push_back(job.order.due - now()());
    pass(1s);
    deliver(payload_of(job), "ack");
  }
  CHECK(acknowledged() == acks(4, "ack"));
  CHECK(pauses[0] >= 100ms);
  CHECK(pauses[0] <= 201ms);
  CHECK(pauses[2] >= 400ms);
  CHECK(figures().open_jobs == 0);
  CHECK(status().failed == 0);
}

TEST_CASE_FIXTURE(source_world, "a failed job is due again after a pause, with its error") {
  options.retry.first = 500ms;
  give({fails(errc::peer_timeout)});
  auto job = only_job();
  CHECK(job.attempts == 1);
  CHECK(job.last_error.find("for a test") != std::string::npos);
  CHECK(job.order.due - now()() >= 500ms);
  CHECK(job.order.due - now()() <= 601ms);
  CHECK(acknowledged() == acks{"ack"});
  CHECK(status().failed == 1);
}

TEST_CASE_FIXTURE(source_world, "a job without attempts left becomes a dead letter") {
  options.retry.attempts = 2;
  give({fails(errc::peer_timeout), fails(errc::peer_timeout)});
  CHECK(dead_letters().empty());
  deliver(payload_of(only_job()), "second");
  REQUIRE(dead_letters().size() == 1);
  CHECK(dead_letters()[0].reason.find("for a test") != std::string::npos);
  CHECK(acknowledged() == acks{"ack", "second"});
}

TEST_CASE_FIXTURE(source_world, "a job that cannot succeed is not tried again") {
  give({fails(errc::peer_refused)});
  CHECK(dead_letters().size() == 1);
  CHECK(plan->seen.size() == 1);
  CHECK(acknowledged() == acks{"ack"});
}

TEST_CASE_FIXTURE(source_world, "whoever built the source may say how an exhausted job ends") {
  options.on_exhausted = ending_of<process_message>(
      [](const job_ticket& ticket, const process_message& order, const caf::error& err) {
        settlement x;
        x.job = job_outcome{ticket, job_end::done, {}, {}};
        x.cursors.push_back({order.content.sender_ref, sentence_of(err)});
        return x;
      });
  give({fails(errc::peer_refused)});
  CHECK(dead_letters().empty());
  CHECK(on_disk->read(find_cursor{"1"})->value.find("for a test") != std::string::npos);
  CHECK(acknowledged() == acks{"ack"});
}

TEST_CASE_FIXTURE(source_world, "a restarting worker costs a healthy job nothing") {
  give({{act::drop, {}}, {act::drop, {}}});
  anon_send_exit(worker, caf::exit_reason::kill);
  pass(3s);
  CHECK(acknowledged() == acks{"ack"});
  for (const auto& ticket : plan->seen)
    CHECK(ticket.attempt == 1);
  CHECK(figures().open_jobs == 0);
  CHECK(status().failed == 0);
}

TEST_CASE_FIXTURE(source_world, "a worker that stays away costs an attempt in the end") {
  give({6, step{act::drop, {}}});
  pass(10s);
  CHECK(plan->seen.size() == 6);
  auto job = only_job();
  CHECK(job.attempts == 1);
  CHECK(job.last_error.find("broken_promise") != std::string::npos);
  CHECK(acknowledged() == acks{"ack"});
}

TEST_CASE_FIXTURE(source_world, "the job that crashed the worker is counted and says why") {
  give({{act::crash, {}}});
  CHECK(plan->seen.size() == 1);
  CHECK(only_job().attempts == 1);
  CHECK(only_job().last_error.find("the worker stumbled") != std::string::npos);
}

TEST_CASE_FIXTURE(source_world, "throws away what is no job, and goes on") {
  start();
  deliver("hello", "ack");
  CHECK(acknowledged() == acks{"ack"});
  CHECK(status().failed == 1);
  CHECK(status().in_flight == 0);
  open_one();
  deliver(payload_of(only_job()), "next");
  CHECK(acknowledged() == acks{"next"});
}

TEST_CASE_FIXTURE(source_world, "a job with an unreadable order becomes a dead letter") {
  start();
  auto order = make_job(process_message{example_message(1), {}, {}});
  order.body = R"({"content": 17})";
  open_jobs({order});
  deliver(payload_of(only_job()), "ack");
  CHECK(dead_letters().size() == 1);
  CHECK(plan->seen.empty());
  CHECK(acknowledged() == acks{"ack"});
}

TEST_CASE_FIXTURE(source_world, "a job that no worker takes becomes a dead letter") {
  worker = nullptr;
  tested = keep(
      system.spawn(job_source<process_message>, around, from, options,
                   std::function<inbound_message_processor_actor(const process_message&)>(
                       [](const process_message&) { return inbound_message_processor_actor{}; })));
  run();
  open_one();
  deliver(payload_of(only_job()), "ack");
  REQUIRE(dead_letters().size() == 1);
  CHECK(dead_letters()[0].reason.find("unknown_channel") != std::string::npos);
}

TEST_CASE_FIXTURE(source_world,
                  "while the ledger is in trouble it keeps the job, then settles it") {
  on_disk->fails_with = make_problem(errc::storage_full);
  plan->steps = {fails(errc::peer_timeout)};
  start();
  on_disk->fails_with = {};
  open_one();
  on_disk->fails_with = make_problem(errc::storage_full);
  deliver(payload_of(only_job()), "ack");
  pass(60s, 100ms);
  CHECK(acknowledged() == acks{});
  CHECK(status().in_flight == 1);
  CHECK(plan->seen.size() == 1);
  on_disk->fails_with = {};
  pass(10s, 100ms);
  CHECK(acknowledged() == acks{"ack"});
  CHECK(only_job().attempts == 1);
}

TEST_CASE_FIXTURE(source_world, "a ledger in trouble for longer than any work takes settles a job "
                                "once all the same") {
  plan->steps = {fails(errc::peer_timeout)};
  start();
  open_one();
  on_disk->fails_with = make_problem(errc::storage_full);
  deliver(payload_of(only_job()), "ack");
  pass(2 * timeouts::work, 1s);
  CHECK(acknowledged() == acks{});
  on_disk->fails_with = {};
  pass(10min, 1s);
  CHECK(acknowledged() == acks{"ack"});
  CHECK(only_job().attempts == 1);
  CHECK(status().in_flight == 0);
}

TEST_CASE_FIXTURE(source_world, "a repeated delivery is acknowledged when the first one ends") {
  give({{act::keep, {}}});
  deliver(payload_of(only_job()), "repeated");
  CHECK(plan->seen.size() == 1);
  CHECK(acknowledged() == acks{});
  release();
  CHECK(acknowledged() == acks{"ack", "repeated"});
}

TEST_CASE_FIXTURE(source_world, "a job that was opened again comes after the one in hand") {
  give({{act::keep, {}}});
  open_one(); // the same id: its generation grows
  deliver(payload_of(only_job()), "newer");
  CHECK(plan->seen.size() == 1);
  release();
  CHECK(plan->seen.size() == 2);
  CHECK(plan->seen[1].generation > plan->seen[0].generation);
  CHECK(acknowledged() == acks{"ack", "newer"});
}

TEST_CASE_FIXTURE(source_world, "a long job is kept alive, well within ack_wait") {
  options.keep_alive = 10s;
  give({{act::keep, {}}});
  pass(14s, 100ms);
  CHECK(from->kept_alive["ack"] == 1);
  pass(30s, 100ms);
  CHECK(from->kept_alive["ack"] == 4);
  release();
  pass(30s, 100ms);
  CHECK(from->kept_alive["ack"] == 4);
}

TEST_CASE_FIXTURE(source_world, "a worker that hangs costs an attempt at once") {
  give({{act::keep, {}}});
  pass(timeouts::work, 1s);
  CHECK(plan->seen.size() == 1);
  CHECK(only_job().attempts == 1);
  CHECK(only_job().last_error.find("did not answer at all") != std::string::npos);
  CHECK(acknowledged() == acks{"ack"});
}

TEST_CASE_FIXTURE(source_world, "drains: takes no more, and answers when nothing is in hand") {
  give({{act::keep, {}}});
  auto draining = ask(tested, drain{});
  CHECK(from->paused);
  CHECK_FALSE(draining.answered());
  release();
  CHECK(draining.answer<drained>());
  CHECK(ask(tested, drain{}).answer<drained>());
}

TEST_CASE_FIXTURE(source_world, "one poisoned job does not harm its neighbours") {
  start();
  std::vector<job_order> jobs;
  for (uint32_t i = 0; i < 100; ++i)
    jobs.push_back(make_job(process_message{example_message(i), {}, {}}));
  open_jobs(jobs);
  plan->steps = {10, step{}};
  plan->steps.push_back({act::crash, {}});
  for (const auto& job : due())
    from->deliver({payload_of(job), job.order.id});
  pass(5s);
  CHECK(figures().open_jobs == 1);
  CHECK(only_job().attempts == 1);
  CHECK(acknowledged().size() == 100);
}

TEST_CASE_FIXTURE(source_world, "a message of several jobs is acknowledged when all are settled") {
  plan->steps = {{}, {act::keep, {}}, fails(errc::peer_timeout), {}};
  start();
  deliver(bundle_of(open_several(4)), "ack");
  CHECK(plan->seen.size() == 4);
  CHECK(acknowledged() == acks{});
  CHECK(status().in_flight == 1);
  pass(14s, 100ms);
  CHECK(from->kept_alive["ack"] == 1);
  release();
  CHECK(acknowledged() == acks{"ack"});
  CHECK(status().in_flight == 0);
  uint32_t attempts = 0;
  for (const auto& job : due_at(now()() + 24h))
    attempts += job.attempts;
  CHECK(attempts == 1);
  pass(30s, 100ms);
  CHECK(from->kept_alive["ack"] == 1);
}

TEST_CASE_FIXTURE(source_world, "what is no job among several is thrown away alone") {
  start();
  auto jobs = open_several(2);
  jobs.insert(jobs.begin() + 1, R"({"no":"job"})");
  jobs.push_back("{}");
  deliver(bundle_of(jobs), "ack");
  CHECK(plan->seen.size() == 2);
  CHECK(figures().open_jobs == 0);
  CHECK(status().failed == 2);
  CHECK(acknowledged() == acks{"ack"});
}

TEST_CASE_FIXTURE(source_world, "never works on more jobs than its credit, and takes all in turn") {
  options.credit = 3;
  plan->steps = std::deque<step>(7, step{act::keep, {}});
  start();
  deliver(bundle_of(open_several(7)), "ack");
  CHECK(plan->seen.size() == 3);
  CHECK(status().in_flight == 7);
  auto draining = ask(tested, drain{});
  self->send(worker, caf::flush_atom_v);
  run();
  CHECK(plan->seen.size() == 6);
  CHECK_FALSE(draining.answered());
  CHECK(acknowledged() == acks{});
  self->send(worker, caf::flush_atom_v);
  run();
  CHECK(plan->seen.size() == 7);
  self->send(worker, caf::flush_atom_v);
  run();
  CHECK(draining.answer<drained>());
  CHECK(acknowledged() == acks{"ack"});
}

TEST_CASE_FIXTURE(source_world,
                  "a job that is in two messages is done once, and both are settled") {
  plan->steps = {{act::keep, {}}, {act::keep, {}}};
  start();
  auto jobs = open_several(2);
  deliver(bundle_of(jobs), "both");
  deliver(jobs.at(1), "second");
  CHECK(plan->seen.size() == 2);
  self->send(worker, caf::flush_atom_v);
  run();
  CHECK(plan->seen.size() == 2);
  CHECK(acknowledged() == acks{"both", "second"});
}

TEST_SUITE_END();
