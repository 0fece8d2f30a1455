#include "storage/lmdb.hpp"

#include "storage/fair_shared_mutex.hpp"

#include <lmdb.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <mutex>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace igl::lmdb {

namespace {

MDB_val val_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

std::string_view view_of(const MDB_val& x) {
  return {static_cast<const char*>(x.mv_data), x.mv_size};
}

MDB_dbi handle_of(database x) {
  return static_cast<MDB_dbi>(x);
}

void check(int code, const char* doing) {
  if (code != MDB_SUCCESS)
    throw failure(code, doing);
}

/// LMDB answers a short write, which is what a full disk looks like, as EIO.
bool disk_is_full(const std::string& path) {
  struct statvfs disk {};
  return statvfs(path.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < (1 << 20);
}

caf::error error_of(const failure& x, const std::string& path) {
  auto code = errc::storage_failed;
  switch (x.code()) {
  case MDB_MAP_FULL:
  case ENOSPC:
  case EDQUOT:
  case EFBIG:
    code = errc::storage_full;
    break;
  case EIO:
    code = disk_is_full(path) ? errc::storage_full : errc::storage_failed;
    break;
  case MDB_INVALID:
  case MDB_VERSION_MISMATCH:
    code = errc::storage_format;
    break;
  default:
    break;
  }
  return make_problem(code, path + ": " + x.what());
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

failure::failure(int lmdb_code, const std::string& doing)
    : std::runtime_error(doing + ": " + mdb_strerror(lmdb_code)), code_(lmdb_code) {}

// -- cursors and transactions --------------------------------------------------------------------

cursor::cursor(MDB_txn* txn, database in) {
  check(mdb_cursor_open(txn, handle_of(in), &cursor_), "opening a cursor");
}

cursor::~cursor() {
  mdb_cursor_close(cursor_);
}

bool cursor::move(int operation, std::string_view key) {
  MDB_val k = val_of(key), v{};
  int code = mdb_cursor_get(cursor_, &k, &v, static_cast<MDB_cursor_op>(operation));
  if (code == MDB_NOTFOUND)
    return false;
  check(code, "moving a cursor");
  key_ = view_of(k);
  value_ = view_of(v);
  return true;
}

bool cursor::first() {
  return move(MDB_FIRST);
}

bool cursor::last() {
  return move(MDB_LAST);
}

bool cursor::next() {
  return move(MDB_NEXT);
}

bool cursor::previous() {
  return move(MDB_PREV);
}

bool cursor::seek(std::string_view key) {
  return move(MDB_SET_RANGE, key);
}

std::optional<std::string_view> read_transaction::find(database in, std::string_view key) const {
  MDB_val k = val_of(key), v{};
  int code = mdb_get(txn_, handle_of(in), &k, &v);
  if (code == MDB_NOTFOUND)
    return std::nullopt;
  check(code, "reading");
  return view_of(v);
}

std::vector<std::string> read_transaction::databases() const {
  MDB_dbi names = 0; // the unnamed database has the others' names as keys
  check(mdb_dbi_open(txn_, nullptr, 0, &names), "opening the list of databases");
  std::vector<std::string> all;
  auto at = walk(database{names});
  for (bool more = at.first(); more; more = at.next())
    all.emplace_back(at.key());
  return all;
}

uint64_t read_transaction::size(database in) const {
  MDB_stat stat{};
  check(mdb_stat(txn_, handle_of(in), &stat), "reading a database's size");
  return stat.ms_entries;
}

uint64_t read_transaction::id() const {
  return mdb_txn_id(txn_);
}

void write_transaction::put(database in, std::string_view key, std::string_view value) {
  MDB_val k = val_of(key), v = val_of(value);
  check(mdb_put(txn_, handle_of(in), &k, &v, 0), "writing");
}

bool write_transaction::insert(database in, std::string_view key, std::string_view value) {
  MDB_val k = val_of(key), v = val_of(value);
  int code = mdb_put(txn_, handle_of(in), &k, &v, MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST)
    return false;
  check(code, "inserting");
  return true;
}

void write_transaction::append(database in, std::string_view key, std::string_view value) {
  MDB_val k = val_of(key), v = val_of(value);
  check(mdb_put(txn_, handle_of(in), &k, &v, MDB_APPEND), "appending");
}

bool write_transaction::erase(database in, std::string_view key) {
  MDB_val k = val_of(key);
  int code = mdb_del(txn_, handle_of(in), &k, nullptr);
  if (code == MDB_NOTFOUND)
    return false;
  check(code, "erasing");
  return true;
}

// -- environment ---------------------------------------------------------------------------------

struct environment::state {
  std::string path;
  MDB_env* env = nullptr;
  mutable std::mutex names_mutex;
  std::map<std::string, database> names;

  // The map must not move under an open transaction.
  mutable fair_shared_mutex map_mutex;

  ~state() {
    if (env)
      mdb_env_close(env);
  }

  std::shared_lock<fair_shared_mutex> share_map() const { return std::shared_lock(map_mutex); }

  size_t map_bytes() const {
    MDB_envinfo info{};
    check(mdb_env_info(env, &info), "reading the map's size");
    return info.me_mapsize;
  }

  /// 0: as large as another process made it.
  void resize_map(size_t from, size_t to) const {
    std::unique_lock alone(map_mutex);
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
      int code = mdb_txn_begin(env, nullptr, flags, &x.txn);
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

  void open_databases(const std::vector<std::string>& wanted) {
    std::lock_guard guard(names_mutex);
    std::map<std::string, database> opened;
    auto err = change([&](MDB_txn* txn) -> caf::error {
      for (const auto& name : wanted) {
        MDB_dbi handle = 0;
        check(mdb_dbi_open(txn, name.c_str(), MDB_CREATE, &handle), "opening a database");
        opened[name] = database{handle};
      }
      return {};
    });
    if (!err)
      names.merge(opened);
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

constexpr unsigned max_databases = 64;

} // namespace

caf::expected<std::shared_ptr<environment>> environment::open(const options& how) {
  std::lock_guard guard(opened_mutex);
  try {
    std::filesystem::create_directories(how.path);
    auto path = std::filesystem::canonical(how.path).string();
    if (auto found = opened_here.find(path); found != opened_here.end()) {
      found->second.env->state_->open_databases(how.databases);
      return one_more_owner(path);
    }
    auto x = std::make_unique<state>();
    x->path = path;
    check(mdb_env_create(&x->env), "creating an environment");
    check(mdb_env_set_maxdbs(x->env, max_databases), "setting the number of databases");
    check(mdb_env_set_maxreaders(x->env, how.max_readers), "setting the number of readers");
    check(mdb_env_set_mapsize(x->env, how.map_bytes), "setting the size of the map");
    check(mdb_env_open(x->env, path.c_str(), MDB_NOTLS | MDB_NORDAHEAD, how.file_mode),
          "opening an environment");
    int dead_readers = 0;
    check(mdb_reader_check(x->env, &dead_readers), "clearing away dead readers");
    x->open_databases(how.databases);
    opened_here[path].env = new environment(std::move(x));
    return one_more_owner(path);
  } catch (const failure& x) {
    return error_of(x, how.path);
  } catch (const std::exception& x) {
    return make_problem(errc::storage_failed, how.path + ": " + x.what());
  }
}

database environment::named(const std::string& name) const {
  std::lock_guard guard(state_->names_mutex);
  return state_->names.at(name);
}

caf::error environment::read(const reading& what) const {
  try {
    std::shared_lock<fair_shared_mutex> shared;
    transaction_handle x;
    state_->begin(x, MDB_RDONLY, shared);
    return what(read_transaction(x.txn));
  } catch (const failure& x) {
    return error_of(x, state_->path);
  } catch (const std::exception& x) {
    return make_problem(errc::storage_failed, state_->path + ": " + x.what());
  }
}

caf::error environment::write(const writing& what) {
  try {
    return state_->change([&](MDB_txn* raw) -> caf::error {
      write_transaction txn(raw);
      return what(txn);
    });
  } catch (const failure& x) {
    return error_of(x, state_->path);
  } catch (const std::exception& x) {
    return make_problem(errc::storage_failed, state_->path + ": " + x.what());
  }
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
