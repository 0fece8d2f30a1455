#include "messages/json.hpp"
#include "storage/bytes.hpp"
#include "storage/due_clock.hpp"
#include "storage/ledger_batch.hpp"
#include "storage/ledger_keys.hpp"

#include <algorithm>
#include <bit>
#include <string_view>

// What becomes of jobs. storage/FORMAT.md, "Tickets", says why generations are counted as they are.

namespace igl {

namespace keys = ledger_keys;

namespace {

/// "route_message AU:17/1, attempt 3"
std::string attempt_of(const job_outcome& x, const open_job& job,
                       const char* called = ", attempt ") {
  return std::string(entry_of(job.order.on).order) + " " + x.ticket.id + called +
         std::to_string(x.ticket.attempt);
}

/// With which an error begins: its code.
std::string_view kind_of(std::string_view error) {
  return error.substr(0, error.find(':'));
}

/// Generations are counted in 32 bits, round and round.
bool is_between(uint32_t oldest, uint32_t x, uint32_t newest) {
  return x - oldest <= newest - oldest;
}

} // namespace

caf::error ledger_batch::check_job(const job_outcome& x, findings& found) const {
  auto stored = txn_.find_or_absent(db_.jobs, keys::of_text(x.ticket.id));
  if (!stored)
    return make_problem(errc::job_not_open, "job " + x.ticket.id + " is not open");
  found.job.emplace();
  decode(*stored, *found.job);
  const auto& job = found.job->job;
  if (x.ticket.attempt != job.attempts + 1 ||
      !is_between(found.job->oldest_ticket, x.ticket.generation, job.generation))
    return make_problem(errc::job_not_open,
                        "job " + x.ticket.id + " is open, but this is an old delivery of it");
  return {};
}

void ledger_batch::end_job(const job_outcome& x, stored_job stored) {
  auto& job = stored.job;
  switch (x.end) {
  case job_end::again: {
    // While a peer is away for days, whoever waits for it would fill the log; what it answers is
    // often different each time.
    const bool as_before = job.attempts > 0 && kind_of(x.error) == kind_of(job.last_error);
    if (!as_before || std::has_single_bit(x.ticket.attempt))
      write_event(event_kind::attempt_failed, job.order.about,
                  attempt_of(x, job, as_before ? ", attempts up to " : ", attempt ") + ": " +
                      x.error + "; again at " + to_rfc3339(std::max(x.due, now_.at)),
                  job.order.lane);
    ++job.attempts;
    job.last_error = x.error;
    reschedule(stored, x.due);
    return;
  }
  case job_end::postponed:
    // The attempt stays the same: a new generation makes the next delivery another one, and the
    // tickets of this one void.
    job.generation = static_cast<uint32_t>(next_turn());
    stored.oldest_ticket = job.generation;
    reschedule(stored, x.due);
    return;
  case job_end::dead:
    bury(x, stored);
    [[fallthrough]];
  case job_end::done:
    if (x.ticket.generation != job.generation) {
      // Opened again meanwhile: what it was opened for has not been done.
      stored.oldest_ticket = job.generation;
      job.attempts = 0;
      job.last_error.clear();
      reschedule(stored, {});
      return;
    }
    remove(job);
    return;
  }
}

void ledger_batch::remove(const open_job& x) {
  erase_due(x);
  txn_.erase(db_.jobs, keys::of_text(x.order.id));
  --state_.open_jobs[static_cast<size_t>(x.order.on)];
  if (!x.order.lane.empty()) {
    leave_lane(x);
  } else if (x.order.place != 0) {
    txn_.erase(db_.places_open, keys::of_number(x.order.place));
    place_left_ = true;
  }
}

void ledger_batch::bury(const job_outcome& x, const stored_job& stored) {
  dead_letter letter;
  letter.number = ++state_.last_dead_letter;
  letter.job = stored.job;
  ++letter.job.attempts;
  letter.job.last_error = x.error;
  letter.reason = x.error;
  letter.died = now_.at;
  encode(value_, letter);
  txn_.put(db_.dead_letters, keys::of_number(letter.number), value_);
  if (letters_of_)
    letters_of_->emplace(letter.job.order.id, letter.number);
  write_event(event_kind::job_died, stored.job.order.about,
              attempt_of(x, stored.job) + ": " + x.error + "; dead letter " +
                  std::to_string(letter.number),
              stored.job.order.lane);
}

void ledger_batch::open(const job_order& x, caf::timestamp said) {
  stored_job stored;
  auto& job = stored.job;
  auto turn = next_turn();
  if (auto found = txn_.find_or_absent(db_.jobs, keys::of_text(x.id))) {
    decode(*found, stored);
    job.generation = static_cast<uint32_t>(turn);
    job.order.about = x.about;
    job.order.body = x.body;
    job.opened = said;
    put_job(stored);
    return;
  }
  job.order = x;
  job.order.due = due_of(x.due);
  job.number = turn;
  job.generation = static_cast<uint32_t>(turn);
  job.opened = said;
  stored.oldest_ticket = job.generation;
  put_job(stored);
  ++state_.open_jobs[static_cast<size_t>(x.on)];
  if (!x.lane.empty())
    return join_lane(job);
  insert_due(job);
  if (x.place != 0)
    txn_.put(db_.places_open, keys::of_number(x.place), {});
}

caf::timestamp ledger_batch::due_of(caf::timestamp asked) const {
  return std::max(now_.due, later(asked, now_.ahead_of_clock));
}

void ledger_batch::put_job(const stored_job& x) {
  encode(value_, x);
  txn_.put(db_.jobs, keys::of_text(x.job.order.id), value_);
}

void ledger_batch::insert_due(const open_job& x) {
  stirred_ |= 1u << static_cast<unsigned>(x.order.on);
  txn_.put(db_.jobs_due, keys::of_due(x.order.on, {x.order.due, x.number}),
           keys::of_text(x.order.id));
}

void ledger_batch::erase_due(const open_job& x) {
  txn_.erase(db_.jobs_due, keys::of_due(x.order.on, {x.order.due, x.number}));
}

void ledger_batch::reschedule(stored_job& x, caf::timestamp due) {
  erase_due(x.job);
  x.job.order.due = due_of(due);
  put_job(x);
  if (x.job.order.lane.empty())
    insert_due(x.job);
  else
    pass_on(x.job);
}

// -- dead letters --------------------------------------------------------------------------------

namespace {

caf::error no_dead_letter(uint64_t number) {
  return make_problem(errc::not_found, "there is no dead letter " + std::to_string(number));
}

} // namespace

caf::expected<settled> ledger_batch::replay(const replay_dead_letter& what) {
  auto stored = txn_.find_or_absent(db_.dead_letters, keys::of_number(what.number));
  if (!stored)
    return no_dead_letter(what.number);
  auto letter = decoded<dead_letter>(*stored);
  written_ = true;
  stirred_ = 0;
  auto order = letter.job.order;
  order.due = {};
  // What was said since under the same id is newer than what the letter says.
  auto now_open = txn_.find_or_absent(db_.jobs, keys::of_text(order.id));
  const bool is_overtaken = now_open && decoded<stored_job>(*now_open).job.opened >= letter.died;
  auto number = write_event(event_kind::dead_letter_replayed, order.about,
                            "dead letter " + std::to_string(what.number) + ", " + order.id +
                                ", by " + what.who +
                                (is_overtaken ? "; its job was opened again since, and stays as it "
                                                "is"
                                              : ""));
  if (!is_overtaken)
    open(order, letter.job.opened);
  txn_.erase(db_.dead_letters, keys::of_number(what.number));
  return settled{number, stirred_};
}

caf::expected<settled> ledger_batch::drop(const drop_dead_letter& what) {
  auto stored = txn_.find_or_absent(db_.dead_letters, keys::of_number(what.number));
  if (!stored)
    return no_dead_letter(what.number);
  auto letter = decoded<dead_letter>(*stored);
  written_ = true;
  auto number = write_event(event_kind::dead_letter_dropped, letter.job.order.about,
                            "dead letter " + std::to_string(what.number) + ", " +
                                letter.job.order.id + ", by " + what.who);
  txn_.erase(db_.dead_letters, keys::of_number(what.number));
  return settled{number};
}

/// A fork takes back many messages at once, and looking through all letters for each takes long.
void ledger_batch::list_letters() {
  letters_of_.emplace();
  auto at = txn_.walk(db_.dead_letters);
  for (bool more = at.first(); more; more = at.next()) {
    try {
      letters_of_->emplace(decoded<dead_letter>(at.value()).job.order.id,
                           keys::number_of(at.key()));
    } catch (const damaged_value&) {
      // It stays, and nobody can replay it.
    }
  }
}

void ledger_batch::void_letters(const std::string& job, const std::string& why) {
  if (!letters_of_)
    list_letters();
  auto [first, behind] = letters_of_->equal_range(job);
  for (auto letter = first; letter != behind; ++letter) {
    auto key = keys::of_number(letter->second);
    auto stored = txn_.find(db_.dead_letters, key);
    if (!stored)
      continue;
    write_event(event_kind::dead_letter_dropped, decoded<dead_letter>(*stored).job.order.about,
                "dead letter " + std::to_string(letter->second) + ", " + job + ": " + why);
    txn_.erase(db_.dead_letters, key);
  }
}

} // namespace igl
