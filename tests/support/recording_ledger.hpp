#pragma once

#include "storage/ledger_adapter.hpp"

#include <functional>
#include <memory>
#include <utility>
#include <vector>

namespace igl {

/// A ledger that remembers what it was asked to write and fails when a test wants it to.
class recording_ledger : public ledger_adapter<recording_ledger> {
public:
  explicit recording_ledger(std::shared_ptr<ledger> inner) : inner_(std::move(inner)) {}

  std::vector<settlement> asked; ///< every settlement, also those that failed
  std::vector<size_t> batches;   ///< settlements in each transaction
  std::vector<size_t> stores;    ///< pieces in each
  caf::error fails_with;         ///< set: whatever writes fails with it, and nothing is written
  mutable caf::error cannot_read;
  bool holds = false;                           ///< transactions end when a test lets them
  std::vector<std::function<void()>> under_way; ///< each ends one

  std::vector<caf::expected<settled>> commit(const std::vector<settlement>& batch) override {
    asked.insert(asked.end(), batch.begin(), batch.end());
    batches.push_back(batch.size());
    if (fails_with)
      return {batch.size(), caf::expected<settled>{fails_with}};
    return inner_->commit(batch);
  }
  void commit(const std::vector<settlement>& batch, ending done) override {
    auto results = commit(batch);
    if (holds)
      under_way.push_back([=] { done(results); });
    else
      done(std::move(results));
  }
  caf::expected<upload_begun> begin() override {
    return write([&] { return inner_->begin(); });
  }
  caf::expected<piece_stored> store(const store_piece& x) override {
    return write([&] { return inner_->store(x); });
  }
  std::vector<caf::expected<piece_stored>> store(const std::vector<store_piece>& x) override {
    stores.push_back(x.size());
    if (fails_with)
      return {x.size(), caf::expected<piece_stored>{fails_with}};
    return inner_->store(x);
  }
  caf::error abandon(uint64_t upload) override {
    return fails_with ? fails_with : inner_->abandon(upload);
  }
  caf::expected<settled> replay(const replay_dead_letter& x) override {
    return write([&] { return inner_->replay(x); });
  }
  caf::expected<settled> drop(const drop_dead_letter& x) override {
    return write([&] { return inner_->drop(x); });
  }
  caf::expected<ledger_copied> back_up(const std::string& folder,
                                       copy_progress& progress) override {
    return inner_->back_up(folder, progress);
  }

private:
  friend ledger_adapter;
  template <class Write>
  auto write(Write act) -> decltype(act()) {
    if (fails_with)
      return fails_with;
    return act();
  }
  template <class Question>
  answer_to<Question> look(const Question& x) const {
    if (cannot_read)
      return cannot_read;
    return inner_->read(x);
  }

  std::shared_ptr<ledger> inner_;
};

} // namespace igl
