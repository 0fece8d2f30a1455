#pragma once

#include "messages/errors.hpp"
#include "storage/ledger.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <string>

namespace igl::test {

using namespace std::chrono_literals;

/// A clock that stands still until it is told otherwise.
struct manual_clock {
  std::atomic<int64_t> ns{1'700'000'000'000'000'000};

  caf::timestamp now() const { return caf::timestamp{caf::timespan{ns.load()}}; }
  void advance(caf::timespan by) { ns += by.count(); }
};

/// What an expected holds; the error's sentence fails the test.
template <class T>
T value_of(caf::expected<T> x) {
  if (!x) {
    INFO(sentence_of(x.error()));
    REQUIRE(x);
  }
  return std::move(*x);
}

template <class T>
errc code_of(const caf::expected<T>& x) {
  return x ? errc::none : igl::code_of(x.error());
}

/// A ledger in a temporary folder with a manual clock.
struct ledger_fixture {
  temporary_folder folder;
  manual_clock clock;
  std::shared_ptr<ledger> it;

  ledger_fixture() { reopen(); }

  ledger::options options() {
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.now = [this] {
      return clock.now();
    };
    return how;
  }

  void reopen() {
    it.reset();
    it = value_of(ledger::open(options()));
  }

  caf::expected<settled> settle(const settlement& x) { return it->commit({x}).at(0); }

  template <class Question>
  auto read(const Question& what) {
    return value_of(it->read(what));
  }

  /// What is due now, from the beginning.
  std::vector<open_job> due() {
    due_jobs what;
    what.on = stream::outbox;
    what.at = clock.now();
    return read(what).jobs;
  }

  void open_job_named(const std::string& id, caf::timestamp at = {}) {
    settlement x;
    x.opens.push_back(order(id, at));
    value_of(settle(x));
  }

  static job_order order(const std::string& id, caf::timestamp at = {}) {
    job_order x;
    x.id = id;
    x.on = stream::outbox;
    x.about = "AU:17";
    x.body = "{}";
    x.due = at;
    return x;
  }

  static job_ticket ticket_of(const open_job& job) {
    job_ticket x;
    x.id = job.order.id;
    x.generation = job.generation;
    x.attempt = job.attempts + 1;
    return x;
  }

  settlement ending(const job_ticket& ticket, job_end end, caf::timestamp at = {},
                    const std::string& error = {}) {
    settlement x;
    x.job = job_outcome{};
    x.job->ticket = ticket;
    x.job->end = end;
    x.job->due = at;
    x.job->error = error;
    return x;
  }

  caf::expected<settled> end(const job_ticket& ticket, job_end how, caf::timestamp at = {},
                             const std::string& error = {}) {
    return settle(ending(ticket, how, at, error));
  }

  std::vector<event> events(const std::string& about = {}) {
    find_events what;
    what.about = about;
    return read(what).events;
  }

  ledger_figures figures() { return read(ledger_figures_query{}); }
};

inline event event_of(event_kind what, const std::string& about, const std::string& detail = {}) {
  event x;
  x.what = what;
  x.about = about;
  x.detail = detail;
  return x;
}

inline message_record record_of(const std::string& sender_ref,
                                message_status status = message_status::pending) {
  message_record x;
  x.content = {"AU", sender_ref, "SG", "AU.abn.1", "QmObj", "UN.CEFACT.Trade.CoO.created"};
  x.status = status;
  return x;
}

/// Puts a message into the lake at the version that it is expected to have.
inline settlement putting(const message_record& record, uint64_t expects) {
  settlement x;
  x.messages.push_back({record, expects});
  x.events.push_back(event_of(event_kind::message_posted, to_string(record.content.ref())));
  return x;
}

} // namespace igl::test
