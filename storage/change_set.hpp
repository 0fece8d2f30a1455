#pragma once

#include "storage/lmdb.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// What was put into databases and erased from them, by key: the last word on each key. The entries
/// of a database stay where they are in memory until they are changed.
class change_set {
public:
  /// None: the key was erased.
  using change = std::optional<std::string>;
  using changes = std::map<std::string, change, std::less<>>;

  void put(lmdb::database in, std::string key, std::string_view value);
  void erase(lmdb::database in, std::string key);
  /// Takes over what came later.
  void merge(change_set&& newer);
  /// The same, but forgets what was put here and erased again, unless `is_below` says of the key
  /// that there is something to erase. Else whoever looks for the first entry of a queue would walk
  /// past all that have left it.
  using lookup = std::function<bool(lmdb::database, std::string_view key)>;
  void merge(change_set&& newer, const lookup& is_below);

  bool empty() const { return bytes_ == 0; }
  /// Of keys and values, about: what a merge replaces is not subtracted.
  size_t bytes() const { return bytes_; }
  /// The changes of a database, none or in the order of the keys' bytes.
  const changes& of(lmdb::database in) const;

  /// Writes everything down; a database is named by its place in `order` (storage/FORMAT.md).
  std::string encoded(std::span<const lmdb::database> order) const;
  /// Throws damaged_value.
  static change_set decoded(std::string_view from, std::span<const lmdb::database> order);

private:
  changes& in(lmdb::database x);

  std::vector<changes> databases_; ///< by the number of the database
  size_t bytes_ = 0;
};

} // namespace igl
