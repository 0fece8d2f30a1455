#pragma once

#include "messages/api.hpp"

#include <caf/expected.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl {

/// How far a copy is, for whoever watches it, and that it is to end.
struct copy_progress {
  std::atomic<uint64_t> entries = 0;
  std::atomic<uint64_t> bytes = 0; ///< of their keys and values
  std::atomic<bool> cancelled = false;
};

/// A copy that was made.
struct ledger_copied {
  uint64_t last_event = 0; ///< the newest one in it
  uint64_t entries = 0;
  uint64_t bytes = 0; ///< of its file
};

/// The ledger on disk: event log, lakes and open jobs in one LMDB environment (storage/FORMAT.md
/// says which byte means what). Opened by one process at a time.
///
/// Writing functions are called from one thread at a time (the ledger writer actor); reading
/// functions from any thread, in parallel with the writer. No function throws. Errors:
/// storage_failed, storage_full, storage_locked, storage_format, storage_damaged, and those of
/// `settlement`.
class ledger {
public:
  struct options {
    std::string path;  ///< folder; created if missing
    std::string owner; ///< jurisdiction or endpoint id; a folder of another owner is refused
    size_t map_bytes = size_t{1} << 30;  ///< at the start; doubles when full
    std::function<caf::timestamp()> now; ///< the clock; none: the system's
    /// What the hub told is kept for so long, at least.
    std::chrono::milliseconds keep_hub_events{std::chrono::hours{168}};
    /// `commit` with an ending prepares the next settlements while the disk is at work for these;
    /// otherwise it ends before it returns, so that what happens does not depend on the disk.
    bool overlapping = false;
  };
  static caf::expected<std::shared_ptr<ledger>> open(options how);
  virtual ~ledger() = default;

  // -- writing -----------------------------------------------------------------------------------

  /// Applies the settlements in order in ONE transaction, synced to disk when this returns. Each
  /// has its own result: one that fails changes nothing and does not disturb the others. If the
  /// transaction as a whole fails, all results are that error; if the disk failed, it may come true
  /// all the same when the ledger is opened again, unless another one was committed before.
  ///
  /// Besides the errors of `settlement`, `internal` answers one that contradicts itself: a record
  /// changed without an event or twice, a job without an id, a document whose pieces do not add up.
  virtual std::vector<caf::expected<settled>> commit(const std::vector<settlement>& batch) = 0;

  using ending = std::function<void(std::vector<caf::expected<settled>>)>;
  /// The same, but `done` gets the results: in the order of the calls, here or on the ledger's own
  /// thread, which it must not keep. What is written later sees these settlements, readers do when
  /// they are on disk. If the disk fails, those that were committed behind them fail with them.
  virtual void commit(const std::vector<settlement>& batch, ending done) = 0;

  /// Uploads of an earlier process were forgotten at open.
  virtual caf::expected<upload_begun> begin() = 0;
  /// Durable together with the settlement that names the upload, at the latest.
  /// Pieces of an upload come in order, each of document_piece_size except the last; one that is
  /// there may come again. Fails with stale if the upload is not open (here, in this process). When
  /// writing fails, the upload is abandoned.
  virtual caf::expected<piece_stored> store(const store_piece& piece) = 0;
  /// The same for several at once, of any uploads: one sync for each 16 (4 MB), so much faster. One
  /// result each.
  virtual std::vector<caf::expected<piece_stored>>
  store(const std::vector<store_piece>& pieces) = 0;
  /// Its pieces are removed little by little, with what is written later.
  virtual caf::error abandon(uint64_t upload) = 0;

  /// Both fail with not_found.
  virtual caf::expected<settled> replay(const replay_dead_letter& what) = 0;
  virtual caf::expected<settled> drop(const drop_dead_letter& what) = 0;

  // -- copying -----------------------------------------------------------------------------------

  /// Copies all that was accepted by now into a folder that is not there yet, as `igl ledger
  /// restore` takes it (storage/ledger_copy.hpp); nobody waits for it. Any thread, one at a time.
  /// Fails with conflict (the folder is there), storage_damaged (and names what), unavailable
  /// (cancelled) besides the errors of the disk it writes to.
  virtual caf::expected<ledger_copied> back_up(const std::string& folder,
                                               copy_progress& progress) = 0;

  // -- reading -----------------------------------------------------------------------------------

  virtual caf::expected<found_message> read(const find_message& what) const = 0;
  virtual caf::expected<found_channel_record> read(const find_channel_record& what) const = 0;
  /// A page is longer than the limit where it would part records of one version.
  virtual caf::expected<channel_records> read(const channel_records_since& what) const = 0;
  virtual caf::expected<found_events> read(const find_events& what) const = 0;
  virtual caf::expected<found_object> read(const find_object& what) const = 0;
  virtual caf::expected<access> read(const may_read& what) const = 0;
  /// Fails with not_found.
  virtual caf::expected<document_piece> read(const read_piece& what) const = 0;
  virtual caf::expected<found_subscribers> read(const find_subscribers& what) const = 0;
  /// The topic is canonical. One that has ended is not found.
  virtual caf::expected<found_subscription> read(const find_subscription& what) const = 0;
  virtual caf::expected<found_ending_subscriptions>
  read(const find_ending_subscriptions& what) const = 0;
  virtual caf::expected<found_subscriptions> read(const find_subscriptions& what) const = 0;
  virtual caf::expected<found_hub_event> read(const find_hub_event& what) const = 0;
  virtual caf::expected<found_hub_events> read(const find_hub_events& what) const = 0;
  virtual caf::expected<found_lane> read(const find_lane& what) const = 0;
  virtual caf::expected<found_events> read(const find_latest_events& what) const = 0;
  virtual caf::expected<found_cursor> read(const find_cursor& what) const = 0;
  /// Whoever goes on from `last` each time, with the clock's now as `at`, is shown every job that
  /// is open long enough to be seen: a job is never put at a place that a reader has passed
  /// (due_clock says how). Places are on the ledger's own time, which never goes back; take them
  /// from `last` only. `next_due` is on the clock. An `at` in the future lists what is due by then,
  /// without the promise.
  virtual caf::expected<found_due_jobs> read(const due_jobs& what) const = 0;
  /// Looks at 10,000 dead letters at most, however few are of the cause that is asked for.
  virtual caf::expected<found_dead_letters> read(const find_dead_letters& what) const = 0;
  virtual caf::expected<found_dead_letter_groups>
  read(const find_dead_letter_groups& what) const = 0;
  virtual caf::expected<found_job> read(const find_job& what) const = 0;
  virtual caf::expected<ledger_figures> read(const ledger_figures_query& what) const = 0;
};

} // namespace igl
