#include "messages/dead_letters.hpp"
#include "storage/bytes.hpp"
#include "storage/disk_ledger.hpp"
#include "storage/ledger_keys.hpp"

#include <algorithm>

namespace igl {

namespace keys = ledger_keys;

namespace {

/// So many dead letters one question looks at.
constexpr uint32_t most_looked_at = 10000;

} // namespace

caf::expected<found_due_jobs> disk_ledger::read(const due_jobs& what) const {
  // Before the snapshot: see due_clock.
  auto until = due_clock_.look(what.at, now_());
  auto ahead = due_clock_.ahead_of_clock();
  return answer<found_due_jobs>([&](const auto& txn, found_due_jobs& found) -> caf::error {
    found.last = what.after;
    found.ahead = ahead;
    auto at = txn.walk(db_.jobs_due);
    bool more = at.seek(keys::of_due(what.on, {what.after.due, what.after.number + 1}));
    // Returns false where the page ends.
    auto take = [&] {
      if (!keys::is_due_on(what.on, at.key()))
        return false;
      auto place = keys::due_place_of(at.key());
      if (place.due > until) {
        found.next_due = place.due - ahead;
        return false;
      }
      if (found.jobs.size() >= what.limit)
        return false;
      found.last = place;
      auto stored = txn.find(db_.jobs, at.value());
      if (!stored)
        throw damaged_value("a job is in the index only: " + readable_key(at.value()));
      found.jobs.push_back(decoded<stored_job>(*stored).job);
      return true;
    };
    // One that is damaged is not handed out; those behind it are.
    for (bool goes_on = true; more && goes_on; more = goes_on && at.next()) {
      try {
        goes_on = take();
      } catch (const damaged_value& x) {
        notice(make_problem(errc::storage_damaged, x.what()));
      }
    }
    return {};
  });
}

caf::expected<found_dead_letters> disk_ledger::read(const find_dead_letters& what) const {
  return answer<found_dead_letters>([&](const auto& txn, found_dead_letters& found) -> caf::error {
    auto at = txn.walk(db_.dead_letters);
    auto last = what.after;
    uint32_t looked_at = 0;
    for (bool more = at.seek(keys::of_number(what.after + 1)); more; more = at.next()) {
      if (found.letters.size() >= what.limit ||
          looked_at++ >= std::max(what.limit, most_looked_at)) {
        found.next = last;
        break;
      }
      auto x = decoded<dead_letter>(at.value());
      last = x.number;
      if (!what.of || cause_of(x) == *what.of)
        found.letters.push_back(std::move(x));
    }
    return {};
  });
}

caf::expected<found_dead_letter_groups>
disk_ledger::read(const find_dead_letter_groups& what) const {
  return answer<found_dead_letter_groups>([&](const auto& txn, auto& found) -> caf::error {
    auto at = txn.walk(db_.dead_letters);
    auto last = what.after;
    uint32_t looked_at = 0;
    for (bool more = at.seek(keys::of_number(what.after + 1)); more; more = at.next()) {
      if (looked_at++ >= std::min(what.limit, most_looked_at)) {
        found.next = last;
        break;
      }
      auto x = decoded<dead_letter>(at.value());
      last = x.number;
      add_to(found.groups, x);
    }
    return {};
  });
}

caf::expected<found_job> disk_ledger::read(const find_job& what) const {
  return answer<found_job>([&](const auto& txn, found_job& found) -> caf::error {
    if (auto stored = txn.find(db_.jobs, keys::of_text(what.id)))
      found.job = decoded<stored_job>(*stored).job;
    return {};
  });
}

caf::expected<ledger_figures> disk_ledger::read(const ledger_figures_query&) const {
  auto space = env_->size();
  return answer<ledger_figures>([&](const auto& txn, ledger_figures& found) -> caf::error {
    found.events = txn.size(db_.events);
    found.messages = txn.size(db_.messages);
    found.objects = txn.size(db_.objects);
    found.subscriptions = txn.size(db_.subscriptions);
    found.dead_letters = txn.size(db_.dead_letters);
    found.open_jobs = txn.size(db_.jobs);
    ledger_state state;
    if (auto stored = txn.find(db_.meta, meta_key::state))
      decode(*stored, state);
    for (const auto& entry : stream_catalogue()) {
      stream_count_of count;
      count.id = entry.id;
      count.open = state.open_jobs[static_cast<size_t>(entry.id)];
      found.streams.push_back(count);
    }
    found.used_bytes = space.used_bytes;
    found.map_bytes = space.map_bytes;
    std::lock_guard guard(damage_.mutex);
    found.damaged = damage_.all.size();
    found.damage = damage_.first;
    return {};
  });
}

} // namespace igl
