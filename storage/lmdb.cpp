#include "storage/lmdb.hpp"

#include "storage/bytes.hpp"
#include "storage/fair_shared_mutex.hpp"
#include "storage/lmdb_calls.hpp"
#include "storage/value_sums.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <vector>

namespace igl::lmdb {

namespace {

/// Transactions that read are kept for whoever reads next; no more than so many, as each has its
/// place in the table of readers.
constexpr size_t most_ended_readings = 8;

/// LMDB answers a short write, which is what a full disk looks like, as EIO.
bool disk_is_full(const std::string& path) {
  struct statvfs disk {};
  return statvfs(path.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < (1 << 20);
}

errc code_of(int lmdb_code) {
  switch (lmdb_code) {
  case MDB_MAP_FULL:
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    return errc::storage_full;
  case MDB_INVALID:
  case MDB_VERSION_MISMATCH:
    return errc::storage_format;
  default:
    return errc::storage_failed;
  }
}

caf::error error_of(const failure& x, const std::string& path) {
  auto why = x.code() == EIO && disk_is_full(path) ? ENOSPC : x.code();
  return make_problem(code_of(why), path + ": " + x.doing() + ": " + mdb_strerror(why));
}

/// After a page that says where the data begins could not be written, LMDB refuses everything, and
/// what is on the disk only somebody knows who opens it anew: a process that is started again.
[[noreturn]] void end_process(const std::string& path) {
  spdlog::critical("{}: the disk failed a write that cannot be repeated, and the data has to be "
                   "opened anew: this process ends. See what ails the disk, and start it again",
                   path);
  spdlog::shutdown();
  std::_Exit(EXIT_FAILURE);
}

/// LMDB ends the process where a page is damaged in a way that it cannot answer as an error.
void say_what_is_damaged(MDB_env* env, const char* what) {
  const char* path = "";
  mdb_env_get_path(env, &path);
  spdlog::critical("{}: a page is damaged ({}), and this process ends: igl ledger check finds all "
                   "that is damaged, igl ledger restore brings a backup back",
                   path, what);
  spdlog::shutdown();
}

/// What a body throws, as the error that it stands for.
template <class Body>
caf::error contained(const std::string& path, Body body) {
  try {
    return body();
  } catch (const failure& x) {
    if (x.code() == MDB_PANIC)
      end_process(path);
    return error_of(x, path);
  } catch (const damaged_value& x) {
    return make_problem(errc::storage_damaged, path + ": " + x.what());
  } catch (const std::exception& x) {
    return make_problem(errc::storage_failed, path + ": " + x.what());
  }
}

/// Whether that much address space is free. LMDB unmaps the old map before it maps the new one, and
/// is beyond help when that fails.
bool has_room_for(size_t bytes) {
  if (bytes == 0)
    return true;
  void* place = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED)
    return false;
  munmap(place, bytes);
  return true;
}

/// Ends a transaction that nobody committed.
struct transaction_handle {
  MDB_txn* txn = nullptr;

  transaction_handle() = default;
  transaction_handle(const transaction_handle&) = delete;
  transaction_handle& operator=(const transaction_handle&) = delete;
  ~transaction_handle() {
    if (txn)
      mdb_txn_abort(txn);
  }
  void commit() { check(mdb_txn_commit(std::exchange(txn, nullptr)), "committing"); }
};

} // namespace

failure::failure(int lmdb_code, std::string doing)
    : std::runtime_error(doing + ": " + mdb_strerror(lmdb_code)), code_(lmdb_code),
      doing_(std::move(doing)) {}

// -- environment ---------------------------------------------------------------------------------

struct environment::state {
  std::string path;
  MDB_env* env = nullptr;
  bool read_only = false;
  std::unique_ptr<value_sums> sums;
  mutable std::mutex names_mutex;
  std::map<std::string, database> names;
  mutable std::atomic<bool> is_to_grow = false;

  // The map must not move under an open transaction.
  mutable fair_shared_mutex map_mutex;

  // A new one costs more than most of what is read in one.
  mutable std::mutex ended_readings_mutex;
  mutable std::vector<MDB_txn*> ended_readings;

  ~state() {
    for (auto* txn : ended_readings)
      mdb_txn_abort(txn);
    if (env)
      mdb_env_close(env);
  }

  MDB_txn* ended_reading() const {
    std::lock_guard guard(ended_readings_mutex);
    if (ended_readings.empty())
      return nullptr;
    auto* txn = ended_readings.back();
    ended_readings.pop_back();
    return txn;
  }

