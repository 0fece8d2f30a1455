#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"
#include "messages/promise.hpp"
#include "messages/surroundings.hpp"

#include <atomic>
#include <set>
#include <string>

namespace igl {

/// A message of the sending store on its way to the medium.
struct medium_write {
  job_ticket ticket;
  channel_record record;
  write_to_medium order;
  std::shared_ptr<guarded_promise<settled>> answer;
};

struct medium_writer_state {
  static inline const char* name = "medium-writer";
  std::unique_ptr<medium> to;        ///< none: not open
  std::vector<medium_write> waiting; ///< for the next append
  bool flushing = false;             ///< a flush is in the mailbox
  /// Ids that the medium took without the ledger hearing so: the settlement is under way or failed.
  std::set<std::string> unsettled;
};

/// How a writer does, for whoever hands it messages; read and written by several threads.
struct writer_mood {
  static constexpr int64_t well = 0;
  /// When the medium began to fail, nanoseconds since 1970; well: it did not, or answered since.
  std::atomic<int64_t> failing_since{well};
};

/// Writes an endpoint's posted messages to the channel's medium. What waits is written in one
/// append. It blocks its thread while the medium syncs: spawn it with `caf::detached`.
///
/// Takes:   medium-writes
/// Opens:   notifications
/// Calls:   the medium
/// Retries: while the medium fails, as often as `retry.medium` allows. On a medium that takes back
///          it looks after a message every `medium.send_again` until that is confirmed, and sends
///          one that the medium does not have any more again, `medium.sends` times in all
///          What was sent to one that takes back is not given up because the medium cannot be
///          asked
/// Refuses: a message whose attempts are used up, or whose id is on the medium with another
///          content: it becomes `undeliverable`. But one that may be on the medium though no
///          attempt was answered: a dead letter, for nobody knows
medium_writer_actor::behavior_type
medium_writer(medium_writer_actor::stateful_pointer<medium_writer_state> self, surroundings with,
              medium_opener open, endpoint_settings how, std::shared_ptr<writer_mood> mood);

} // namespace igl
