#pragma once

#include "storage/due_clock.hpp"
#include "storage/folder_lock.hpp"
#include "storage/ledger.hpp"
#include "storage/ledger_batch.hpp"
#include "storage/ledger_store.hpp"

#include <mutex>
#include <set>

namespace igl {

/// The ledger in an LMDB environment. Opening and writing are in disk_ledger.cpp, reading in
/// ledger_read.cpp and ledger_read_jobs.cpp, what is written in ledger_batch.hpp.
class disk_ledger final : public ledger {
public:
  static caf::expected<std::shared_ptr<ledger>> open(options how);

  std::vector<caf::expected<settled>> commit(const std::vector<settlement>& batch) override;
  void commit(const std::vector<settlement>& batch, ending done) override;
  caf::expected<upload_begun> begin() override;
  caf::expected<piece_stored> store(const store_piece& piece) override;
  std::vector<caf::expected<piece_stored>> store(const std::vector<store_piece>& pieces) override;
  caf::error abandon(uint64_t upload) override;
  caf::expected<settled> replay(const replay_dead_letter& what) override;
  caf::expected<settled> drop(const drop_dead_letter& what) override;
  caf::expected<ledger_copied> back_up(const std::string& folder, copy_progress& progress) override;

  caf::expected<found_message> read(const find_message& what) const override;
  caf::expected<found_channel_record> read(const find_channel_record& what) const override;
  caf::expected<channel_records> read(const channel_records_since& what) const override;
  caf::expected<found_events> read(const find_events& what) const override;
  caf::expected<found_object> read(const find_object& what) const override;
  caf::expected<access> read(const may_read& what) const override;
  caf::expected<document_piece> read(const read_piece& what) const override;
  caf::expected<found_subscribers> read(const find_subscribers& what) const override;
  caf::expected<found_subscription> read(const find_subscription& what) const override;
  caf::expected<found_ending_subscriptions>
  read(const find_ending_subscriptions& what) const override;
  caf::expected<found_subscriptions> read(const find_subscriptions& what) const override;
  caf::expected<found_hub_event> read(const find_hub_event& what) const override;
  caf::expected<found_hub_events> read(const find_hub_events& what) const override;
  caf::expected<found_lane> read(const find_lane& what) const override;
  caf::expected<found_events> read(const find_latest_events& what) const override;
  caf::expected<found_cursor> read(const find_cursor& what) const override;
  caf::expected<found_due_jobs> read(const due_jobs& what) const override;
  caf::expected<found_dead_letters> read(const find_dead_letters& what) const override;
  caf::expected<found_dead_letter_groups> read(const find_dead_letter_groups& what) const override;
  caf::expected<found_job> read(const find_job& what) const override;
  caf::expected<ledger_figures> read(const ledger_figures_query& what) const override;

private:
  disk_ledger(folder_lock lock, std::shared_ptr<lmdb::environment> env,
              std::unique_ptr<ledger_store> store, options how, ledger_state state);

  /// Runs `what` in one transaction, again from the beginning if it answers false; `done` hears
  /// when it is on disk, or why it never will be.
  void begin(const std::function<bool(ledger_batch&)>& what, ledger_store::ending done);
  /// The same, done when this returns.
  caf::error write(const std::function<void(ledger_batch&)>& what);
  void begin_commit(const std::vector<settlement>& batch, ending done);
  caf::expected<settled>
  write_one(const std::function<caf::expected<settled>(ledger_batch&)>& what);
  /// What became of the writes that were under way.
  void catch_up(const ledger_snapshot& now);
  /// Removes some of what uploads left that became nothing.
  void sweep();
  /// As many pieces as go into one transaction.
  void store_group(const store_piece* pieces, size_t count,
                   std::vector<caf::expected<piece_stored>>& results);

  /// What is damaged is logged once, and counted. Any thread.
  void notice(const caf::error& why) const;

  /// Answers what `what` makes of a snapshot.
  template <class Answer, class What>
  caf::expected<Answer> answer(What what) const {
    Answer result;
    auto err =
        store_->read([&](const ledger_snapshot& now) -> caf::error { return what(now, result); });
    if (err) {
      notice(err);
      return err;
    }
    return result;
  }

  const std::string owner_;
  folder_lock lock_;                       // before the environment: released after it is closed
  std::shared_ptr<lmdb::environment> env_; ///< itself only for pieces of documents
  ledger_databases db_;
  std::function<caf::timestamp()> now_;
  caf::timespan keep_hub_events_;
  mutable due_clock due_clock_;
  std::unique_ptr<ledger_store> store_; ///< everything else; ends before what its endings use

  struct known_damage {
    std::mutex mutex;
    std::string first;
    std::set<std::string> all; ///< so many at most
  };
  mutable known_damage damage_;

  // Only the writing thread touches these.
  ledger_state state_; ///< with the writes that are under way
  open_uploads uploads_;
  uint64_t failures_ = 0; ///< of the store, as far as they were taken notice of
  const bool overlapping_;
};

} // namespace igl
