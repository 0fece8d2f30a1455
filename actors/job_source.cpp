#include "actors/job_source.hpp"

#include "messages/probes.hpp"

#include "actors/chance.hpp"
#include "actors/job_bundle.hpp"
#include "actors/supervisor.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace igl {

// -- decisions ------------------------------------------------------------------------------------

namespace {

/// The worker is not there, or died of something else than this job as far as one can see.
bool worker_was_gone(const caf::error& err) {
  if (err == caf::sec::runtime_error)
    return false; // An exception in the handler of this very job.
  auto code = code_of(err);
  return code == errc::broken_promise || code == errc::unavailable || code == errc::stale;
}

bool attempts_left(const job_ticket& ticket, const job_source_options& options) {
  return ticket.attempt < options.retry.attempts;
}

} // namespace

job_verdict judge(const caf::error& err, const job_ticket& ticket, uint32_t crashes,
                  const job_source_options& options) {
  if (!err || code_of(err) == errc::job_not_open)
    return job_verdict::settled;
  if (code_of(err) == errc::peer_busy || code_of(err) == errc::overloaded)
    return job_verdict::postpone;
  const bool gone = worker_was_gone(err);
  if (gone && crashes < options.crashed.attempts)
    return job_verdict::try_here;
  const bool may_help = gone || err == caf::sec::runtime_error || worth_retrying(err);
  return may_help && attempts_left(ticket, options) ? job_verdict::try_again
                                                    : job_verdict::exhausted;
}

settlement dead(const job_delivery& job, const caf::error& err) {
  settlement x;
  x.job = job_outcome{job.ticket, job_end::dead, {}, sentence_of(err)};
  return x;
}

settlement give_up(stream from, const job_delivery& job, const caf::error& err) {
  auto about = parse_reference(job.about);
  if (entry_of(from).exhausted != on_exhausted::reject_message || !about)
    return dead(job, err);
  settlement x;
  x.job = job_outcome{job.ticket, job_end::done, {}, {}};
  x.opens.push_back(make_job(reject_message{*about, sentence_of(err)}));
  return x;
}

std::string work_under_way(stream from, const std::map<std::string, job_in_hand>& in_hand,
                           caf::actor_clock::time_point now) {
  const job_in_hand* longest = nullptr;
  size_t with_worker = 0;
  for (const auto& [id, job] : in_hand)
    if (job.turn != 0) {
      ++with_worker;
      if (longest == nullptr || job.asked < longest->asked)
        longest = &job;
    }
  if (longest == nullptr)
    return in_hand.empty() ? std::string{} : std::to_string(in_hand.size()) + " being settled";
  const auto so_long = std::chrono::duration_cast<std::chrono::seconds>(now - longest->asked);
  auto text = "with " + std::string{entry_of(from).consumer} + ": " + longest->job.about + " for " +
              std::to_string(so_long.count()) + " s";
  if (with_worker > 1)
    text += ", " + std::to_string(with_worker - 1) + " more";
  return text;
}

// -- the actor ------------------------------------------------------------------------------------

