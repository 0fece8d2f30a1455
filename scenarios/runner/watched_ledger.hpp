#pragma once

#include "scenarios/runner/network.hpp"
#include "storage/ledger.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace igl::scenario {

/// The ledger of a simulated process. Says what was accepted, and accepts nothing after the process
/// has ended, whatever its actors still want.
class watched_ledger final : public ledger {
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

  caf::expected<found_message> read(const find_message& x) const override { return look(x); }
  caf::expected<found_channel_record> read(const find_channel_record& x) const override {
    return look(x);
  }
  caf::expected<channel_records> read(const channel_records_since& x) const override {
    return look(x);
  }
  caf::expected<found_events> read(const find_events& x) const override { return look(x); }
  caf::expected<found_object> read(const find_object& x) const override { return look(x); }
  caf::expected<access> read(const may_read& x) const override { return look(x); }
  caf::expected<document_piece> read(const read_piece& x) const override { return look(x); }
  caf::expected<found_subscribers> read(const find_subscribers& x) const override {
    return look(x);
  }
  caf::expected<found_subscription> read(const find_subscription& x) const override {
    return look(x);
  }
  caf::expected<found_ending_subscriptions>
  read(const find_ending_subscriptions& x) const override {
    return look(x);
  }
  caf::expected<found_subscriptions> read(const find_subscriptions& x) const override {
    return look(x);
  }
  caf::expected<found_hub_event> read(const find_hub_event& x) const override { return look(x); }
  caf::expected<found_hub_events> read(const find_hub_events& x) const override { return look(x); }
  caf::expected<found_lane> read(const find_lane& x) const override { return look(x); }
  caf::expected<found_events> read(const find_latest_events& x) const override { return look(x); }
  caf::expected<found_cursor> read(const find_cursor& x) const override { return look(x); }
  caf::expected<found_due_jobs> read(const due_jobs& x) const override { return look(x); }
  caf::expected<found_dead_letters> read(const find_dead_letters& x) const override {
    return look(x);
  }
  caf::expected<ledger_figures> read(const ledger_figures_query& x) const override {
    return look(x);
  }

private:
  static caf::error gone();
  /// Why nothing can be written now.
  caf::error refusal() const;
  template <class Question>
  auto look(const Question& x) const -> decltype(std::declval<const ledger&>().read(x)) {
    if (!who_->alive)
      return gone();
    return inner_->read(x);
  }

  std::shared_ptr<ledger> inner_;
  std::shared_ptr<const presence> who_;
  accepted tell_;
};

} // namespace igl::scenario