  void end_reading(transaction_handle& x) const {
    mdb_txn_reset(x.txn);
    std::lock_guard guard(ended_readings_mutex);
    if (ended_readings.size() < most_ended_readings)
      ended_readings.push_back(std::exchange(x.txn, nullptr));
  }

  std::shared_lock<fair_shared_mutex> share_map() const { return std::shared_lock(map_mutex); }

  size_t map_bytes() const {
    MDB_envinfo info{};
    check(mdb_env_info(env, &info), "reading the map's size");
    return info.me_mapsize;
  }

  /// 0: as large as another process made it.
  void resize_map(size_t from, size_t to) const {
    is_to_grow = true;
    std::unique_lock alone(map_mutex);
    is_to_grow = false;
    if (to != 0 && map_bytes() != from)
      return; // another thread was faster
    if (!has_room_for(to))
      throw failure(MDB_MAP_FULL, "growing the map to " + std::to_string(to) + " bytes");
    check(mdb_env_set_mapsize(env, to), "growing the map");
  }

  void begin(transaction_handle& x, unsigned flags,
             std::shared_lock<fair_shared_mutex>& shared) const {
    for (;;) {
      shared = share_map();
      if (flags == MDB_RDONLY && !x.txn)
        x.txn = ended_reading();
      int code = x.txn ? mdb_txn_renew(x.txn) : mdb_txn_begin(env, nullptr, flags, &x.txn);
      if (code != MDB_MAP_RESIZED) {
        check(code, "beginning a transaction");
        return;
      }
      shared.unlock();
      resize_map(0, 0);
    }
  }

  /// Calls `what` in a transaction and commits it; again in a larger map if this one is full.
  caf::error change(const std::function<caf::error(MDB_txn*)>& what) {
    for (;;) {
      size_t bytes = 0;
      try {
        std::shared_lock<fair_shared_mutex> shared;
        transaction_handle x;
        begin(x, 0, shared);
        bytes = map_bytes();
        if (auto err = what(x.txn))
          return err;
        x.commit();
        return {};
      } catch (const failure& x) {
        if (x.code() != MDB_MAP_FULL)
          throw;
      }
      resize_map(bytes, 2 * bytes);
    }
  }

  /// One thread at a time.
  caf::error open_databases(const std::vector<std::string>& wanted) {
    std::map<std::string, database> opened;
    auto open_all = [&](MDB_txn* txn) -> caf::error {
      for (const auto& name : wanted) {
        MDB_dbi handle = 0;
        int code = mdb_dbi_open(txn, name.c_str(), read_only ? 0 : MDB_CREATE, &handle);
        if (read_only && code == MDB_NOTFOUND)
          continue;
        check(code, "opening a database");
        opened[name] = database{handle};
      }
      return {};
    };
    if (auto err = read_only ? look(open_all) : change(open_all))
      return err;
    // Not before: whoever reads asks for names.
    std::lock_guard guard(names_mutex);
    for (const auto& [name, handle] : opened)
      if (sums)
        sums->add(handle, name);
    names.merge(opened);
    return {};
  }

