#include "channels/medium_writer.hpp"
#include "channels/memory_medium.hpp"
#include "tests/channels/endpoint_world.hpp"

using namespace igl;

namespace {

struct medium_writer_world : endpoint_world {
  std::shared_ptr<memory_log> log = make_memory_log("log");
  std::unique_ptr<medium> other_end = make_memory_medium(log);
  std::shared_ptr<moody_medium::mood> mood = std::make_shared<moody_medium::mood>();
  endpoint_settings how = examples::australian_endpoint();
  medium_writer_actor writer;

  medium_writer_world() {
    how.retry_medium.attempts = 3;
    restart();
  }
  void restart() {
    auto open = [this]() -> caf::expected<std::unique_ptr<medium>> {
      return make_memory_medium(log);
    };
    writer = keep(system.spawn(medium_writer, with, moody_medium::over(open, mood), how, nullptr));
  }

  /// A message comes into the sending store; the answer is its open job.
  open_job post(const std::string& id) {
    apply(posting(id, id));
    for (auto& job : jobs_on(stream::medium_writes))
      if (job.order.about == id)
        return job;
    FAIL("no job was opened");
    return {};
  }

  caf::expected<settled> write(const open_job& job) {
    return ask(writer, ticket_of(job), *parse_order<write_to_medium>(job.order.body))
        .answer<settled>();
  }

  /// What a job source does with a failed attempt; the answer is the job as it is then.
  open_job after_failure(const open_job& job) {
    settlement s;
    s.job = job_outcome{ticket_of(job), job_end::again, now()(), "failed"};
    apply(s);
    return jobs_on(stream::medium_writes).at(0);
  }

  size_t entries() { return other_end->read("", 1000)->changes.size(); }
};

} // namespace

TEST_SUITE_BEGIN("medium writer");

TEST_CASE_FIXTURE(medium_writer_world, "writes a message, confirms it, and tells who asked") {
  CHECK(write(post("a")));
  CHECK(other_end->read("", 10)->changes.at(0).about.id == "a");
  CHECK(status_of(channel_half::posting, "a") == channel_status::confirmed);
  CHECK(jobs_on(stream::medium_writes).empty());
  REQUIRE(notices().size() == 2);
  CHECK(notices()[1].topic == "posting.AU.confirmed");
  CHECK(notices()[0].topic == "a");
  CHECK(notices()[0].body == R"({"id":"a"})");
}

TEST_CASE_FIXTURE(medium_writer_world, "writes what is waiting in one append") {
  std::vector<open_job> jobs;
  for (int i = 0; i < 10; ++i)
    jobs.push_back(post("m" + std::to_string(i)));
  int done = 0;
  for (auto& job : jobs)
    self->send(writer, ticket_of(job), *parse_order<write_to_medium>(job.order.body));
  run();
  for (auto& job : jobs)
    done += status_of(channel_half::posting, job.order.about) == channel_status::confirmed;
  CHECK(done == 10);
  CHECK(mood->batches == std::vector<size_t>{10});
}

TEST_CASE_FIXTURE(medium_writer_world, "says why the medium failed, and writes at the next try") {
  auto job = post("a");
  mood->appends = {make_problem(errc::storage_full, "no space")};
  auto failed = write(job);
  REQUIRE(!failed);
  CHECK(code_of(failed.error()) == errc::storage_full);
  CHECK(status_of(channel_half::posting, "a") == channel_status::received);
  CHECK(write(after_failure(job)));
  CHECK(status_of(channel_half::posting, "a") == channel_status::confirmed);
  CHECK(mood->opened == 2);
}

TEST_CASE_FIXTURE(medium_writer_world,
                  "asks to be tried again also when only an operator can help") {
  mood->opens = make_problem(errc::storage_format, "another version");
  auto failed = write(post("a"));
  REQUIRE(!failed);
  CHECK(worth_retrying(failed.error()));
  CHECK(sentence_of(failed.error()).find("another version") != std::string::npos);
}