namespace {

using source_ptr = job_source_actor::stateful_pointer<job_source_state>;

/// What every handler needs.
struct sourcing {
  source_ptr self;
  surroundings with;
  std::shared_ptr<streams> from;
  job_source_options options;
  job_performer perform;
};
using sourcing_ptr = std::shared_ptr<const sourcing>;

enum class ending : uint8_t { done, failed, left };

void work(const sourcing_ptr& x, const std::string& id);
void take(const sourcing_ptr& x, job_in_message what);

void after(const sourcing_ptr& x, std::chrono::milliseconds pause, std::function<void()> what) {
  x->self->state.later.emplace(x->self->clock().now() + pause, std::move(what));
  x->self->delayed_send(x->self, pause, caf::tick_atom_v);
}

std::chrono::milliseconds pause(const sourcing_ptr& x, const retry_settings& how, uint32_t failed) {
  return pause_after(how, failed, chance(x->with));
}

void answer_drains(const sourcing_ptr& x) {
  auto& st = x->self->state;
  if (!st.in_hand.empty() || !st.waiting.empty())
    return;
  for (auto& asked : std::exchange(st.draining, {}))
    asked->deliver(drained{});
}

/// One job of the message is settled, or was none.
void release(job_source_state& st, const std::string& acknowledgement) {
  auto i = st.messages.find(acknowledgement);
  if (--i->second.unsettled > 0)
    return;
  st.messages.erase(i);
  st.consumer->acknowledge(acknowledgement);
}

void take_waiting(const sourcing_ptr& x) {
  auto& st = x->self->state;
  while (!st.waiting.empty() && st.in_hand.size() < x->options.credit) {
    auto next = std::move(st.waiting.front());
    st.waiting.pop_front();
    take(x, std::move(next));
  }
}

/// The job is settled: the stream may forget it.
void finish(const sourcing_ptr& x, const std::string& id, ending how) {
  auto& st = x->self->state;
  auto node = st.in_hand.extract(id);
  auto& job = node.mapped();
  st.done += how == ending::done ? 1 : 0;
  st.failed += how == ending::failed ? 1 : 0;
  if (how != ending::left)
    st.busy.erase(id);
  st.lately.add(job.job.ticket);
  for (const auto& acknowledgement : job.acknowledgements)
    release(st, acknowledgement);
  for (auto& next : job.next)
    take(x, std::move(next));
  take_waiting(x);
  answer_drains(x);
}

/// Settles what the worker could not, however long the ledger takes to accept it.
void settle(const sourcing_ptr& x, const std::string& id, const settlement& what, ending how,
            uint32_t refusals = 0) {
  x->self->request(x->with.ledger, timeouts::settle, what)
      .then([=](const settled&) { finish(x, id, how); },
            [=](const caf::error& err) {
              if (code_of(err) == errc::job_not_open)
                return finish(x, id, ending::done);
              spdlog::warn("job source {} cannot settle {}, it will try again: {}",
                           to_string(x->options.from), id, sentence_of(err));
              auto wait = pause(x, x->options.unsettled, refusals + 1);
              // What the decision rested on has changed: it is taken anew.
              if (code_of(err) == errc::stale)
                return after(x, wait, [=] { work(x, id); });
              after(x, wait, [=] { settle(x, id, what, how, refusals + 1); });
            });
}

void settle_later(const sourcing_ptr& x, const std::string& id, job_end end,
                  std::chrono::milliseconds wait, const caf::error& err) {
  settlement what;
  what.job = job_outcome{x->self->state.in_hand.at(id).job.ticket, end, x->with.now() + wait,
                         sentence_of(err)};
  settle(x, id, what, end == job_end::again ? ending::failed : ending::left);
}

/// How often in a row the job was postponed; it does not matter if that is forgotten.
uint32_t busy_again(const sourcing_ptr& x, const std::string& id) {
  auto& busy = x->self->state.busy;
  if (busy.size() > size_t{64} * x->options.credit)
    busy.clear();
  return ++busy[id];
}

void answered(const sourcing_ptr& x, const std::string& id, const caf::error& err) {
  auto& job = x->self->state.in_hand.at(id);
  const auto& ticket = job.job.ticket;
  switch (judge(err, ticket, job.crashes, x->options)) {
  case job_verdict::settled:
    return finish(x, id, ending::done);
  case job_verdict::try_here:
    return after(x, pause(x, x->options.crashed, ++job.crashes), [=] { work(x, id); });
  case job_verdict::postpone:
    return settle_later(x, id, job_end::postponed, pause(x, x->options.busy, busy_again(x, id)),
                        err);
  case job_verdict::try_again:
    spdlog::info("job {} failed, attempt {} of {}: {}", id, ticket.attempt,
                 x->options.retry.attempts, sentence_of(err));
    return settle_later(x, id, job_end::again, pause(x, x->options.retry, ticket.attempt), err);
  case job_verdict::exhausted:
    spdlog::warn("job {} failed for good, attempt {}: {}", id, ticket.attempt, sentence_of(err));
    return settle(x, id,
                  x->options.on_exhausted ? x->options.on_exhausted(job.job, err)
                                          : give_up(x->options.from, job.job, err),
                  ending::failed);
  }
}

void work(const sourcing_ptr& x, const std::string& id) {
  auto& st = x->self->state;
  auto& job = st.in_hand.at(id);
  const auto turn = ++st.last_turn;
  job.turn = turn;
  job.asked = x->self->clock().now();
  x->perform(x->self, job.job, [=](const caf::error& err) {
    auto held = x->self->state.in_hand.find(id);
    if (held == x->self->state.in_hand.end() || held->second.turn != turn)
      return;
    // Nobody waits for the worker any more, however long the ledger takes to settle it.
    held->second.turn = 0;
    answered(x, id, err);
  });
}

void take(const sourcing_ptr& x, job_in_message what) {
  auto& st = x->self->state;
  if (st.lately.contain(what.job.ticket))
    return release(st, what.acknowledgement);
  const auto id = what.job.ticket.id;
  auto i = st.in_hand.find(id);
  if (i == st.in_hand.end()) {
    if (st.in_hand.size() >= x->options.credit)
      return st.waiting.push_back(std::move(what));
    auto& held = st.in_hand[id];
    held.job = std::move(what.job);
    held.acknowledgements.push_back(std::move(what.acknowledgement));
    return work(x, id);
  }
  auto& held = i->second;
  const auto& ticket = what.job.ticket;
  if (held.job.ticket.generation == ticket.generation && held.job.ticket.attempt == ticket.attempt)
    held.acknowledgements.push_back(std::move(what.acknowledgement));
  else
    held.next.push_back(std::move(what));
}

void arrive(const sourcing_ptr& x, const job_arrived& what) {
  auto& st = x->self->state;
  const auto deliveries = deliveries_in(what.payload);
  auto& message = st.messages[what.acknowledgement];
  message.unsettled += deliveries.size();
  message.since = x->self->clock().now();
  for (const auto& delivery : deliveries) {
    auto job = decode_delivery(delivery);
    if (job) {
      take(x, {std::move(*job), what.acknowledgement});
      continue;
    }
    ++st.failed;
    spdlog::error("job source {} throws away what is no job; somebody else writes to the stream: "
                  "{}: {}",
                  to_string(x->options.from), sentence_of(job.error()), delivery.substr(0, 200));
    release(st, what.acknowledgement);
  }
}

/// A worker that hangs is no longer waited for; asking it again here would take as long again.
void give_up_waiting(const sourcing_ptr& x) {
  const auto now = x->self->clock().now();
  std::vector<std::string> hanging;
  for (auto& [id, job] : x->self->state.in_hand)
    if (job.turn != 0 && now - job.asked >= timeouts::work) {
      job.turn = 0;
      hanging.push_back(id);
    }
  for (const auto& id : hanging)
    answered(x, id, make_problem(errc::peer_timeout, "the worker did not answer at all"));
}

/// Does what has waited for its time, and tells the stream that long jobs are being worked on.
void on_tick(const sourcing_ptr& x) {
  auto& st = x->self->state;
  const auto now = x->self->clock().now();
  while (!st.later.empty() && st.later.begin()->first <= now) {
    auto what = std::move(st.later.begin()->second);
    st.later.erase(st.later.begin());
    what();
  }
  if (now < st.keep_alive)
    return;
  give_up_waiting(x);
  for (const auto& [acknowledgement, message] : st.messages)
    if (message.since + x->options.keep_alive / 2 <= now)
      st.consumer->keep_alive(acknowledgement);
  st.keep_alive = now + x->options.keep_alive;
  x->self->delayed_send(x->self, x->options.keep_alive, caf::tick_atom_v);
}

} // namespace

