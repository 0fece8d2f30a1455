#pragma once

#include "storage/fair_shared_mutex.hpp"
#include "storage/journal.hpp"
#include "storage/ledger_snapshot.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace igl {

/// LMDB with a journal before it. A change is accepted when it is in the journal, which costs one
/// short sync; it lies in memory, where every reader sees it, until a thread of the store's own
/// moves it into LMDB together with many others (storage/FORMAT.md, "The journal"). What was put
/// and erased again meanwhile – most jobs – never gets there.
///
/// Another thread writes the journal: while the disk works for some writes, the next ones are
/// prepared, and go to disk together.
class ledger_store {
public:
  /// Over an environment in which these databases are open; the journal names them by their place,
  /// so new ones come at the end. What the journal holds is in LMDB when this returns. `meta`, one
  /// of them, gets the number of the last record that LMDB has.
  ///
  /// `in_step`: whoever writes does all the work before his call returns, for who has nobody to do
  /// something else meanwhile; else two threads do.
  static caf::expected<std::unique_ptr<ledger_store>>
  open(std::shared_ptr<lmdb::environment> env, std::string folder,
       const std::vector<std::string>& databases, bool in_step = false);
  /// Ends what was begun, and moves everything into LMDB, if that can be done; the journal has it
  /// in any case.
  ~ledger_store();
  ledger_store(const ledger_store&) = delete;
  ledger_store& operator=(const ledger_store&) = delete;

  using reading = std::function<caf::error(const ledger_snapshot&)>;
  using writing = std::function<caf::error(ledger_transaction&)>;
  using ending = std::function<void(const caf::error&)>;

  /// Calls `what` with a snapshot of what was accepted; answers its error, or LMDB's. Any thread.
  /// Accepting waits while `what` goes on: so it must be short.
  caf::error read(const reading& what) const;

  /// What `what` changes is seen by the writes that follow, and by readers when it is on disk: then
  /// `done` hears no error. Its own error, and everything that it throws, undoes all, and is what
  /// `done` hears. One thread at a time.
  ///
  /// After an error of the disk, `done` of this write and of all that were begun behind it hears
  /// that error, for they rest on what is not there. It is not known whether the change is: it may
  /// come true when the ledger is opened again, unless another write took its place before.
  ///
  /// A write that fails or changes nothing ends in its turn, too: what it saw may not be on disk
  /// yet. `done` is called once for each write, in their order, on the store's own thread, which it
  /// must not keep.
  void begin(const writing& what, ending done);

  /// The same, done when this returns.
  caf::error write(const writing& what);

  /// How many writes have ended well, and how often the disk has failed them. To be asked by a
  /// write that goes on, or while none has begun.
  uint64_t ended() const { return ended_; }
  uint64_t failures() const { return failures_; }
  /// How many have begun: the number of the last one, counted without those that were undone.
  uint64_t begun() const { return begun_; }

  /// All writes that had begun are in LMDB when this returns no error. Any thread; others go on
  /// writing.
  caf::error flush();

  /// Whether the disk failed the last write: until the next, nothing that it needs may be removed.
  /// Any thread, with whatever lock.
  bool in_doubt() const { return in_doubt_; }

private:
  /// Writes on their way to the journal; all in one record.
  struct group {
    change_set changes;
    std::vector<ending> endings;
  };

  ledger_store(std::shared_ptr<lmdb::environment> env, std::vector<lmdb::database> databases,
               lmdb::database meta, bool in_step);

  caf::error recover(const std::string& folder);
  caf::error move_to_lmdb(const change_set& what, uint64_t last_record);
  uint64_t waiting_bytes() const;
  caf::error wait_for_room(std::unique_lock<std::mutex>& lock);

  std::unique_lock<std::recursive_mutex> alone_in_step();
  bool has_to_turn() const;
  void take_over(change_set&& changes);
  void accept_all();
  void accept_next(std::unique_lock<std::mutex>& lock);
  void turn();
  void move_in_step(std::unique_lock<std::mutex>& lock);
  void move_all();
  void move_next(std::unique_lock<std::mutex>& lock);

  std::shared_ptr<lmdb::environment> env_;
  std::vector<lmdb::database> databases_;
  lmdb::database meta_;
  const bool in_step_;
  std::recursive_mutex step_mutex_; ///< in step: of whoever does all the work

  // Under the writing mutex.
  mutable std::mutex writing_mutex_;
  group begun_group_;   ///< waits for the journal
  group written_group_; ///< the journal is being written
  uint64_t begun_ = 0;
  uint64_t ended_ = 0;
  uint64_t failures_ = 0;
  uint64_t journal_end_ = 0; ///< of what counts in its current file, in bytes
  uint64_t moving_up_to_ = 0;
  uint64_t moving_writes_ = 0; ///< how many had ended when it began to move
  uint64_t moved_writes_ = 0;
  unsigned flushes_ = 0;                          ///< that wait
  std::chrono::steady_clock::time_point turn_at_; ///< if anything is accepted by then
  caf::error failed_;                             ///< why moving does not succeed
  bool stopping_ = false;
  bool all_accepted_ = false; ///< and nothing more will be
  std::condition_variable to_accept_, to_move_, room_, moved_;

  std::atomic<bool> in_doubt_ = false;

  // Whoever changes these has both mutexes, the writing one first; either allows to read them.
  mutable fair_shared_mutex layers_mutex_;
  change_set accepted_; ///< in the journal's current file
  change_set moving_;   ///< in its other file, on the way to LMDB

  std::unique_ptr<journal> journal_; ///< after the opening, for the accepting thread only
  std::thread acceptor_;
  std::thread mover_;
};

} // namespace igl
