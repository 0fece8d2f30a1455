#pragma once

#include "messages/interfaces.hpp"
#include "messages/promise.hpp"
#include "storage/ledger.hpp"

#include <memory>
#include <vector>

namespace igl {

/// What the ledger writer can be asked, and what it tells itself.
using ledger_writer_actor = ledger_actor::extend<
    // INTERNAL: everything that was in the mailbox has been gathered; commit.
    caf::reacts_to<caf::flush_atom>>;

struct ledger_writer_state {
  static inline const char* name = "ledger-writer";

  /// A request that waits for the next transaction, and who asked.
  template <class Request, class Answer>
  struct queue {
    std::vector<Request> gathered;
    std::vector<std::shared_ptr<guarded_promise<Answer>>> asked;
  };
  queue<settlement, settled> settlements;
  queue<store_piece, piece_stored> pieces;
  bool flush_sent = false;
};

/// The only one that changes the ledger; spawn it detached, for it waits for the disk.
///
/// Gathers all settlements that wait in its mailbox into one transaction (at most 512) and answers
/// after it is on disk; documents' pieces the same way (at most 64, 16 MB). Tells the job publisher
/// when jobs may have become due.
ledger_writer_actor::behavior_type
ledger_writer(ledger_writer_actor::stateful_pointer<ledger_writer_state> self,
              std::shared_ptr<ledger> on_disk, job_publisher_actor publisher);

} // namespace igl
