#pragma once

#include "messages/settlement.hpp"
#include "storage/ledger_databases.hpp"
#include "storage/ledger_snapshot.hpp"
#include "storage/ledger_values.hpp"
#include "storage/uploads.hpp"

#include <map>
#include <optional>
#include <set>

namespace igl {

/// Everything that is written in one transaction: settlements, and what an operator does with dead
/// letters. Each is checked in full against the open transaction before anything of it is written;
/// so one that is refused leaves no trace.
///
/// Throws what the transaction throws: then the whole transaction fails.
class ledger_batch {
public:
  /// When the transaction happens.
  struct moment {
    caf::timestamp at;  ///< of events and records
    caf::timestamp due; ///< of jobs that are due at once; on the ledger's own time (due_clock)
    caf::timespan ahead_of_clock{0};
    caf::timestamp oldest_hub_event; ///< what is older may be forgotten
  };

  ledger_batch(ledger_transaction& txn, const ledger_databases& db, ledger_state state, moment now,
               const open_uploads& uploads);

  caf::expected<settled> apply(const settlement& x);
  caf::expected<settled> replay(const replay_dead_letter& what);
  caf::expected<settled> drop(const drop_dead_letter& what);

  /// Writes the state, if anything was written. The last call.
  void finish();

  const ledger_state& state() const { return state_; }
  /// Uploads that became documents.
  const std::set<uint64_t>& named_uploads() const { return named_uploads_; }
  /// Uploads that nobody needs: their document was there.
  const std::set<uint64_t>& spare_uploads() const { return spare_uploads_; }

private:
  /// What the checks found, so that it is read only once.
  struct findings {
    std::optional<stored_job> job;
    std::vector<caf::timestamp> came; ///< of each message: when it came into the lake
    std::vector<uint64_t> replaced;   ///< of each channel record: the version that goes
  };

  caf::error check(const settlement& x, findings& found) const;
  caf::error check_job(const job_outcome& x, findings& found) const;
  caf::error check_messages(const settlement& x, findings& found) const;
  caf::error check_channel_records(const settlement& x, findings& found) const;
  caf::error check_objects(const settlement& x) const;

  /// `lane`: the event is found by it, too; empty: by nothing else.
  uint64_t write_event(event_kind what, const std::string& about, const std::string& detail,
                       const std::string& lane = {});
  void write_message(const message_change& x, uint64_t version, caf::timestamp came);
  void write_channel_record(const channel_record_change& x, uint64_t version, uint64_t replaced);
  void write_grant(const access_grant& x);
  void write_object(const object_stored& x);

  // ledger_jobs.cpp
  void end_job(const job_outcome& x, stored_job job);
  void bury(const job_outcome& x, const stored_job& job);
  /// `said`: when the order was given; a replayed one was given before its letter died.
  void open(const job_order& x, caf::timestamp said);
  void list_letters();
  void void_letters(const std::string& job, const std::string& why);
  uint64_t next_turn() { return ++state_.last_turn; }
  caf::timestamp due_of(caf::timestamp asked) const;
  void put_job(const stored_job& x);
  void insert_due(const open_job& x);
  void erase_due(const open_job& x);
  void reschedule(stored_job& x, caf::timestamp due);
  void remove(const open_job& x);

  // ledger_hub.cpp
  void tell(const message_changed& x);
  bool is_subscribed(const std::string& topic) const;
  std::vector<std::string> wanted_topics(const std::string& topic) const;
  void forget_old_hub_events();
  void write_subscription(const subscription_change& x);
  void forget_subscription(std::string_view key, const subscription& x);
  void remove_ended_subscriptions(int at_most);
  void want(const std::string& topic, caf::timestamp until);
  void change_lane(const lane_change& x);
  void join_lane(const open_job& x);
  void leave_lane(const open_job& x);
  void start_next_in(const std::string& lane);
  void pass_on(const open_job& x);
  void start_waiting_lanes();
  std::optional<stored_job> first_in(const std::string& lane) const;
  std::optional<std::string> first_key_in(const std::string& lane) const;
  uint64_t first_open_place() const;

  ledger_transaction& txn_;
  const ledger_databases& db_;
  ledger_state state_;
  moment now_;
  const open_uploads& uploads_;
  std::set<uint64_t> named_uploads_;
  std::set<uint64_t> spare_uploads_;
  bool written_ = false;
  bool is_swept_ = false;   ///< of ended subscriptions, by an event of this batch
  bool place_left_ = false; ///< a job that held lanes back has ended in this settlement
  /// Dead letters by the ids of their jobs, when somebody has asked for them.
  std::optional<std::multimap<std::string, uint64_t>> letters_of_;
  uint32_t stirred_ = 0; ///< by this settlement; as in `settled`
  std::string value_;    ///< used again and again
};

} // namespace igl