TEST_CASE_FIXTURE(medium_writer_world,
                  "makes a message undeliverable when its attempts are used up") {
  auto job = post("a");
  mood->opens = make_problem(errc::storage_failed, "no such folder");
  for (int attempt = 1; attempt < 3; ++attempt) {
    CHECK(!write(job));
    CHECK(status_of(channel_half::posting, "a") == channel_status::received);
    job = after_failure(job);
  }
  CHECK(write(job));
  CHECK(status_of(channel_half::posting, "a") == channel_status::undeliverable);
  CHECK(details_about("a").back().find("no such folder") != std::string::npos);
  CHECK(jobs_on(stream::medium_writes).empty());
  CHECK(notices().at(0).topic == "a");
  CHECK(store->read(find_dead_letters{})->letters.empty());
}

TEST_CASE_FIXTURE(medium_writer_world, "gives up a taken id at once, and only that message") {
  auto there = examples::certificate("other");
  CHECK(!other_end->append({{"taken", there}}));
  auto jobs = {post("a"), post("taken"), post("b")};
  for (auto& job : jobs)
    self->send(writer, ticket_of(job), *parse_order<write_to_medium>(job.order.body));
  run();
  CHECK(status_of(channel_half::posting, "a") == channel_status::confirmed);
  CHECK(status_of(channel_half::posting, "taken") == channel_status::undeliverable);
  CHECK(status_of(channel_half::posting, "b") == channel_status::confirmed);
  CHECK(entries() == 3);
}

TEST_CASE_FIXTURE(medium_writer_world, "asks a medium that fails once, not once for each message") {
  auto jobs = {post("a"), post("b"), post("c"), post("d")};
  mood->appends = {make_problem(errc::conflict), caf::none, make_problem(errc::peer_timeout)};
  for (auto& job : jobs)
    self->send(writer, ticket_of(job), *parse_order<write_to_medium>(job.order.body));
  run();
  CHECK(mood->batches == std::vector<size_t>{4, 1, 1});
  CHECK(entries() == 1);
  for (auto id : {"b", "c", "d"})
    CHECK(status_of(channel_half::posting, id) == channel_status::received);
}

TEST_CASE_FIXTURE(medium_writer_world,
                  "those that were not asked about alone keep their attempts") {
  how.retry_medium.attempts = 1;
  restart();
  auto jobs = {post("a"), post("b"), post("c")};
  mood->appends = {make_problem(errc::conflict), make_problem(errc::conflict),
                   make_problem(errc::peer_unreachable)};
  for (auto& job : jobs)
    self->send(writer, ticket_of(job), *parse_order<write_to_medium>(job.order.body));
  run();
  CHECK(mood->batches == std::vector<size_t>{3, 1, 1});
  CHECK(status_of(channel_half::posting, "a") == channel_status::undeliverable);
  CHECK(status_of(channel_half::posting, "b") == channel_status::undeliverable);
  CHECK(status_of(channel_half::posting, "c") == channel_status::received);
}

TEST_CASE_FIXTURE(medium_writer_world,
                  "what may be on the medium is never undeliverable: it is sent again under the "
                  "same id, and left to an operator in the end") {
  auto job = post("a");
  mood->appends = {make_problem(errc::peer_timeout, "no answer")};
  REQUIRE(write(job));
  job = jobs_on(stream::medium_writes).at(0);
  CHECK(job.attempts == 1);
  CHECK(job.last_error.find("no answer") != std::string::npos);
  CHECK(parse_order<write_to_medium>(job.order.body)->doubt);
  SUBCASE("it was there") {
    CHECK(!other_end->append({{"a", examples::certificate("a")}}));
    CHECK(write(job));
    CHECK(status_of(channel_half::posting, "a") == channel_status::confirmed);
    CHECK(entries() == 1);
  }
  SUBCASE("it is refused: that is an answer") {
    mood->appends = {make_problem(errc::bad_request, "never")};
    CHECK(write(job));
    CHECK(status_of(channel_half::posting, "a") == channel_status::undeliverable);
  }
  SUBCASE("nobody answers any more") {
    mood->opens = make_problem(errc::peer_unreachable, "no route");
    CHECK(!write(job));
    job = after_failure(job);
    REQUIRE(job.attempts == 2);
    CHECK(write(job));
    CHECK(status_of(channel_half::posting, "a") == channel_status::received);
    CHECK(jobs_on(stream::medium_writes).empty());
    auto letters = store->read(find_dead_letters{})->letters;
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].reason.find("no answer") != std::string::npos);
    // An operator has it sent again.
    mood->opens = {};
    REQUIRE(store->replay({letters[0].number, "tester"}));
    CHECK(write(jobs_on(stream::medium_writes).at(0)));
    CHECK(status_of(channel_half::posting, "a") == channel_status::confirmed);
  }
}