job_source_actor::behavior_type run_job_source(source_ptr self, surroundings with,
                                               std::shared_ptr<streams> from,
                                               job_source_options options, job_performer perform) {
  name_exceptions(self);
  auto x = std::make_shared<const sourcing>(
      sourcing{self, std::move(with), std::move(from), std::move(options), std::move(perform)});
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(self);
  self->state.consumer =
      x->from->consume(x->options.from, x->options.credit, [weak](job_arrived what) {
        if (auto strong = weak.lock())
          caf::anon_send(caf::actor_cast<job_source_actor>(strong), std::move(what));
      });
  self->send(self, caf::tick_atom_v);
  answer_probes(self, [self, on = x->options.from] {
    return work_under_way(on, self->state.in_hand, self->clock().now());
  });
  return {
      [=](const job_arrived& what) { arrive(x, what); },
      [=](const drain&) {
        auto answer = promise_of<drained>(self);
        self->state.consumer->pause();
        self->state.draining.push_back(answer);
        answer_drains(x);
        return answer->unguarded();
      },
      [=](const source_query&) {
        const auto& st = self->state;
        return source_status{x->options.from, st.in_hand.size() + st.waiting.size(), st.done,
                             st.failed};
      },
      [=](caf::tick_atom) { on_tick(x); },
  };
}

} // namespace igl
