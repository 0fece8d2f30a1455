#include "actors/ledger_writer.hpp"

#include "actors/supervisor.hpp"
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

/// Whether a settlement may have made a job due: it opened or rescheduled one, or closed one that
/// was opened again meanwhile.
bool stirs_jobs(const settlement& x) {
  return x.job || !x.opens.empty();
}

void commit(ledger_writer_state& st, ledger& on_disk, const job_publisher_actor& publisher) {
  auto batch = std::exchange(st.settlements, {});
  if (batch.gathered.empty())
    return;
  auto results = on_disk.commit(batch.gathered);
  bool stirred = false;
  for (size_t i = 0; i < batch.asked.size(); ++i) {
    stirred = stirred || (results[i] && stirs_jobs(batch.gathered[i]));
    batch.asked[i]->deliver(std::move(results[i]));
  }
  if (stirred)
    caf::anon_send(publisher, jobs_opened{});
}

void store(ledger_writer_state& st, ledger& on_disk) {
  auto batch = std::exchange(st.pieces, {});
  if (batch.gathered.empty())
    return;
  auto results = on_disk.store(batch.gathered);
  for (size_t i = 0; i < batch.asked.size(); ++i)
    batch.asked[i]->deliver(std::move(results[i]));
}

} // namespace

ledger_writer_actor::behavior_type ledger_writer(writer_ptr self, std::shared_ptr<ledger> on_disk,
                                                 job_publisher_actor publisher) {
  name_exceptions(self);
  auto flush = [=] {
    store(self->state, *on_disk);
    commit(self->state, *on_disk, publisher);
  };
  // The flush message queues behind everything that is already in the mailbox.
  auto gather = [=](auto& queue, auto& request, size_t most, auto answer) {
    queue.gathered.push_back(std::move(request));
    queue.asked.push_back(answer);
    if (queue.gathered.size() >= most)
      flush();
    else if (!std::exchange(self->state.flush_sent, true))
      self->send(self, caf::flush_atom_v);
    return answer->unguarded();
  };
  auto opened = [=](caf::expected<settled> result) -> caf::result<settled> {
    if (!result)
      return std::move(result.error());
    caf::anon_send(publisher, jobs_opened{});
    return *result;
  };
  return {
      [=](settlement& x) {
        return gather(self->state.settlements, x, most_settlements, promise_of<settled>(self));
      },
      [=](const begin_upload&) { return on_disk->begin(); },
      [=](store_piece& x) {
        return gather(self->state.pieces, x, most_pieces, promise_of<piece_stored>(self));
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
  };
}

} // namespace igl
