#pragma once

#include "storage/fair_shared_mutex.hpp"
#include "storage/journal.hpp"
#include "storage/ledger_snapshot.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

namespace igl {

/// LMDB with a journal before it. A change is accepted when it is in the journal, which costs one
/// short sync; it lies in memory, where every reader sees it, until a thread of the store's own
/// moves it into LMDB together with many others (storage/FORMAT.md, "The journal"). What was put
/// and erased again meanwhile – most jobs – never gets there.
class ledger_store {
public:
  /// Over an environment in which these databases are open; the journal names them by their place,
  /// so new ones come at the end. What the journal holds is in LMDB when this returns. `meta`, one
  /// of them, gets the number of the last record that LMDB has.
  static caf::expected<std::unique_ptr<ledger_store>>
  open(std::shared_ptr<lmdb::environment> env, std::string folder,
       const std::vector<std::string>& databases);
  /// Moves everything into LMDB, if that can be done; the journal has it in any case.
  ~ledger_store();
  ledger_store(const ledger_store&) = delete;
  ledger_store& operator=(const ledger_store&) = delete;

  using reading = std::function<caf::error(const ledger_snapshot&)>;
  using writing = std::function<caf::error(ledger_transaction&)>;

  /// Calls `what` with a snapshot of what was accepted; answers its error, or LMDB's. Any thread.
  /// Accepting waits while `what` goes on: so it must be short.
  caf::error read(const reading& what) const;

  /// What `what` changes is on disk when this returns no error; its own error, and everything that
  /// it throws, undoes all. One thread at a time.
  ///
  /// After an error of the disk it is not known whether the change is there: it may come true when
  /// the ledger is opened again, unless another write took its place before.
  caf::error write(const writing& what);

  /// Whether the last write is such a one: until the next, nothing that it needs may be removed.
  /// For the writing thread.
  bool in_doubt() const { return in_doubt_; }

private:
  ledger_store(std::shared_ptr<lmdb::environment> env, std::vector<lmdb::database> databases,
               lmdb::database meta);

  caf::error recover(const std::string& folder);
  caf::error move_to_lmdb(const change_set& what, uint64_t last_record);
  change_layers layers() const { return {&accepted_, &moving_, nullptr}; }
  uint64_t waiting_bytes() const;
  caf::error wait_for_room(std::unique_lock<std::mutex>& lock);
  void run();
  void flush(std::unique_lock<std::mutex>& lock);

  std::shared_ptr<lmdb::environment> env_;
  std::vector<lmdb::database> databases_;
  lmdb::database meta_;

  // Whoever changes the layers has both mutexes, the writing one first; either allows to read them.
  std::mutex writing_mutex_;
  mutable fair_shared_mutex layers_mutex_;
  change_set accepted_; ///< in the journal's current file
  change_set moving_;   ///< in its other file, on the way to LMDB

  // Under the writing mutex.
  std::unique_ptr<journal> journal_;
  std::condition_variable changed_;
  caf::error failed_; ///< why moving does not succeed
  bool stopping_ = false;
  bool in_doubt_ = false;

  std::thread mover_;
};

} // namespace igl
