#include "actors/ledger_writer.hpp"

#include "actors/supervisor.hpp"
#include "messages/probes.hpp"
#include "messages/promise.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <algorithm>
#include <utility>

namespace igl {

namespace {

using writer_ptr = ledger_writer_actor::stateful_pointer<ledger_writer_state>;

/// Settlements in one transaction: more do not make it faster, and readers would wait longer for
/// the first of them.
constexpr size_t most_settlements = 512;
/// Pieces in memory at once: 16 MB.
constexpr size_t most_pieces = 64;

/// From so many requests on that wait on average, the APIs have precedence.
constexpr double many_requests = 8;
/// Then the jobs' settlements wait so long, and some of them are committed together: a few messages
/// at a time would cost everybody behind several times as much for each.
constexpr std::chrono::milliseconds precedence{500};
/// So many at least, or one for so many requests.
constexpr uint64_t jobs_at_least = 32;
constexpr uint64_t requests_for_a_job = 128;

/// Takes up to so many out of a queue, the oldest first.
template <class Queue, class Request, class Answer>
void take(Queue& from, size_t most, std::vector<Request>& what, std::vector<Answer>& asked) {
  for (; most > 0 && !from.empty(); --most) {
    what.push_back(std::move(from.front().what));
    asked.push_back(std::move(from.front().asked));
    from.pop_front();
  }
}

void commit(writer_ptr self, ledger& on_disk, size_t most_jobs) {
  auto& st = self->state;
  std::vector<settlement> batch;
  std::vector<std::shared_ptr<guarded_promise<settled>>> asked;
  take(st.requests, most_settlements, batch, asked);
  st.requests_since += batch.size();
  if (most_jobs > 0 && !st.jobs.empty()) {
    st.requests_since = 0;
    take(st.jobs, std::min(most_jobs, most_settlements - batch.size()), batch, asked);
  }
  if (batch.empty())
    return;
  st.under_way.push_back(std::move(asked));
  on_disk.commit(batch, [results = st.results, writer = caf::actor_cast<caf::weak_actor_ptr>(self)](
                            std::vector<caf::expected<settled>> x) {
    bool first;
    {
      std::lock_guard guard(results->mutex);
      first = results->ended.empty();
      results->ended.push_back(std::move(x));
    }
    if (!first)
      return;
    if (auto alive = writer.lock())
      caf::anon_send(caf::actor_cast<ledger_writer_actor>(alive), caf::ok_atom_v);
  });
}

/// Tells who asked what became of the transactions that have ended.
void answer(ledger_writer_state& st, const job_publisher_actor& publisher) {
  std::vector<std::vector<caf::expected<settled>>> ended;
  {
    std::lock_guard guard(st.results->mutex);
    ended.swap(st.results->ended);
  }
  jobs_opened opened;
  for (auto& results : ended) {
    auto asked = std::move(st.under_way.front());
    st.under_way.pop_front();
    for (size_t i = 0; i < asked.size(); ++i) {
      if (results[i])
        opened.streams |= results[i]->stirred;
      asked[i]->deliver(std::move(results[i]));
    }
  }
  if (opened.streams != 0)
    caf::anon_send(publisher, opened);
}

void store(ledger_writer_state& st, ledger& on_disk) {
  std::vector<store_piece> batch;
  std::vector<std::shared_ptr<guarded_promise<piece_stored>>> asked;
  take(st.pieces, most_pieces, batch, asked);
  if (batch.empty())
    return;
  auto results = on_disk.store(batch);
  for (size_t i = 0; i < asked.size(); ++i)
    asked[i]->deliver(std::move(results[i]));
}

} // namespace

ledger_writer_actor::behavior_type ledger_writer(writer_ptr self, std::shared_ptr<ledger> on_disk,
                                                 job_publisher_actor publisher,
                                                 std::shared_ptr<gauge> waiting) {
  name_exceptions(self);
  // The flush message queues behind everything that is already in the mailbox.
  auto flush_later = [=] {
    if (!std::exchange(self->state.flush_sent, true))
      self->send(self, caf::flush_atom_v);
  };
  auto apis_first = [=] {
    return waiting && waiting->average() >= many_requests;
  };
  auto flush = [=] {
    auto& st = self->state;
    store(st, *on_disk);
    commit(self, *on_disk, apis_first() ? 0 : most_settlements);
    answer(st, publisher);
    if (!st.requests.empty() || (!st.jobs.empty() && !apis_first()))
      flush_later();
    else if (!st.jobs.empty() && !std::exchange(st.flush_delayed, true))
      self->delayed_send(self, precedence, caf::tick_atom_v);
  };
  auto gather = [=](auto& queue, auto& request, auto answer) {
    queue.push_back({std::move(request), answer});
    flush_later();
    return answer->unguarded();
  };
  auto opened = [=](caf::expected<settled> result) -> caf::result<settled> {
    if (!result)
      return std::move(result.error());
    caf::anon_send(publisher, jobs_opened{result->stirred});
    return *result;
  };
  answer_probes(self, [self] {
    const auto& st = self->state;
    auto settlements = st.requests.size() + st.jobs.size();
    for (const auto& asked : st.under_way)
      settlements += asked.size();
    return settlements == 0 ? std::string{}
                            : std::to_string(settlements) + " settlements under way";
  });
  return {
      [=](settlement& x) {
        auto& queue = x.job ? self->state.jobs : self->state.requests;
        return gather(queue, x, promise_of<settled>(self));
      },
      [=](const begin_upload&) { return on_disk->begin(); },
      [=](store_piece& x) {
        auto result = gather(self->state.pieces, x, promise_of<piece_stored>(self));
        if (self->state.pieces.size() >= most_pieces)
          store(self->state, *on_disk);
        return result;
      },
      [=](const abandon_upload& x) -> caf::result<settled> {
        if (auto err = on_disk->abandon(x.upload))
          return err;
        return settled{};
      },
      [=](const replay_dead_letter& x) { return opened(on_disk->replay(x)); },
      [=](const drop_dead_letter& x) { return on_disk->drop(x); },
      [=](caf::flush_atom) {
        self->state.flush_sent = false;
        flush();
      },
      [=](caf::ok_atom) { answer(self->state, publisher); },
      [=](caf::tick_atom) {
        auto& st = self->state;
        st.flush_delayed = false;
        const auto some = std::max(jobs_at_least, st.requests_since / requests_for_a_job);
        commit(self, *on_disk, apis_first() ? some : most_settlements);
        answer(st, publisher);
        flush_later();
      },
  };
}

} // namespace igl
