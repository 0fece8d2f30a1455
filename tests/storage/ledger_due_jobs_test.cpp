#include "ledger_fixture.hpp"

#include <set>
#include <thread>

using namespace igl;
using namespace igl::test;

namespace {

std::string ids_of(const std::vector<open_job>& jobs) {
  std::string text;
  for (const auto& job : jobs)
    text += job.order.id + " ";
  return text;
}

due_jobs of_outbox() {
  due_jobs what;
  what.on = stream::outbox;
  return what;
}

/// Walks the due jobs as a publisher does: never back.
struct walk {
  due_jobs what = of_outbox();

  found_due_jobs next(const ledger& it, caf::timestamp now) {
    what.at = now;
    auto found = value_of(it.read(what));
    what.after = found.last;
    return found;
  }
};

} // namespace

TEST_SUITE("ledger due jobs") {
  TEST_CASE_FIXTURE(ledger_fixture, "each stream has a queue of its own") {
    auto elsewhere = order("a");
    elsewhere.on = stream::inbox;
    settlement x;
    x.opens = {elsewhere, order("b")};
    auto done = value_of(settle(x));
    CHECK(done.stirred == (1u << static_cast<unsigned>(stream::inbox) |
                           1u << static_cast<unsigned>(stream::outbox)));
    walk inbox, outbox;
    inbox.what.on = stream::inbox;
    CHECK(ids_of(inbox.next(*it, clock.now()).jobs) == "a ");
    CHECK(ids_of(outbox.next(*it, clock.now()).jobs) == "b ");
    CHECK_FALSE(inbox.next(*it, clock.now()).next_due);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "come in order of due time, then of opening") {
    open_job_named("late", clock.now() + 2s);
    open_job_named("soon", clock.now() + 1s);
    settlement x;
    x.opens = {order("a"), order("b"), order("c")};
    value_of(settle(x));
    CHECK(ids_of(due()) == "a b c ");
    clock.advance(2s);
    CHECK(ids_of(due()) == "a b c soon late ");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a page ends at the limit and says where to go on") {
    settlement x;
    for (const char* id : {"a", "b", "c", "d", "e"})
      x.opens.push_back(order(id));
    value_of(settle(x));
    walk reader;
    reader.what.limit = 2;
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "a b ");
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "c d ");
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "e ");
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "says when the next one will be due") {
    walk reader;
    CHECK_FALSE(reader.next(*it, clock.now()).next_due);
    open_job_named("now");
    open_job_named("soon", clock.now() + 7s);
    auto found = reader.next(*it, clock.now());
    CHECK(ids_of(found.jobs) == "now ");
    REQUIRE(found.next_due);
    CHECK(*found.next_due <= clock.now() + 7s);
    CHECK(*found.next_due > clock.now() + 6s);
    clock.ns = found.next_due->time_since_epoch().count();
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "soon ");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a job is never put where a reader has already passed") {
    walk reader;
    open_job_named("a");
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "a ");
    open_job_named("b");
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "b ");
    open_job_named("c", clock.now() - 1h);
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "c ");
    value_of(end(ticket_of(due().at(0)), job_end::again, clock.now() - 1h, "x"));
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "a ");
    value_of(end(ticket_of(due().at(0)), job_end::postponed, clock.now() - 1h));
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "b ");
    auto taken = ticket_of(due().at(0));
    open_job_named(taken.id);
    value_of(end(taken, job_end::done));
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == taken.id + " ");
    value_of(end(ticket_of(due().at(0)), job_end::dead, {}, "x"));
    value_of(it->replay({1, "x"}));
    CHECK(reader.next(*it, clock.now()).jobs.size() == 1);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "go on when the clock is set back, over a restart too") {
    walk reader;
    open_job_named("a");
    open_job_named("later", clock.now() + 10s);
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "a ");
    clock.advance(-1h);
    open_job_named("b");
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "b ");
    open_job_named("c", clock.now() + 5s);
    auto found = reader.next(*it, clock.now());
    CHECK(found.jobs.empty());
    REQUIRE(found.next_due);
    CHECK(found.ahead > 59min);
    CHECK(*found.next_due <= clock.now() + 6s);
    clock.advance(6s);
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "c ");
    // A restart starts over from the last time that was handed out, not from the clock's.
    reopen();
    CHECK(ids_of(due()) == "a b ");
    open_job_named("d");
    CHECK(ids_of(due()) == "a b d ");
    clock.advance(10s);
    CHECK(ids_of(due()) == "a b d c later ");
  }

  TEST_CASE_FIXTURE(ledger_fixture,
                    "are not put before one that was seen before the clock went back") {
    walk reader;
    open_job_named("later", clock.now() + 10s);
    clock.advance(10s);
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "later ");
    clock.advance(-9s);
    open_job_named("a");
    CHECK(ids_of(reader.next(*it, clock.now()).jobs) == "a ");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a look into the future lists everything") {
    open_job_named("a");
    open_job_named("b", clock.now() + 24h);
    due_jobs what = of_outbox();
    what.at = caf::timestamp::max();
    CHECK(ids_of(read(what).jobs) == "a b ");
    open_job_named("c");
    CHECK(ids_of(due()) == "a c ");
  }

  // The writer opens jobs as fast as it can, now and a little later, and moves the first one to a
  // later place each time, while readers walk. Whatever place is left at the end has to have been
  // shown to each reader.
  TEST_CASE("readers that walk while jobs are opened skip none") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.now = [] {
      return caf::make_timestamp();
    };
    auto it = value_of(ledger::open(how));
    constexpr int batches = 400, per_batch = 5;
    std::atomic<bool> opened{false};
    using places = std::set<std::pair<std::string, uint32_t>>; // job and attempts

    auto follow = [&](places& seen) {
      walk reader;
      reader.what.limit = 7;
      for (;;) {
        bool last = opened;
        auto found = reader.next(*it, caf::make_timestamp());
        for (const auto& job : found.jobs)
          seen.emplace(job.order.id, job.attempts);
        if (last && found.jobs.empty() && !found.next_due)
          return;
      }
    };
    places seen[2];
    std::thread readers[2] = {std::thread([&] { follow(seen[0]); }),
                              std::thread([&] { follow(seen[1]); })};
    due_jobs first = of_outbox();
    first.at = caf::timestamp::max();
    first.limit = 1;
    for (int i = 0; i < batches; ++i) {
      settlement x;
      for (int n = 0; n < per_batch; ++n)
        x.opens.push_back(
            ledger_fixture::order(std::to_string(i) + "." + std::to_string(n),
                                  n == 0 ? caf::make_timestamp() + 3ms : caf::timestamp{}));
      value_of(it->commit({x}).at(0));
      settlement again;
      again.job = job_outcome{};
      again.job->ticket = ledger_fixture::ticket_of(value_of(it->read(first)).jobs.at(0));
      again.job->end = job_end::again;
      value_of(it->commit({again}).at(0));
    }
    opened = true;
    for (auto& reader : readers)
      reader.join();
    first.limit = batches * per_batch + 1;
    auto left = value_of(it->read(first)).jobs;
    CHECK(left.size() == batches * per_batch);
    for (const auto& shown : seen)
      for (const auto& job : left)
        if (!shown.contains({job.order.id, job.attempts}))
          FAIL_CHECK("skipped ", job.order.id, " after ", job.attempts, " attempts");
  }
}
