#include "actors/reconciler.hpp"

#include "actors/supervisor.hpp"
#include "messages/timeouts.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

using reconciler_ptr = reconciling_actor::stateful_pointer<reconciler_state>;

constexpr uint32_t page = 512;
/// Between two pages of a long walk, so that a large backlog costs little.
constexpr std::chrono::milliseconds pace{50};

/// What every handler needs.
struct reconciliation {
  reconciler_ptr self;
  surroundings with;
  std::shared_ptr<streams> watched;
  job_publisher_actor publisher;
  std::chrono::milliseconds interval;
};
using reconciliation_ptr = std::shared_ptr<const reconciliation>;

void look_again_after(const reconciliation_ptr& x, std::chrono::milliseconds pause) {
  x->self->delayed_send(x->self, pause, caf::tick_atom_v);
}

/// Asks each stream that has due jobs how full it is; the answers come as messages.
void measure(const reconciliation_ptr& x) {
  auto& st = x->self->state;
  st.walking = false;
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(x->self);
  for (size_t i = 0; i < stream_count; ++i) {
    if (!st.rows[i].oldest_due)
      continue;
    auto of = static_cast<stream>(i);
    x->watched->level(of, [=](caf::expected<stream_level> level) {
      auto strong = weak.lock();
      if (!strong)
        return;
      stream_measured answer;
      answer.of = of;
      if (level)
        answer.level = *level;
      else
        answer.why = std::move(level.error());
      caf::anon_send(caf::actor_cast<reconciling_actor>(strong), std::move(answer));
    });
  }
  look_again_after(x, x->interval);
}

/// Goes on looking for each stream's oldest due job, one page at a time.
void walk(const reconciliation_ptr& x) {
  auto& st = x->self->state;
  // Younger ones may be on their way into their stream.
  auto due_by = x->with.now() - publishing_takes;
  x->self->request(x->with.reader, timeouts::read, due_jobs{st.place, due_by, page})
      .then(
          [=](const found_due_jobs& found) {
            auto& rows = x->self->state.rows;
            for (const auto& job : found.jobs) {
              auto& row = rows[static_cast<size_t>(job.order.on)];
              if (!row.oldest_due)
                row.oldest_due = job.order.due;
            }
            x->self->state.place = found.last;
            const bool all_found = std::all_of(rows.begin(), rows.end(), [](const auto& row) {
              return row.open == 0 || row.oldest_due;
            });
            if (all_found || found.jobs.size() < page)
              measure(x);
            else
              look_again_after(x, pace);
          },
          [=](const caf::error& err) {
            spdlog::warn("reconciler cannot read the due jobs: {}", sentence_of(err));
            x->self->state.walking = false;
            look_again_after(x, x->interval);
          });
}

void begin_round(const reconciliation_ptr& x) {
  auto& st = x->self->state;
  const bool connected = x->watched->connected();
  if (connected && !st.connected)
    // The publisher is about to hand over what has waited; that is not missing.
    for (auto& row : st.rows)
      row.told = x->with.now();
  st.connected = connected;
  if (!connected)
    return look_again_after(x, x->interval);
  x->self->request(x->with.reader, timeouts::read, ledger_figures_query{})
      .then(
          [=](const ledger_figures& figures) {
            auto& state = x->self->state;
            for (auto& row : state.rows) {
              row.open = 0;
              row.oldest_due = caf::none;
            }
            for (const auto& count : figures.streams) {
              state.rows[static_cast<size_t>(count.id)].open = count.open;
              if (count.open > 0)
                x->watched->mend(count.id);
            }
            state.place = {};
            state.walking = true;
            walk(x);
          },
          [=](const caf::error& err) {
            spdlog::warn("reconciler cannot read the ledger's figures: {}", sentence_of(err));
            look_again_after(x, x->interval);
          });
}

void compare(const reconciliation_ptr& x, const stream_measured& measured) {
  auto& row = x->self->state.rows[static_cast<size_t>(measured.of)];
  if (measured.why) {
    spdlog::warn("reconciler cannot see how full {} is: {}", to_string(measured.of),
                 sentence_of(measured.why));
    return;
  }
  if (!row.oldest_due)
    return;
  const auto now = x->with.now();
  auto before = missing_before({*row.oldest_due, measured.level, row.told, now});
  row.oldest_due = caf::none;
  if (!before)
    return;
  row.told = now;
  spdlog::warn("reconciler has jobs of {} published again: the ledger has older ones open than the "
               "stream, which holds {}",
               to_string(measured.of), measured.level.messages);
  x->self->send(x->publisher, republish{measured.of, *before});
}

} // namespace

caf::optional<caf::timestamp> missing_before(const stream_comparison& x) {
  const auto had_by = std::max(x.oldest_due, x.told) + publishing_takes;
  if (x.level.messages == 0) {
    if (x.now <= had_by)
      return caf::none;
    return x.now - publishing_takes;
  }
  if (x.level.oldest <= had_by)
    return caf::none;
  return x.level.oldest - publishing_takes;
}

reconciling_actor::behavior_type reconciler(reconciler_ptr self, surroundings with,
                                            std::shared_ptr<streams> watched,
                                            job_publisher_actor publisher,
                                            std::chrono::milliseconds interval) {
  name_exceptions(self);
  auto x = std::make_shared<const reconciliation>(
      reconciliation{self, std::move(with), std::move(watched), std::move(publisher), interval});
  self->send(self, caf::tick_atom_v);
  return {
      [=](caf::tick_atom) {
        if (self->state.walking)
          walk(x);
        else
          begin_round(x);
      },
      [=](const stream_measured& measured) { compare(x, measured); },
  };
}

} // namespace igl
