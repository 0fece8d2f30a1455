#include "storage/uploads.hpp"

#include "storage/ledger_keys.hpp"

#include <numeric>
#include <utility>

namespace igl {

namespace {

/// How many pieces one transaction removes: little enough not to be felt (2 MB).
constexpr size_t pieces_per_sweep = 8;

caf::error not_open(uint64_t upload) {
  return make_problem(errc::stale, "upload " + std::to_string(upload) +
                                       " is not open: it was finished, abandoned, or begun before "
                                       "the last restart");
}

} // namespace

caf::error open_uploads::check(const store_piece& x) const {
  auto found = pieces_.find(x.upload);
  if (found == pieces_.end())
    return not_open(x.upload);
  if (x.bytes.empty() || x.bytes.size() > document_piece_size)
    return make_problem(errc::internal, "a piece has 1 to " + std::to_string(document_piece_size) +
                                            " bytes, not " + std::to_string(x.bytes.size()));
  if (x.piece > found->second.size())
    return make_problem(errc::internal, "piece " + std::to_string(x.piece) + " of upload " +
                                            std::to_string(x.upload) + " came before piece " +
                                            std::to_string(found->second.size()));
  return {};
}

caf::error open_uploads::check(const object_stored& x) const {
  auto found = pieces_.find(x.upload);
  if (found == pieces_.end())
    return not_open(x.upload);
  const auto& sizes = found->second;
  auto total = std::accumulate(sizes.begin(), sizes.end(), uint64_t{0});
  bool whole = std::all_of(sizes.begin(), sizes.empty() ? sizes.end() : sizes.end() - 1,
                           [](uint32_t size) { return size == document_piece_size; });
  if (total != x.size || !whole)
    return make_problem(errc::internal,
                        "upload " + std::to_string(x.upload) + " has " + std::to_string(total) +
                            " bytes in " + std::to_string(sizes.size()) +
                            " pieces, which is not a document of " + std::to_string(x.size));
  return {};
}

void open_uploads::stored(const store_piece& x) {
  auto& sizes = pieces_[x.upload];
  if (x.piece >= sizes.size())
    sizes.resize(x.piece + 1);
  sizes[x.piece] = static_cast<uint32_t>(x.bytes.size());
}

void open_uploads::named(uint64_t upload, uint64_t write) {
  auto found = pieces_.find(upload);
  if (found == pieces_.end())
    return;
  under_way_.push_back({write, upload, std::move(found->second), false});
  pieces_.erase(found);
}

void open_uploads::spare(uint64_t upload, uint64_t write) {
  under_way_.push_back({write, upload, std::nullopt, false});
}

void open_uploads::ended(uint64_t write) {
  for (; !under_way_.empty() && under_way_.front().write <= write; under_way_.pop_front())
    if (!under_way_.front().named)
      forget(under_way_.front().upload);
}

void open_uploads::failed() {
  for (auto& x : std::exchange(under_way_, {})) {
    if (!x.named)
      continue;
    pieces_[x.upload] = std::move(*x.named);
    if (x.forgotten)
      forget(x.upload);
  }
}

void open_uploads::forget(uint64_t upload) {
  for (auto& x : under_way_)
    x.forgotten = x.forgotten || x.upload == upload;
  auto found = pieces_.find(upload);
  if (found == pieces_.end())
    return;
  if (!found->second.empty())
    forgotten_.push_back(upload);
  pieces_.erase(found);
}

size_t open_uploads::sweep(lmdb::write_transaction& txn, const ledger_databases& db) const {
  size_t gone = 0;
  size_t left = pieces_per_sweep;
  for (uint64_t upload : forgotten_) {
    auto first = ledger_keys::of_piece(upload, 0);
    auto begins = std::string_view(first).substr(0, 8);
    for (; left > 0; --left) {
      std::string key;
      {
        auto at = txn.walk(db.pieces);
        if (!at.seek(first) || !at.key().starts_with(begins))
          break;
        key = at.key();
      }
      txn.erase(db.pieces, key);
    }
    if (left == 0)
      break;
    txn.erase(db.uploads, begins);
    ++gone;
  }
  return gone;
}

} // namespace igl
