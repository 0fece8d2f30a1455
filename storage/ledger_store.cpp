#include "storage/ledger_store.hpp"

#include "storage/bytes.hpp"
#include "storage/ledger_databases.hpp"

#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>

namespace igl {

namespace {

using namespace std::chrono_literals;

/// Changes move when they are so many bytes or so old: little enough to be read again in a moment
/// after a crash, enough that most jobs have come and gone.
constexpr size_t many_bytes = size_t{8} << 20;
constexpr auto longest_wait = 1s;
/// Nothing is accepted while so many bytes wait behind those that are moving.
constexpr size_t most_bytes = 2 * many_bytes;
/// Between attempts while LMDB cannot be written.
constexpr auto pause = 250ms;

/// Into one database: entries behind its last one fill its pages to the brim.
void apply(lmdb::write_transaction& txn, lmdb::database in, const change_set::changes& changes) {
  std::string end;
  if (auto at = txn.walk(in); at.last())
    end = at.key();
  for (const auto& [key, value] : changes) {
    if (!value)
      txn.erase(in, key);
    else if (key > end)
      txn.append(in, key, *value);
    else
      txn.put(in, key, *value);
  }
}

} // namespace

caf::expected<std::unique_ptr<ledger_store>>
ledger_store::open(std::shared_ptr<lmdb::environment> env, std::string folder,
                   const std::vector<std::string>& databases) {
  std::vector<lmdb::database> handles;
  for (const auto& name : databases)
    handles.push_back(env->named(name));
  auto meta = env->named("meta");
  std::unique_ptr<ledger_store> result(new ledger_store(std::move(env), std::move(handles), meta));
  if (auto err = result->recover(folder))
    return err;
  result->mover_ = std::thread([self = result.get()] { self->run(); });
  return result;
}

ledger_store::ledger_store(std::shared_ptr<lmdb::environment> env,
                           std::vector<lmdb::database> databases, lmdb::database meta)
    : env_(std::move(env)), databases_(std::move(databases)), meta_(meta) {}

ledger_store::~ledger_store() {
  if (!mover_.joinable())
    return;
  {
    std::lock_guard guard(writing_mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  mover_.join();
}

caf::error ledger_store::recover(const std::string& folder) {
  uint64_t applied = 0;
  uint64_t seed = 0;
  auto err = env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    if (auto stored = txn.find(meta_, meta_key::journal))
      applied = byte_reader(*stored).u64();
    if (auto stored = txn.find(meta_, meta_key::journal_seed)) {
      seed = byte_reader(*stored).u64();
      return {};
    }
    if (RAND_bytes(reinterpret_cast<unsigned char*>(&seed), sizeof seed) != 1)
      return make_problem(errc::internal, "the system has no random numbers to give");
    std::string made;
    byte_writer(made).u64(seed);
    txn.put(meta_, meta_key::journal_seed, made);
    return {};
  });
  if (err)
    return err;
  auto log = journal::open(folder, seed);
  if (!log)
    return log.error();
  journal_ = std::move(*log);
  change_set all;
  err = journal_->replay(applied, [&](std::string_view body) -> caf::error {
    try {
      all.merge(change_set::decoded(body, databases_));
    } catch (const damaged_value& x) {
      return make_problem(errc::storage_format,
                          "a record of the journal was written by another program: " +
                              std::string(x.what()));
    }
    return {};
  });
  if (err || all.empty())
    return err;
  return move_to_lmdb(all, journal_->last());
}

caf::error ledger_store::move_to_lmdb(const change_set& what, uint64_t last_record) {
  return env_->write([&](lmdb::write_transaction& txn) -> caf::error {
    for (auto x : databases_)
      if (const auto& changes = what.of(x); !changes.empty())
        apply(txn, x, changes);
    std::string number;
    byte_writer(number).u64(last_record);
    txn.put(meta_, meta_key::journal, number);
    return {};
  });
}

caf::error ledger_store::read(const reading& what) const {
  std::shared_lock shared(layers_mutex_);
  return env_->read([&](const lmdb::read_transaction& disk) -> caf::error {
    return what(ledger_snapshot(disk, layers()));
  });
}

caf::error ledger_store::write(const writing& what) {
  std::unique_lock lock(writing_mutex_);
  if (auto err = wait_for_room(lock))
    return err;
  change_set changes;
  auto err = env_->read([&](const lmdb::read_transaction& disk) -> caf::error {
    ledger_transaction txn(disk, layers(), changes);
    return what(txn);
  });
  if (err || changes.empty())
    return err;
  auto refused = journal_->append(changes.encoded(databases_));
  in_doubt_ = bool(refused);
  if (refused)
    return refused;
  const bool first = accepted_.empty();
  {
    std::unique_lock alone(layers_mutex_);
    accepted_.merge(std::move(changes));
  }
  if (first || waiting_bytes() >= many_bytes)
    changed_.notify_all();
  return {};
}

caf::error ledger_store::wait_for_room(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return waiting_bytes() < most_bytes || failed_; });
  return waiting_bytes() < most_bytes ? caf::error{} : failed_;
}

/// In memory or in the journal, where each record takes whole blocks.
uint64_t ledger_store::waiting_bytes() const {
  return std::max<uint64_t>(accepted_.bytes(), journal_->end());
}

// -- moving --------------------------------------------------------------------------------------

void ledger_store::run() {
  std::unique_lock lock(writing_mutex_);
  while (!stopping_) {
    changed_.wait(lock, [this] { return stopping_ || !accepted_.empty(); });
    changed_.wait_for(lock, longest_wait,
                      [this] { return stopping_ || waiting_bytes() >= many_bytes; });
    flush(lock);
  }
  if (!failed_)
    flush(lock);
}

void ledger_store::flush(std::unique_lock<std::mutex>& lock) {
  if (accepted_.empty())
    return;
  {
    std::unique_lock alone(layers_mutex_);
    std::swap(accepted_, moving_);
  }
  const auto last_record = journal_->last();
  journal_->turn();
  for (;;) {
    lock.unlock();
    auto err = move_to_lmdb(moving_, last_record);
    lock.lock();
    if (!err)
      break;
    if (!failed_)
      spdlog::error("the ledger goes on in its journal only, which is short: {}", sentence_of(err));
    failed_ = err;
    changed_.notify_all();
    // What is in the journal moves when the ledger is opened again.
    if (changed_.wait_for(lock, pause, [this] { return stopping_; }))
      return;
  }
  if (std::exchange(failed_, {}))
    spdlog::info("the ledger is written again");
  change_set moved;
  {
    std::unique_lock alone(layers_mutex_);
    std::swap(moving_, moved);
  }
  changed_.notify_all();
  lock.unlock();
  moved = {};
  lock.lock();
}

} // namespace igl
