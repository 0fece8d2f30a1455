#pragma once

#include "scenarios/runner/network.hpp"
#include "storage/ledger_adapter.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace igl::scenario {

/// The ledger of a simulated process. Says what was accepted, and accepts nothing after the process
/// has ended, whatever its actors still want.
class watched_ledger final : public ledger_adapter<watched_ledger> {
public:
  /// Each settlement that was accepted, in order, before its answer goes out.
  using accepted = std::function<void(const settlement&, const settled&)>;

  watched_ledger(std::shared_ptr<ledger> inner, std::shared_ptr<const presence> who, accepted tell)
      : inner_(std::move(inner)), who_(std::move(who)), tell_(std::move(tell)) {}

  std::vector<caf::expected<settled>> commit(const std::vector<settlement>& batch) override;
  void commit(const std::vector<settlement>& batch, ending done) override { done(commit(batch)); }
  caf::expected<upload_begun> begin() override;
  caf::expected<piece_stored> store(const store_piece& piece) override;
  std::vector<caf::expected<piece_stored>> store(const std::vector<store_piece>& pieces) override;
  caf::error abandon(uint64_t upload) override;
  caf::expected<settled> replay(const replay_dead_letter& what) override;
  caf::expected<settled> drop(const drop_dead_letter& what) override;

private:
  friend ledger_adapter;
  static caf::error gone();
  /// Why nothing can be written now.
  caf::error refusal() const;
  template <class Question>
  answer_to<Question> look(const Question& x) const {
    if (!who_->alive)
      return gone();
    return inner_->read(x);
  }

  std::shared_ptr<ledger> inner_;
  std::shared_ptr<const presence> who_;
  accepted tell_;
};

} // namespace igl::scenario
