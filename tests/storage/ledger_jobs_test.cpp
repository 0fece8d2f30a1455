#include "ledger_fixture.hpp"

#include <set>

using namespace igl;
using namespace igl::test;

TEST_SUITE("ledger jobs") {
  TEST_CASE_FIXTURE(ledger_fixture, "opens a job that is due at once") {
    open_job_named("a");
    auto jobs = due();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].order.id == "a");
    CHECK(jobs[0].order.on == stream::outbox);
    CHECK(jobs[0].order.about == "AU:17");
    CHECK(jobs[0].order.body == "{}");
    CHECK(jobs[0].attempts == 0);
    CHECK(jobs[0].opened == clock.now());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "closes a job that is done") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    CHECK(end(ticket, job_end::done));
    CHECK(due().empty());
    CHECK(figures().open_jobs == 0);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "refuses every end of a job that is not open") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    value_of(end(ticket, job_end::done));
    for (auto how : {job_end::done, job_end::again, job_end::postponed, job_end::dead}) {
      CHECK(code_of(end(ticket, how)) == errc::job_not_open);
    }
    CHECK(events().empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "tries again later and says why") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    auto next = clock.now() + 5s;
    value_of(end(ticket, job_end::again, next, "peer_timeout: no answer"));
    CHECK(due().empty());
    clock.advance(5s);
    auto jobs = due();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].attempts == 1);
    CHECK(jobs[0].last_error == "peer_timeout: no answer");
    auto log = events("AU:17");
    REQUIRE(log.size() == 1);
    CHECK(log[0].what == event_kind::attempt_failed);
    CHECK(log[0].detail == "route_message a, attempt 1: peer_timeout: no answer; again at "
                           "2023-11-14T22:13:25.000000Z");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "of attempts that fail alike it tells at each doubling") {
    open_job_named("a");
    auto fail = [&](const std::string& error) {
      value_of(end(ticket_of(due().at(0)), job_end::again, {}, error));
    };
    auto told = [&] {
      std::vector<std::string> all;
      for (const auto& x : events("AU:17"))
        all.push_back(x.detail.substr(0, x.detail.find(';')));
      return all;
    };
    for (int i = 0; i < 10; ++i)
      fail("no answer");
    std::vector<std::string> expected{"route_message a, attempt 1: no answer",
                                      "route_message a, attempts up to 2: no answer",
                                      "route_message a, attempts up to 4: no answer",
                                      "route_message a, attempts up to 8: no answer"};
    CHECK(told() == expected);
    fail("refused");
    fail("refused");
    expected.push_back("route_message a, attempt 11: refused");
    CHECK(told() == expected);
    fail("no answer");
    expected.push_back("route_message a, attempt 13: no answer");
    CHECK(told() == expected);
    auto job = due().at(0);
    CHECK(job.attempts == 13);
    CHECK(job.last_error == "no answer");
    value_of(end(ticket_of(job), job_end::dead, {}, "no answer"));
    expected.push_back("route_message a, attempt 14: no answer");
    CHECK(told() == expected);
    // Another life of it begins anew.
    value_of(it->replay({1, "an operator"}));
    fail("no answer");
    CHECK(told().back() == "route_message a, attempt 1: no answer");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "attempts fail alike whatever the peer says each time") {
    open_job_named("a");
    for (auto error : {"peer_failed: 503: trace 1", "peer_failed: 503: trace 2",
                       "peer_failed: 503: trace 3", "peer_refused: 403"})
      value_of(end(ticket_of(due().at(0)), job_end::again, {}, error));
    CHECK(due().at(0).last_error == "peer_refused: 403");
    auto log = events("AU:17");
    REQUIRE(log.size() == 3);
    CHECK(log[1].detail.starts_with("route_message a, attempts up to 2: peer_failed: 503: trace 2"));
    CHECK(log[2].detail.starts_with("route_message a, attempt 4: peer_refused: 403"));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "refuses every end of an old attempt") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    value_of(end(ticket, job_end::again, {}, "x"));
    for (auto how : {job_end::done, job_end::again, job_end::postponed, job_end::dead})
      CHECK(code_of(end(ticket, how)) == errc::job_not_open);
    CHECK(end(ticket_of(due().at(0)), job_end::done));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "does not count a postponement as an attempt") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    value_of(end(ticket, job_end::postponed, clock.now() + 1s));
    CHECK(due().empty());
    clock.advance(1s);
    auto job = due().at(0);
    CHECK(job.attempts == 0);
    CHECK(events().empty());
    CHECK(publication_id(ticket_of(job)) != publication_id(ticket));
    // The delivery that was postponed may come again; the one after it is the one that counts.
    CHECK(code_of(end(ticket, job_end::done)) == errc::job_not_open);
    CHECK(end(ticket_of(job), job_end::done));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "makes a job due again that was opened while it was done") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    open_job_named("a");
    CHECK(due().size() == 1);
    value_of(end(ticket, job_end::done));
    auto again = due();
    REQUIRE(again.size() == 1);
    CHECK(again[0].attempts == 0);
    CHECK(code_of(end(ticket, job_end::done)) == errc::job_not_open);
    value_of(end(ticket_of(again[0]), job_end::done));
    CHECK(due().empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "lets equal jobs fall together that nobody took yet") {
    open_job_named("a");
    auto newer = order("a");
    newer.body = R"({"new":1})";
    settlement x;
    x.opens.push_back(newer);
    value_of(settle(x));
    auto jobs = due();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].order.body == R"({"new":1})");
    CHECK(figures().open_jobs == 1);
    value_of(end(ticket_of(jobs[0]), job_end::done));
    CHECK(due().empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "starts attempts from one when it was opened meanwhile") {
    open_job_named("a");
    value_of(end(ticket_of(due().at(0)), job_end::again, {}, "x"));
    auto second = ticket_of(due().at(0));
    CHECK(second.attempt == 2);
    open_job_named("a");
    value_of(end(second, job_end::done));
    auto job = due().at(0);
    CHECK(job.attempts == 0);
    CHECK(job.last_error.empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "closes and opens the same job in one settlement") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    auto x = ending(ticket, job_end::done);
    x.opens.push_back(order("a", clock.now() + 2s));
    value_of(settle(x));
    CHECK(due().empty());
    clock.advance(2s);
    auto job = due().at(0);
    CHECK(publication_id(ticket_of(job)) != publication_id(ticket));
    CHECK(end(ticket_of(job), job_end::done));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "never repeats a publication id") {
    std::set<std::string> seen;
    auto expect_new = [&](const open_job& job) {
      CHECK(seen.insert(publication_id(ticket_of(job))).second);
    };
    for (int incarnation = 0; incarnation < 4; ++incarnation) {
      open_job_named("a");
      expect_new(due().at(0));
      value_of(end(ticket_of(due().at(0)), job_end::postponed));
      expect_new(due().at(0));
      auto taken = ticket_of(due().at(0));
      for (int again = 0; again < incarnation; ++again)
        open_job_named("a");
      value_of(end(taken, job_end::again, {}, "x"));
      expect_new(due().at(0));
      taken = ticket_of(due().at(0));
      open_job_named("a");
      value_of(end(taken, job_end::done));
      expect_new(due().at(0));
      if (incarnation == 1)
        reopen();
      value_of(end(ticket_of(due().at(0)), job_end::done));
      CHECK(due().empty());
    }
  }

  TEST_CASE_FIXTURE(ledger_fixture, "does not let a delivery of a closed job close a later one") {
    open_job_named("a");
    auto old = ticket_of(due().at(0));
    value_of(end(old, job_end::done));
    open_job_named("a");
    CHECK(code_of(end(old, job_end::done)) == errc::job_not_open);
    CHECK(due().size() == 1);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "counts open jobs by stream") {
    settlement x;
    x.opens = {order("a"), order("b"), order("c")};
    x.opens[2].on = stream::inbox;
    value_of(settle(x));
    auto count_of = [&](stream s) {
      for (const auto& entry : figures().streams)
        if (entry.id == s)
          return entry.open;
      return uint64_t{999};
    };
    CHECK(count_of(stream::outbox) == 2);
    CHECK(count_of(stream::inbox) == 1);
    reopen();
    value_of(end(ticket_of(due().at(0)), job_end::done));
    CHECK(count_of(stream::outbox) == 1);
    CHECK(figures().open_jobs == 2);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "refuses a job without an id") {
    settlement x;
    x.opens.push_back(order(""));
    CHECK(code_of(settle(x)) == errc::internal);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "keeps jobs with ids longer than a key apart") {
    open_job_named(std::string(2000, 'x') + "1");
    open_job_named(std::string(2000, 'x') + "2");
    REQUIRE(due().size() == 2);
    CHECK(due()[0].order.id.back() == '1');
    value_of(end(ticket_of(due()[0]), job_end::done));
    CHECK(due().at(0).order.id.back() == '2');
  }
}

