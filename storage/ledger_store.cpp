#include "storage/ledger_store.hpp"

#include "storage/bytes.hpp"
#include "storage/ledger_databases.hpp"

#include <openssl/rand.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <future>
#include <utility>

namespace igl {

namespace {

using namespace std::chrono_literals;

/// Changes move when they are so many bytes or so old: little enough to be read again in a moment
/// after a crash, enough that most jobs have come and gone.
constexpr size_t many_bytes = size_t{8} << 20;
constexpr auto longest_wait = 1s;
/// So many when nobody waits for what whoever writes does: by bytes alone, and so the same every
/// time.
constexpr size_t many_bytes_in_step = size_t{1} << 18;
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
                   const std::vector<std::string>& databases, bool in_step) {
  std::vector<lmdb::database> handles;
  for (const auto& name : databases)
    handles.push_back(env->named(name));
  auto meta = env->named("meta");
  std::unique_ptr<ledger_store> result(
      new ledger_store(std::move(env), std::move(handles), meta, in_step));
  if (auto err = result->recover(folder))
    return err;
  if (in_step)
    return result;
  result->acceptor_ = std::thread([self = result.get()] { self->accept_all(); });
  result->mover_ = std::thread([self = result.get()] { self->move_all(); });
  return result;
}

ledger_store::ledger_store(std::shared_ptr<lmdb::environment> env,
                           std::vector<lmdb::database> databases, lmdb::database meta, bool in_step)
    : env_(std::move(env)), databases_(std::move(databases)), meta_(meta), in_step_(in_step) {}

ledger_store::~ledger_store() {
  {
    std::unique_lock lock(writing_mutex_);
    stopping_ = true;
    if (in_step_ && journal_)
      move_in_step(lock);
  }
  if (!acceptor_.joinable())
    return;
  moved_.notify_all();
  to_accept_.notify_all();
  to_move_.notify_all();
  acceptor_.join();
  if (mover_.joinable())
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
    return what(ledger_snapshot(disk, {&accepted_, &moving_}));
  });
}

std::unique_lock<std::recursive_mutex> ledger_store::alone_in_step() {
  return in_step_ ? std::unique_lock(step_mutex_) : std::unique_lock<std::recursive_mutex>();
}

void ledger_store::begin(const writing& what, ending done) {
  const auto alone = alone_in_step();
  std::unique_lock lock(writing_mutex_);
  change_set changes;
  auto err = wait_for_room(lock);
  if (!err)
    err = env_->read([&](const lmdb::read_transaction& disk) -> caf::error {
      ledger_transaction txn(
          disk, {&begun_group_.changes, &written_group_.changes, &accepted_, &moving_}, changes);
      return what(txn);
    });
  if (err) {
    changes = {};
    done = [err, done = std::move(done)](const caf::error&) {
      done(err);
    };
  }
  begun_group_.endings.push_back(std::move(done));
  begun_group_.changes.merge(std::move(changes));
  ++begun_;
  if (in_step_) {
    accept_next(lock);
    return move_in_step(lock);
  }
  lock.unlock();
  to_accept_.notify_one();
}

caf::error ledger_store::write(const writing& what) {
  std::promise<caf::error> ended;
  begin(what, [&](const caf::error& why) { ended.set_value(why); });
  return ended.get_future().get();
}

caf::error ledger_store::flush() {
  const auto alone = alone_in_step();
  std::unique_lock lock(writing_mutex_);
  const auto up_to = begun_;
  const auto failures = failures_;
  const auto nothing_waits = [this] {
    return begun_group_.endings.empty() && written_group_.endings.empty() && accepted_.empty() &&
           moving_.empty();
  };
  ++flushes_;
  to_accept_.notify_one();
  if (in_step_)
    move_in_step(lock);
  moved_.wait(lock, [&] {
    return moved_writes_ >= up_to || nothing_waits() || failed_ || failures_ != failures ||
           stopping_;
  });
  --flushes_;
  if (failures_ != failures)
    return make_problem(errc::storage_failed, "the disk failed a write meanwhile");
  if (moved_writes_ >= up_to || nothing_waits())
    return {};
  return failed_ ? failed_ : make_problem(errc::unavailable, "the ledger is being closed");
}

caf::error ledger_store::wait_for_room(std::unique_lock<std::mutex>& lock) {
  room_.wait(lock, [this] { return waiting_bytes() < most_bytes || failed_; });
  return waiting_bytes() < most_bytes ? caf::error{} : failed_;
}

/// In memory or in the journal, where each record takes whole blocks.
uint64_t ledger_store::waiting_bytes() const {
  return begun_group_.changes.bytes() + written_group_.changes.bytes() +
         std::max<uint64_t>(accepted_.bytes(), journal_end_);
}

// -- accepting -----------------------------------------------------------------------------------

