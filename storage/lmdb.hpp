#pragma once

#include "messages/errors.hpp"

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

struct MDB_env;
struct MDB_txn;
struct MDB_cursor;

/// LMDB as C++: one environment (a folder with one memory-mapped B-tree file) that holds named
/// databases, read and written in transactions. Only lmdb.cpp, lmdb_files.cpp and
/// lmdb_transaction.cpp know <lmdb.h>.
///
///   auto env = lmdb::environment::open({.path = "/data/x", .databases = {"things"}});
///   auto things = (*env)->named("things");
///   auto failed = (*env)->write([&](lmdb::write_transaction& txn) -> caf::error {
///     txn.put(things, "key", "value");
///     return {};
///   });
namespace igl::lmdb {

/// A named database within an environment.
enum class database : unsigned {};

/// What the values of an environment end with, if it was opened so: sums over the database's name,
/// the key and the value, made when a value is written and checked when it is read. Who reads a
/// wrong one gets damaged_value.
class value_sums;

/// What transactions and cursors throw when LMDB fails. Caught by `environment::read` and `write`,
/// which answer it as an error; no other code needs to.
class failure : public std::runtime_error {
public:
  failure(int lmdb_code, std::string doing);
  int code() const { return code_; }
  const std::string& doing() const { return doing_; }

private:
  int code_;
  std::string doing_;
};

/// A place in a database, in the order of the keys' bytes. Lives as long as its transaction.
/// Each move answers whether there is an entry; key and value are those of the last move that did.
class cursor {
public:
  cursor(MDB_txn* txn, database in);
  ~cursor();
  cursor(const cursor&) = delete;
  cursor& operator=(const cursor&) = delete;

  bool first();
  bool last();
  bool next();
  bool previous();
  /// Moves to the first entry whose key is not before `key`.
  bool seek(std::string_view key);

  std::string_view key() const { return key_; }
  /// Throws damaged_value if its sum is wrong.
  std::string_view value() const;
  /// The value as it lies there, with its sum, right or wrong.
  std::string_view stored() const { return stored_; }

private:
  bool move(int operation, std::string_view key = {});

  MDB_cursor* cursor_ = nullptr;
  database in_;
  const value_sums* sums_; ///< null: there are none
  std::string_view key_;
  std::string_view stored_;
};

/// A snapshot. The views it answers point into the map: valid until the transaction ends or, in a
/// write transaction, until its next change.
class read_transaction {
public:
  explicit read_transaction(MDB_txn* txn);
  read_transaction(const read_transaction&) = delete;
  read_transaction& operator=(const read_transaction&) = delete;

  /// Where values have sums, throws damaged_value if this one's is wrong.
  std::optional<std::string_view> find(database in, std::string_view key) const;
  /// Throws damaged_value if the entry before or behind the place of this key, which was not found,
  /// has a damaged key that may have been this one, or if that place is not between the two.
  void check_absence(database in, std::string_view key) const;
  /// The value as it lies there, with its sum, right or wrong.
  std::optional<std::string_view> find_stored(database in, std::string_view key) const;
  /// What is before the sum of a stored value, or a copy of one; throws damaged_value.
  std::string_view checked(database in, std::string_view key, std::string_view stored) const;
  cursor walk(database in) const { return {txn_, in}; }
  /// The names of all databases of the environment.
  std::vector<std::string> databases() const;
  /// The number of entries; costs nothing.
  uint64_t size(database in) const;
  /// Grows with every committed change of the environment.
  uint64_t id() const;

protected:
  MDB_txn* txn_;
  const value_sums* sums_; ///< null: there are none
};

/// Keys are 1 to 511 bytes.
class write_transaction : public read_transaction {
public:
  using read_transaction::read_transaction;

  void put(database in, std::string_view key, std::string_view value);
  /// False, and nothing changed, if the key is there.
  bool insert(database in, std::string_view key, std::string_view value);
  /// For keys that come in rising order: fills pages to the brim. Fails if the key is not the last.
  void append(database in, std::string_view key, std::string_view value);
  /// False if there is no such key.
  bool erase(database in, std::string_view key);

private:
  int store(database in, std::string_view key, std::string_view value, unsigned flags);
};

struct options {
  std::string path;                   ///< folder; created if missing
  std::vector<std::string> databases; ///< created if missing
  size_t map_bytes = size_t{1} << 30; ///< at the start; doubles when full. Costs no disk.
  uint32_t max_readers = 1024;        ///< read transactions at once, of all processes together
  unsigned file_mode = 0644;          ///< of files that are created
  bool sums = false;                  ///< values have sums; see value_sums
  /// Keys, of any database, whose values have none, so that other programs can read them.
  std::vector<std::string> without_sum = {};
  bool read_only = false; ///< makes nothing; a folder that nobody writes
  bool alone = false;     ///< one thread and nobody else has this folder: without a lock file
};

/// How full an environment is.
struct usage {
  uint64_t used_bytes = 0;
  uint64_t map_bytes = 0;
};

/// An open environment. Thread-safe. A folder may be open in several processes, and several times
/// in one process: LMDB allows one environment per process and folder, so those share it.
class environment {
public:
  /// Fails with storage_format (no LMDB file, or one of another version), storage_full,
  /// storage_damaged (also of a file that is shorter than its pages) or storage_failed.
  static caf::expected<std::shared_ptr<environment>> open(const options& how);
  ~environment();
  environment(const environment&) = delete;
  environment& operator=(const environment&) = delete;

  /// One of those that were named when this folder was opened.
  database named(const std::string& name) const;
  /// False, where nothing is made, if it is not there.
  bool has(const std::string& name) const;

  using reading = std::function<caf::error(const read_transaction&)>;
  using writing = std::function<caf::error(write_transaction&)>;

  /// Calls `what` with a snapshot; answers its error, or LMDB's. What it throws is storage_failed.
  /// It must neither read nor write the environment in turn.
  caf::error read(const reading& what) const;

  /// Calls `what` in a transaction, which is on disk (synced) when this returns no error. An error
  /// or an exception of `what` undoes everything. When the map is full it grows and `what` is
  /// called AGAIN: it must not keep results of its first call. One write goes on at a time, of all
  /// processes; others wait. `what` must neither read nor write the environment in turn.
  caf::error write(const writing& what);

  /// Number of the last committed transaction, of whichever process: has anything changed? Costs no
  /// transaction.
  uint64_t last_transaction() const;

  usage size() const;

  /// Somebody waits for all reading to end, and all others for him: the map has to grow. To be
  /// asked by one who reads for long.
  bool asked_to_end() const;
  /// Lets the map have room for so many bytes more, so that it need not grow soon.
  caf::error make_room(uint64_t bytes);

  /// A copy of a large value without leaving the pages it was read from in this process's memory.
  /// Only for a value out of `read`, while that goes on.
  std::string copy_without_trace(std::string_view value) const;

private:
  struct state;
  explicit environment(std::unique_ptr<state> x);
  std::unique_ptr<state> state_;
};

} // namespace igl::lmdb