TEST_SUITE("dead letters") {
  TEST_CASE_FIXTURE(ledger_fixture, "a job that died is listed with its last error") {
    open_job_named("a");
    value_of(end(ticket_of(due().at(0)), job_end::again, {}, "first"));
    clock.advance(1s);
    value_of(end(ticket_of(due().at(0)), job_end::dead, {}, "peer_refused: 400"));
    CHECK(due().empty());
    auto letters = read(find_dead_letters{}).letters;
    REQUIRE(letters.size() == 1);
    CHECK(letters[0].number == 1);
    CHECK(letters[0].reason == "peer_refused: 400");
    CHECK(letters[0].job.attempts == 2);
    CHECK(letters[0].job.order.id == "a");
    CHECK(letters[0].died == clock.now());
    auto log = events("AU:17");
    REQUIRE(log.size() == 2);
    CHECK(log[1].what == event_kind::job_died);
    CHECK(log[1].detail == "route_message a, attempt 2: peer_refused: 400; dead letter 1");
    CHECK(figures().dead_letters == 1);
    CHECK(figures().open_jobs == 0);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a job that was opened again before it died stays open") {
    open_job_named("a");
    auto ticket = ticket_of(due().at(0));
    open_job_named("a");
    value_of(end(ticket, job_end::dead, {}, "x"));
    CHECK(read(find_dead_letters{}).letters.size() == 1);
    CHECK(due().size() == 1);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "one that is replayed is open again, attempts from one") {
    open_job_named("a");
    auto old = ticket_of(due().at(0));
    value_of(end(old, job_end::dead, {}, "x"));
    value_of(it->replay({1, "mallory"}));
    CHECK(read(find_dead_letters{}).letters.empty());
    auto job = due().at(0);
    CHECK(job.attempts == 0);
    CHECK(publication_id(ticket_of(job)) != publication_id(old));
    auto log = events("AU:17");
    CHECK(log.back().what == event_kind::dead_letter_replayed);
    CHECK(log.back().detail == "dead letter 1, a, by mallory");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "one whose job was opened again since takes nothing back") {
    auto say = [&](const std::string& what) {
      clock.advance(1s);
      auto x = order("a");
      x.body = what;
      settlement opening;
      opening.opens.push_back(x);
      value_of(settle(opening));
    };
    auto die = [&] {
      clock.advance(1s);
      value_of(end(ticket_of(due().at(0)), job_end::dead, {}, "x"));
    };
    say("first");
    die();
    say("second");
    auto before = due().at(0);
    value_of(it->replay({1, "an operator"}));
    CHECK(read(find_dead_letters{}).letters.empty());
    auto now = due();
    REQUIRE(now.size() == 1);
    CHECK(now[0].order.body == "second");
    CHECK(now[0].generation == before.generation);
    CHECK(events("AU:17").back().detail ==
          "dead letter 1, a, by an operator; its job was opened again since, and stays as it is");
    // Of two letters of a job the later one says what counts, in whichever order they are replayed.
    die();
    say("third");
    die();
    value_of(it->replay({2, "x"}));
    CHECK(due().at(0).order.body == "second");
    value_of(it->replay({3, "x"}));
    CHECK(due().at(0).order.body == "third");
    die();
    say("fourth");
    die();
    value_of(it->replay({5, "x"}));
    value_of(it->replay({4, "x"}));
    CHECK(due().at(0).order.body == "fourth");
    // What is said while a replayed one is open is newer than any letter.
    say("fifth");
    die();
    say("sixth");
    die();
    value_of(it->replay({6, "x"}));
    say("seventh");
    value_of(it->replay({7, "x"}));
    CHECK(due().at(0).order.body == "seventh");
    value_of(end(ticket_of(due().at(0)), job_end::done));
    CHECK(due().empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "those of a job are void when it ends so, each with an event") {
    for (const char* id : {"a", "b", "a"}) {
      open_job_named(id);
      value_of(end(ticket_of(due().at(0)), job_end::dead, {}, "x"));
    }
    open_job_named("a");
    auto x = ending(ticket_of(due().at(0)), job_end::done);
    x.voids_letters = "it was taken back";
    value_of(settle(x));
    auto left = read(find_dead_letters{}).letters;
    REQUIRE(left.size() == 1);
    CHECK(left[0].number == 2);
    CHECK(figures().dead_letters == 1);
    auto log = events("AU:17");
    REQUIRE(log.size() == 5);
    for (int i : {3, 4})
      CHECK(log[i].what == event_kind::dead_letter_dropped);
    CHECK(log[3].detail == "dead letter 1, a: it was taken back");
    CHECK(log[4].detail == "dead letter 3, a: it was taken back");
    CHECK(code_of(it->replay({1, "x"})) == errc::not_found);
    // Nobody else's settlement makes one void.
    open_job_named("b");
    value_of(end(ticket_of(due().at(0)), job_end::done));
    CHECK(figures().dead_letters == 1);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "one that is dropped is gone, and the log says who did it") {
    open_job_named("a");
    value_of(end(ticket_of(due().at(0)), job_end::dead, {}, "x"));
    value_of(it->drop({1, "trent"}));
    CHECK(read(find_dead_letters{}).letters.empty());
    CHECK(due().empty());
    CHECK(events("AU:17").back().what == event_kind::dead_letter_dropped);
    CHECK(events("AU:17").back().detail == "dead letter 1, a, by trent");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "one that does not exist can be neither replayed nor dropped") {
    CHECK(code_of(it->replay({7, "x"})) == errc::not_found);
    CHECK(code_of(it->drop({7, "x"})) == errc::not_found);
    CHECK(events().empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "they are listed by cause and counted by cause, in pages") {
    auto die = [&](const std::string& callback, const std::string& reason) {
      deliver_callback order;
      order.about = "AU:17";
      order.cause = std::to_string(figures().dead_letters);
      order.callback = callback;
      order.topic = "a.b";
      settlement opening;
      opening.opens.push_back(make_job(order));
      value_of(settle(opening));
      find_job asked{make_job(order).id};
      auto job = read(asked).job;
      REQUIRE(job);
      clock.advance(1s);
      value_of(end(ticket_of(*job), job_end::dead, {}, reason));
      CHECK(!read(asked).job);
    };
    for (int i = 0; i < 3; ++i) {
      die("http://importer/told", "peer_failed: 500");
      die("http://other/told", "peer_failed: 500");
    }
    auto groups = read(find_dead_letter_groups{0, 4});
    REQUIRE(groups.groups.size() == 2);
    CHECK(groups.groups[0].count == 2);
    REQUIRE(groups.next);
    CHECK(*groups.next == 4);
    groups = read(find_dead_letter_groups{*groups.next, 4});
    CHECK(groups.groups.at(0).count == 1);
    CHECK(groups.groups.at(0).last == clock.now() - 1s);
    CHECK(!groups.next);

    find_dead_letters asked{0, 2, groups.groups[0].cause};
    auto page = read(asked);
    REQUIRE(page.letters.size() == 2);
    CHECK(page.letters[1].number == 3);
    REQUIRE(page.next);
    asked.after = *page.next;
    page = read(asked);
    REQUIRE(page.letters.size() == 1);
    CHECK(page.letters[0].number == 5);
    CHECK(!page.next);
    asked.of->code = "peer_timeout";
    asked.after = 0;
    CHECK(read(asked).letters.empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "their numbers are never given again") {
    open_job_named("a");
    value_of(end(ticket_of(due().at(0)), job_end::dead, {}, "x"));
    value_of(it->drop({1, "x"}));
    reopen();
    open_job_named("b");
    value_of(end(ticket_of(due().at(0)), job_end::dead, {}, "x"));
    find_dead_letters what;
    what.after = 1;
    CHECK(read(what).letters.at(0).number == 2);
  }
}