void ledger_store::accept_all() {
  std::unique_lock lock(writing_mutex_);
  for (;;) {
    const auto something = [this] {
      return !begun_group_.endings.empty() || has_to_turn() ||
             (stopping_ && (moving_.empty() || failed_));
    };
    const auto may_turn = [this] {
      return !accepted_.empty() && moving_.empty();
    };
    if (may_turn())
      to_accept_.wait_until(lock, turn_at_, something);
    else
      to_accept_.wait(lock, [&] { return something() || may_turn(); });
    if (has_to_turn())
      turn();
    if (!begun_group_.endings.empty())
      accept_next(lock);
    else if (stopping_ && (accepted_.empty() || failed_))
      break;
  }
  all_accepted_ = true;
  to_move_.notify_one();
}

/// What has begun becomes one record of the journal.
void ledger_store::accept_next(std::unique_lock<std::mutex>& lock) {
  std::swap(begun_group_, written_group_);
  auto& changes = written_group_.changes;
  caf::error refused;
  if (!changes.empty()) {
    lock.unlock();
    refused = journal_->append(changes.encoded(databases_));
    lock.lock();
    in_doubt_ = bool(refused);
  }
  auto endings = std::move(written_group_.endings);
  if (refused) {
    ++failures_;
    // These rest on what is not there.
    std::move(begun_group_.endings.begin(), begun_group_.endings.end(),
              std::back_inserter(endings));
    begun_group_ = {};
    begun_ = ended_;
  } else {
    ended_ += endings.size();
    journal_end_ = journal_->end();
    if (accepted_.empty())
      turn_at_ = std::chrono::steady_clock::now() + longest_wait;
    take_over(std::move(changes));
  }
  written_group_ = {};
  lock.unlock();
  room_.notify_one();
  moved_.notify_all();
  for (const auto& done : endings)
    done(refused);
  lock.lock();
}

/// Most jobs come and go within a second: nothing is left of them.
void ledger_store::take_over(change_set&& changes) {
  std::unique_lock alone(layers_mutex_);
  auto err = env_->read([&](const lmdb::read_transaction& disk) -> caf::error {
    accepted_.merge(std::move(changes), [&](lmdb::database in, std::string_view key) {
      const auto& all = moving_.of(in);
      auto found = all.find(key);
      return found != all.end() ? found->second.has_value() : disk.find_stored(in, key).has_value();
    });
    return {};
  });
  // What was accepted is, whether LMDB can be read or not.
  if (err)
    accepted_.merge(std::move(changes));
}

bool ledger_store::has_to_turn() const {
  return !accepted_.empty() && moving_.empty() &&
         (stopping_ || flushes_ > 0 ||
          std::max<uint64_t>(accepted_.bytes(), journal_end_) >=
              (in_step_ ? many_bytes_in_step : many_bytes) ||
          (!in_step_ && std::chrono::steady_clock::now() >= turn_at_));
}

void ledger_store::turn() {
  {
    std::unique_lock alone(layers_mutex_);
    std::swap(accepted_, moving_);
  }
  moving_up_to_ = journal_->last();
  moving_writes_ = ended_;
  journal_->turn();
  journal_end_ = 0;
  to_move_.notify_one();
  room_.notify_one();
}

// -- moving --------------------------------------------------------------------------------------

/// What could not be moved is tried again with the next write.
void ledger_store::move_in_step(std::unique_lock<std::mutex>& lock) {
  do {
    if (has_to_turn())
      turn();
    if (moving_.empty())
      return;
    move_next(lock);
  } while (!failed_);
}

void ledger_store::move_all() {
  std::unique_lock lock(writing_mutex_);
  for (;;) {
    to_move_.wait(lock, [this] { return !moving_.empty() || all_accepted_; });
    if (moving_.empty())
      return;
    move_next(lock);
    if (failed_)
      return;
  }
}

/// Ends when it is moved, or cannot be and the store stops: what is in the journal moves when the
/// ledger is opened again.
void ledger_store::move_next(std::unique_lock<std::mutex>& lock) {
  for (;;) {
    lock.unlock();
    auto err = move_to_lmdb(moving_, moving_up_to_);
    lock.lock();
    if (!err)
      break;
    if (!failed_)
      spdlog::error("the ledger goes on in its journal only, which is short: {}", sentence_of(err));
    failed_ = err;
    room_.notify_one();
    moved_.notify_all();
    to_accept_.notify_one();
    if (in_step_ || to_move_.wait_for(lock, pause, [this] { return stopping_; }))
      return;
  }
  if (std::exchange(failed_, {}))
    spdlog::info("the ledger is written again");
  change_set moved;
  {
    std::unique_lock alone(layers_mutex_);
    std::swap(moving_, moved);
  }
  moved_writes_ = moving_writes_;
  to_accept_.notify_one();
  room_.notify_one();
  moved_.notify_all();
  lock.unlock();
  moved = {};
  lock.lock();
}

} // namespace igl
