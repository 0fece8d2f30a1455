#pragma once

#include "messages/queries.hpp"
#include "messages/settlement.hpp"
#include "storage/ledger_databases.hpp"

#include <caf/error.hpp>

#include <deque>
#include <map>
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
  /// It became a document.
  void named(uint64_t upload) { pieces_.erase(upload); }
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
  std::map<uint64_t, std::vector<uint32_t>> pieces_; ///< of each open upload, their sizes
  std::deque<uint64_t> forgotten_;
};

} // namespace igl
