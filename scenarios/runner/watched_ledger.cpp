#include "scenarios/runner/watched_ledger.hpp"

#include "messages/errors.hpp"

namespace igl::scenario {

caf::error watched_ledger::gone() {
  return make_problem(errc::storage_failed, "the process has ended");
}

caf::error watched_ledger::refusal() const {
  if (!who_->alive)
    return gone();
  return who_->under->disk_full ? make_problem(errc::storage_full, "the disk is full")
                                : caf::error{};
}

std::vector<caf::expected<settled>> watched_ledger::commit(const std::vector<settlement>& batch) {
  if (auto why = refusal())
    return {batch.size(), caf::expected<settled>{why}};
  auto results = inner_->commit(batch);
  for (size_t i = 0; i < batch.size(); ++i)
    if (results[i])
      tell_(batch[i], *results[i]);
  return results;
}

caf::expected<upload_begun> watched_ledger::begin() {
  auto why = refusal();
  return why ? caf::expected<upload_begun>{why} : inner_->begin();
}

caf::expected<piece_stored> watched_ledger::store(const store_piece& piece) {
  auto why = refusal();
  return why ? caf::expected<piece_stored>{why} : inner_->store(piece);
}

std::vector<caf::expected<piece_stored>>
watched_ledger::store(const std::vector<store_piece>& pieces) {
  if (auto why = refusal())
    return {pieces.size(), caf::expected<piece_stored>{why}};
  return inner_->store(pieces);
}

caf::error watched_ledger::abandon(uint64_t upload) {
  return who_->alive ? inner_->abandon(upload) : gone();
}

caf::expected<settled> watched_ledger::replay(const replay_dead_letter& what) {
  auto why = refusal();
  return why ? caf::expected<settled>{why} : inner_->replay(what);
}

caf::expected<settled> watched_ledger::drop(const drop_dead_letter& what) {
  auto why = refusal();
  return why ? caf::expected<settled>{why} : inner_->drop(what);
}

} // namespace igl::scenario
