#include "actors/reconciler.hpp"

#include "actors/supervisor.hpp"
#include "messages/probes.hpp"
#include "messages/timeouts.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

using reconciler_ptr = reconciling_actor::stateful_pointer<reconciler_state>;

/// What every handler needs.
struct reconciliation {
  reconciler_ptr self;
  surroundings with;
  std::shared_ptr<streams> watched;
  job_publisher_actor publisher;
  std::chrono::milliseconds interval;
};
using reconciliation_ptr = std::shared_ptr<const reconciliation>;

void give_up_round(const char* what, const caf::error& why) {
  spdlog::warn("reconciler cannot {}: {}", what, sentence_of(why));
}

/// The stream should have the job if the publisher has come past it.
void look_for(const reconciliation_ptr& x, stream of, const due_place& job, caf::timespan ahead) {
  x->self->request(x->publisher, timeouts::status, published_when{of, job})
      .then(
          [=](const published_at& published) {
            if (!published.at)
              return;
            auto& row = x->self->state.rows[static_cast<size_t>(of)];
            row.oldest_due = *published.at == job.due ? job.due - ahead : *published.at;
            measure(*x->watched, of, x->self);
          },
          [=](const caf::error& err) { give_up_round("ask the job publisher", err); });
}

/// Finds a stream's oldest due job and asks the stream how full it is; the answer comes as a
/// message.
void look_at(const reconciliation_ptr& x, stream of) {
  x->watched->mend(of);
  // Younger ones may be on their way into their stream.
  auto due_by = x->with.now() - publishing_takes;
  x->self->request(x->with.reader, timeouts::read, due_jobs{of, {}, due_by, 1})
      .then(
          [=](const found_due_jobs& found) {
            if (!found.jobs.empty())
              look_for(x, of, found.last, found.ahead);
          },
          [=](const caf::error& err) { give_up_round("read the due jobs", err); });
}

void look_at_all(const reconciliation_ptr& x) {
  x->self->request(x->with.reader, timeouts::read, ledger_figures_query{})
      .then(
          [=](const ledger_figures& figures) {
            for (auto& row : x->self->state.rows)
              row.oldest_due = caf::none;
            for (const auto& count : figures.streams)
              if (count.open > 0)
                look_at(x, count.id);
          },
          [=](const caf::error& err) { give_up_round("read the ledger's figures", err); });
}

void begin_round(const reconciliation_ptr& x) {
  auto& st = x->self->state;
  // Streams that are ready again cause a round between two others.
  if (const auto now = x->self->clock().now(); now >= st.next) {
    st.next = now + x->interval;
    x->self->delayed_send(x->self, x->interval, caf::tick_atom_v);
  }
  const bool connected = x->watched->connected();
  if (connected && !st.connected)
    // The publisher is about to hand over what has waited; that is not missing.
    for (auto& row : st.rows)
      row.told = x->with.now();
  st.connected = connected;
  if (!connected)
    return;
  look_at_all(x);
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
  answer_probes(self);
  return {
      [=](caf::tick_atom) { begin_round(x); },
      [=](const stream_measured& measured) { compare(x, measured); },
  };
}

} // namespace igl
