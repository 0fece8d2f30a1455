#pragma once

#include "messages/gauge.hpp"
#include "messages/interfaces.hpp"
#include "messages/promise.hpp"
#include "storage/ledger.hpp"

#include <deque>
#include <memory>
#include <mutex>
#include <vector>

namespace igl {

/// What the ledger writer can be asked, and what it tells itself.
using ledger_writer_actor = ledger_actor::extend<
    // INTERNAL: everything that was in the mailbox has been gathered; commit.
    caf::reacts_to<caf::flush_atom>,
    // INTERNAL: a transaction has ended.
    caf::reacts_to<caf::ok_atom>,
    // INTERNAL: jobs have waited for the APIs long enough.
    caf::reacts_to<caf::tick_atom>>;

struct ledger_writer_state {
  static inline const char* name = "ledger-writer";

  /// What waits for the next transaction, and who asked.
  template <class Request, class Answer>
  struct waiting {
    Request what;
    std::shared_ptr<guarded_promise<Answer>> asked;
  };
  template <class Request, class Answer>
  using queue = std::deque<waiting<Request, Answer>>;
  queue<settlement, settled> requests; ///< of APIs: somebody waits for the answer
  queue<settlement, settled> jobs;     ///< of workers
  queue<store_piece, piece_stored> pieces;

  /// Results of transactions in their order, from the thread that they ended on.
  struct inbox {
    std::mutex mutex;
    std::vector<std::vector<caf::expected<settled>>> ended;
  };
  std::shared_ptr<inbox> results = std::make_shared<inbox>();
  /// Who waits for them: of each transaction that is under way, in the same order.
  std::deque<std::vector<std::shared_ptr<guarded_promise<settled>>>> under_way;

  uint64_t requests_since = 0; ///< committed since the last job's settlement was
  bool flush_sent = false;
  bool flush_delayed = false;
};

/// The only one that changes the ledger; spawn it detached, for it waits for the disk.
///
/// Gathers all settlements that wait in its mailbox into one transaction (at most 512) and answers
/// after it is on disk, while it prepares the next; documents' pieces the same way (at most 64,
/// 16 MB), but it waits for those. Tells the job publisher when jobs may have become due.
///
/// The APIs have precedence. While eight of their requests or more wait on average, the settlements
/// of jobs go to disk twice a second only, one for 128 requests. A worker does not go on before
/// it has settled: so all that works behind the APIs, here and elsewhere, slows down to what they
/// leave, and catches up when they are quiet.
ledger_writer_actor::behavior_type
ledger_writer(ledger_writer_actor::stateful_pointer<ledger_writer_state> self,
              std::shared_ptr<ledger> on_disk, job_publisher_actor publisher,
              std::shared_ptr<gauge> waiting);

} // namespace igl
