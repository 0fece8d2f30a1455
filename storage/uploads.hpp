#pragma once

#include "messages/queries.hpp"
#include "messages/settlement.hpp"
#include "storage/ledger_databases.hpp"

#include <caf/error.hpp>

#include <deque>
#include <map>
#include <optional>
#include <set>

namespace igl {

/// The uploads that go on in this process, and those that are to be removed. An upload does not
/// outlive its process: what another one left is forgotten at open.
class open_uploads {
public:
  /// What a piece may be refused for: stale (the upload is not open), too_large, internal (out of
  /// order).
  caf::error check(const store_piece& x) const;
  /// stale: the upload is not open. internal: pieces are missing or do not add up to the size.
  caf::error check(const object_stored& x) const;

  void begin(uint64_t upload) { pieces_[upload]; }
  void stored(const store_piece& x);
  /// It becomes a document with that write of the ledger_store.
  void named(uint64_t upload, uint64_t write);
  /// Nobody needs it when that write has ended: its document was there.
  void spare(uint64_t upload, uint64_t write);
  /// All writes up to this one are on disk.
  void ended(uint64_t write);
  /// All that were under way are undone: their uploads are open again, unless they were forgotten.
  void failed();
  void forget(uint64_t upload);
  /// Left by an earlier process.
  void left_behind(uint64_t upload) { forgotten_.push_back(upload); }

  bool any_forgotten() const { return !forgotten_.empty(); }

  /// Removes a few pieces of forgotten uploads within a transaction; answers how many uploads are
  /// gone. Call `swept` with it when that transaction is on disk.
  size_t sweep(lmdb::write_transaction& txn, const ledger_databases& db) const;
  void swept(size_t uploads) {
    forgotten_.erase(forgotten_.begin(), forgotten_.begin() + static_cast<ptrdiff_t>(uploads));
  }

private:
  struct under_way {
    uint64_t write = 0;
    uint64_t upload = 0;
    std::optional<std::vector<uint32_t>> named; ///< the sizes of its pieces
    bool forgotten = false;                     ///< unless it becomes a document
  };

  std::map<uint64_t, std::vector<uint32_t>> pieces_; ///< of each open upload, their sizes
  std::deque<under_way> under_way_;
  std::deque<uint64_t> forgotten_;
};

} // namespace igl
