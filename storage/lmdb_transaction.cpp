#include "storage/lmdb_calls.hpp"
#include "storage/value_sums.hpp"

#include <algorithm>

namespace igl::lmdb {

namespace {

const value_sums* sums_of(MDB_txn* txn) {
  return static_cast<const value_sums*>(mdb_env_get_userctx(mdb_txn_env(txn)));
}

} // namespace

cursor::cursor(MDB_txn* txn, database in) : in_(in), sums_(sums_of(txn)) {
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
  stored_ = view_of(v);
  return true;
}

std::string_view cursor::value() const {
  return sums_ ? sums_->checked(in_, key_, stored_) : stored_;
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

read_transaction::read_transaction(MDB_txn* txn) : txn_(txn), sums_(sums_of(txn)) {}

std::optional<std::string_view> read_transaction::find(database in, std::string_view key) const {
  auto stored = find_stored(in, key);
  if (stored)
    return checked(in, key, *stored);
  return std::nullopt;
}

void read_transaction::check_absence(database in, std::string_view key) const {
  if (!sums_)
    return;
  auto at = walk(in);
  const bool behind = at.seek(key);
  const auto look = [&](bool in_order) {
    sums_->check_other(in, key, at.key(), at.stored());
    if (!in_order)
      throw damaged_value("the order of keys at " + readable_key(key));
  };
  if (behind)
    look(at.key() > key);
  if (behind ? at.previous() : at.last())
    look(at.key() < key);
}

std::string_view read_transaction::checked(database in, std::string_view key,
                                           std::string_view stored) const {
  return sums_ ? sums_->checked(in, key, stored) : stored;
}

std::optional<std::string_view> read_transaction::find_stored(database in,
                                                              std::string_view key) const {
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

/// With its sum, if values have one, put together where LMDB keeps it.
int write_transaction::store(database in, std::string_view key, std::string_view value,
                             unsigned flags) {
  MDB_val k = val_of(key), v = val_of(value);
  if (!sums_ || !sums_->has_one(in, key))
    return mdb_put(txn_, handle_of(in), &k, &v, flags);
  auto sum = sums_->of(in, key, value);
  v = {value.size() + sum.size(), nullptr};
  int code = mdb_put(txn_, handle_of(in), &k, &v, flags | MDB_RESERVE);
  if (code == MDB_SUCCESS) {
    auto* to = static_cast<char*>(v.mv_data);
    std::copy(value.begin(), value.end(), to);
    std::copy(sum.begin(), sum.end(), to + value.size());
  }
  return code;
}

void write_transaction::put(database in, std::string_view key, std::string_view value) {
  check(store(in, key, value, 0), "writing");
}

bool write_transaction::insert(database in, std::string_view key, std::string_view value) {
  int code = store(in, key, value, MDB_NOOVERWRITE);
  if (code == MDB_KEYEXIST)
    return false;
  check(code, "inserting");
  return true;
}

void write_transaction::append(database in, std::string_view key, std::string_view value) {
  check(store(in, key, value, MDB_APPEND), "appending");
}

bool write_transaction::erase(database in, std::string_view key) {
  MDB_val k = val_of(key);
  int code = mdb_del(txn_, handle_of(in), &k, nullptr);
  if (code == MDB_NOTFOUND)
    return false;
  check(code, "erasing");
  return true;
}

} // namespace igl::lmdb