  /// The handles that it opens stay open.
  caf::error look(const std::function<caf::error(MDB_txn*)>& what) const {
    std::shared_lock<fair_shared_mutex> shared;
    transaction_handle x;
    begin(x, MDB_RDONLY, shared);
    auto err = what(x.txn);
    x.commit();
    return err;
  }
};

environment::environment(std::unique_ptr<state> x) : state_(std::move(x)) {}

environment::~environment() = default;

namespace {

/// The environments of this process, each with the number of its owners. LMDB must not open a
/// folder twice in a process.
struct opened_environment {
  environment* env = nullptr;
  size_t owners = 0;
};
std::mutex opened_mutex;
std::map<std::string, opened_environment> opened_here;

std::shared_ptr<environment> one_more_owner(const std::string& path) {
  auto& entry = opened_here[path];
  ++entry.owners;
  return {entry.env, [path](environment* env) {
            std::lock_guard guard(opened_mutex);
            auto found = opened_here.find(path);
            if (--found->second.owners == 0) {
              opened_here.erase(found);
              delete env;
            }
          }};
}

} // namespace

caf::expected<std::shared_ptr<environment>> environment::open(const options& how) {
  std::lock_guard guard(opened_mutex);
  try {
    if (!how.read_only)
      std::filesystem::create_directories(how.path);
    auto path = std::filesystem::canonical(how.path).string();
    if (auto found = opened_here.find(path); found != opened_here.end()) {
      if (auto err = found->second.env->state_->open_databases(how.databases))
        return err;
      return one_more_owner(path);
    }
    auto x = std::make_unique<state>();
    x->path = path;
    check(mdb_env_create(&x->env), "creating an environment");
    check(mdb_env_set_maxdbs(x->env, max_databases), "setting the number of databases");
    check(mdb_env_set_maxreaders(x->env, how.max_readers), "setting the number of readers");
    check(mdb_env_set_mapsize(x->env, how.map_bytes), "setting the size of the map");
    if (!how.read_only)
      check(mdb_env_set_assert(x->env, &say_what_is_damaged), "telling of damage");
    x->read_only = how.read_only;
    const bool locks = !how.read_only && !how.alone;
    if (locks)
      allocate_lock_file(path, how.max_readers, how.file_mode);
    int code = mdb_env_open(x->env, path.c_str(),
                            MDB_NOTLS | MDB_NORDAHEAD | (how.read_only ? MDB_RDONLY : 0) |
                                (locks ? 0 : MDB_NOLOCK),
                            how.file_mode);
    if (code == ENOSPC && !how.read_only)
      undo_first_pages(path);
    check(code, "opening an environment");
    if (!how.read_only)
      check_length(x->env);
    if (how.sums) {
      x->sums = std::make_unique<value_sums>(how.without_sum);
      check(mdb_env_set_userctx(x->env, x->sums.get()), "telling of sums");
    }
    int dead_readers = 0;
    if (!how.read_only)
      check(mdb_reader_check(x->env, &dead_readers), "clearing away dead readers");
    if (auto err = x->open_databases(how.databases))
      return err;
    opened_here[path].env = new environment(std::move(x));
    return one_more_owner(path);
  } catch (const failure& x) {
    return error_of(x, how.path);
  } catch (const damaged_value& x) {
    return make_problem(errc::storage_damaged, how.path + ": " + x.what());
  } catch (const std::exception& x) {
    return make_problem(errc::storage_failed, how.path + ": " + x.what());
  }
}

database environment::named(const std::string& name) const {
  std::lock_guard guard(state_->names_mutex);
  return state_->names.at(name);
}

bool environment::has(const std::string& name) const {
  std::lock_guard guard(state_->names_mutex);
  return state_->names.contains(name);
}

caf::error environment::read(const reading& what) const {
  return contained(state_->path, [&] {
    std::shared_lock<fair_shared_mutex> shared;
    transaction_handle x;
    state_->begin(x, MDB_RDONLY, shared);
    auto err = what(read_transaction(x.txn));
    state_->end_reading(x);
    return err;
  });
}

bool environment::asked_to_end() const {
  return state_->is_to_grow;
}

caf::error environment::make_room(uint64_t bytes) {
  return contained(state_->path, [&]() -> caf::error {
    for (auto now = size(); now.map_bytes < now.used_bytes + bytes; now = size())
      state_->resize_map(now.map_bytes, 2 * now.map_bytes);
    return {};
  });
}

caf::error environment::write(const writing& what) {
  return contained(state_->path, [&] {
    return state_->change([&](MDB_txn* raw) -> caf::error {
      write_transaction txn(raw);
      return what(txn);
    });
  });
}

uint64_t environment::last_transaction() const {
  auto shared = state_->share_map();
  MDB_envinfo info{};
  mdb_env_info(state_->env, &info);
  return info.me_last_txnid;
}

usage environment::size() const {
  auto shared = state_->share_map();
  MDB_envinfo info{};
  MDB_stat stat{};
  mdb_env_info(state_->env, &info);
  mdb_env_stat(state_->env, &stat);
  return {(uint64_t{info.me_last_pgno} + 1) * stat.ms_psize, info.me_mapsize};
}

std::string environment::copy_without_trace(std::string_view value) const {
  auto page = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  auto from = reinterpret_cast<uintptr_t>(value.data()) & ~(page - 1);
  auto to = (reinterpret_cast<uintptr_t>(value.data()) + value.size() + page - 1) & ~(page - 1);
  auto* place = reinterpret_cast<void*>(from);
  madvise(place, to - from, MADV_WILLNEED);
  std::string result(value);
  madvise(place, to - from, MADV_DONTNEED);
  return result;
}

} // namespace igl::lmdb
