#pragma once

#include "messages/api.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl {

/// The ledger on disk: event log, lakes and open jobs in one LMDB environment (storage/FORMAT.md
/// says which byte means what). Opened by one process at a time.
///
/// Writing functions are called from one thread at a time (the ledger writer actor); reading
/// functions from any thread, in parallel with the writer. No function throws. Errors:
/// storage_failed, storage_full, storage_locked, storage_format, and those of `settlement`.
class ledger {
public:
  struct options {
    std::string path;  ///< folder; created if missing
    std::string owner; ///< jurisdiction or endpoint id; a folder of another owner is refused
    size_t map_bytes = size_t{1} << 30;  ///< at the start; doubles when full
    std::function<caf::timestamp()> now; ///< the clock
  };
  static caf::expected<std::shared_ptr<ledger>> open(options how);
  virtual ~ledger() = default;

  // -- writing -----------------------------------------------------------------------------------

  /// Applies the settlements in order in ONE transaction, synced to disk when this returns. Each
  /// has its own result: one that fails changes nothing and does not disturb the others. If the
  /// transaction as a whole fails, all results are that error.
  virtual std::vector<caf::expected<settled>> commit(const std::vector<settlement>& batch) = 0;

  /// Uploads of an earlier process were forgotten at open.
  virtual caf::expected<upload_begun> begin() = 0;
  /// Durable together with the settlement that names the upload, at the latest.
  virtual caf::expected<piece_stored> store(const store_piece& piece) = 0;
  virtual caf::error abandon(uint64_t upload) = 0;

  virtual caf::expected<settled> replay(const replay_dead_letter& what) = 0;
  virtual caf::expected<settled> drop(const drop_dead_letter& what) = 0;

  // -- reading -----------------------------------------------------------------------------------

  virtual caf::expected<found_message> read(const find_message& what) const = 0;
  virtual caf::expected<found_channel_record> read(const find_channel_record& what) const = 0;
  virtual caf::expected<channel_records> read(const channel_records_since& what) const = 0;
  virtual caf::expected<found_events> read(const find_events& what) const = 0;
  virtual caf::expected<found_object> read(const find_object& what) const = 0;
  virtual caf::expected<access> read(const may_read& what) const = 0;
  virtual caf::expected<document_piece> read(const read_piece& what) const = 0;
  virtual caf::expected<found_subscribers> read(const find_subscribers& what) const = 0;
  virtual caf::expected<found_subscription> read(const find_subscription& what) const = 0;
  virtual caf::expected<found_cursor> read(const find_cursor& what) const = 0;
  virtual caf::expected<found_due_jobs> read(const due_jobs& what) const = 0;
  virtual caf::expected<found_dead_letters> read(const find_dead_letters& what) const = 0;
  virtual caf::expected<ledger_figures> read(const ledger_figures_query& what) const = 0;
};

} // namespace igl