TEST_CASE_FIXTURE(medium_writer_world,
                  "a last attempt without an answer is left to an operator as well") {
  how.retry_medium.attempts = 1;
  restart();
  mood->appends = {make_problem(errc::peer_lost, "broken off")};
  CHECK(write(post("a")));
  CHECK(status_of(channel_half::posting, "a") == channel_status::received);
  CHECK(store->read(find_dead_letters{})->letters.size() == 1);
}

TEST_CASE_FIXTURE(medium_writer_world,
                  "what the medium took is not undeliverable, though the ledger did not hear so") {
  auto job = post("a");
  spoiled = {make_problem(errc::storage_failed)};
  CHECK(!write(job));
  CHECK(entries() == 1);
  CHECK(status_of(channel_half::posting, "a") == channel_status::received);
  auto away = make_problem(errc::peer_unreachable, "no route");
  SUBCASE("the medium is away from then on") {
    job = after_failure(job);
    mood->appends = {away};
    CHECK(write(job)); // settled: the order remembers
    restart();
    mood->appends = {away};
    CHECK(write(jobs_on(stream::medium_writes).at(0)));
    CHECK(status_of(channel_half::posting, "a") == channel_status::received);
    CHECK(store->read(find_dead_letters{})->letters.size() == 1);
  }
  SUBCASE("the medium is there") {
    CHECK(write(after_failure(job)));
    CHECK(status_of(channel_half::posting, "a") == channel_status::confirmed);
  }
}

TEST_CASE_FIXTURE(medium_writer_world, "a busy medium uses no attempt up, not even the last one") {
  how.retry_medium.attempts = 1;
  restart();
  mood->appends = {make_problem(errc::peer_busy, "slow")};
  auto x = write(post("a"));
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::peer_busy);
  CHECK(status_of(channel_half::posting, "a") == channel_status::received);
}

TEST_CASE_FIXTURE(medium_writer_world, "writes a message once when its job comes twice") {
  auto job = post("a");
  CHECK(write(job));
  auto again = write(job);
  REQUIRE(!again);
  CHECK(code_of(again.error()) == errc::job_not_open);
  CHECK(entries() == 1);
  CHECK(mood->batches.size() == 1);
}

TEST_CASE_FIXTURE(medium_writer_world,
                  "confirms at the next try what it wrote but could not settle") {
  auto job = post("a");
  spoiled = {make_problem(errc::unavailable)};
  CHECK(code_of(write(job).error()) == errc::unavailable);
  CHECK(entries() == 1);
  CHECK(write(job));
  CHECK(entries() == 1);
  CHECK(status_of(channel_half::posting, "a") == channel_status::confirmed);
}

TEST_CASE_FIXTURE(medium_writer_world, "leaves a job without its message to an operator") {
  settlement s;
  s.opens.push_back(
      make_job(write_to_medium{{"ghost", examples::certificate(), channel_status::received}}));
  apply(s);
  CHECK(write(jobs_on(stream::medium_writes).at(0)));
  auto letters = store->read(find_dead_letters{})->letters;
  REQUIRE(letters.size() == 1);
  CHECK(letters[0].reason.find("ghost") != std::string::npos);
  CHECK(entries() == 0);
}

TEST_SUITE_END();
