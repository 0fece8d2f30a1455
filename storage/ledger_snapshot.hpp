#pragma once

#include "storage/change_set.hpp"

#include <array>

namespace igl {

/// Changes that lie over each other, the newest first; absent ones are null.
using change_layers = std::array<const change_set*, 5>;

/// A place in a database, in the order of the keys' bytes, as LMDB and the changes over it have it
/// together. Lives as long as its snapshot. Each move answers whether there is an entry; key and
/// value are those of the last move that did.
class ledger_cursor {
public:
  ledger_cursor(const lmdb::read_transaction& disk, const change_layers& layers, lmdb::database in);

  bool first();
  bool last();
  /// These two only after a move that answered true.
  bool next();
  bool previous();
  /// Moves to the first entry whose key is not before `key`.
  bool seek(std::string_view key);

  /// Both throw damaged_value if the entry's sum is wrong; one can move on all the same.
  std::string_view key() const { return check(), key_; }
  std::string_view value() const { return check(), value_; }

private:
  void check() const {
    if (!checked_)
      value_ = disk_.value();
    checked_ = true;
  }

  enum class direction { forward, backward };

  struct layer {
    const change_set::changes* all = nullptr;
    change_set::changes::const_iterator at;
    bool valid = false;
  };

  void all_from(std::string_view key);  ///< every source at its first key not before this one
  void all_up_to(std::string_view key); ///< every source at its last key not behind this one
  void leave(std::string_view key);     ///< the sources that are at this key move on
  bool settle();                        ///< takes the nearest key that is not erased

  std::array<layer, std::tuple_size_v<change_layers>> layers_;
  lmdb::cursor disk_;
  bool disk_valid_ = false;
  direction heading_ = direction::forward;
  std::string_view key_;
  mutable std::string_view value_;
  mutable bool checked_ = true; ///< what is in memory needs no check
};

/// What a ledger holds at one moment. The views it answers are valid until it ends or, in a
/// transaction, until its next change.
class ledger_snapshot {
public:
  ledger_snapshot(const lmdb::read_transaction& disk, change_layers layers)
      : disk_(disk), layers_(layers) {}
  ledger_snapshot(const ledger_snapshot&) = delete;
  ledger_snapshot& operator=(const ledger_snapshot&) = delete;

  std::optional<std::string_view> find(lmdb::database in, std::string_view key) const;
  /// For whom it matters that it is not there: throws damaged_value if what was not found may be
  /// there under a damaged key. Costs a second look into LMDB.
  std::optional<std::string_view> find_or_absent(lmdb::database in, std::string_view key) const;
  ledger_cursor walk(lmdb::database in) const { return {disk_, layers_, in}; }
  /// The number of entries. Costs by the changes that are not in LMDB yet.
  uint64_t size(lmdb::database in) const;

private:
  /// What the newest change of it says; null: there is none.
  const std::optional<std::string>* changed(lmdb::database in, std::string_view key) const;

  const lmdb::read_transaction& disk_;
  change_layers layers_;
};

/// A snapshot that gathers changes, and sees them.
class ledger_transaction : public ledger_snapshot {
public:
  /// Over all of these layers but the last, which is null.
  ledger_transaction(const lmdb::read_transaction& disk, change_layers layers, change_set& changes)
      : ledger_snapshot(disk, {&changes, layers[0], layers[1], layers[2], layers[3]}),
        changes_(changes) {}

  /// Keys are 1 to 511 bytes; throws std::length_error: later, LMDB could not take another one.
  void put(lmdb::database in, std::string key, std::string_view value);
  /// False, and nothing changed, if the key is there; like find_or_absent.
  bool insert(lmdb::database in, std::string key, std::string_view value);
  void erase(lmdb::database in, std::string key) { changes_.erase(in, std::move(key)); }
  void undo() { changes_ = {}; }

private:
  change_set& changes_;
};

} // namespace igl
