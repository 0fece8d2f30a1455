#pragma once

#include "storage/lmdb.hpp"

#include <array>

namespace igl::lmdb {

/// Named databases of an environment.
inline constexpr unsigned max_databases = 64;

/// The sums that values end with (storage/FORMAT.md, "Sums").
class value_sums {
public:
  /// u16 of the database's name and the key, so that a damaged key is told from a damaged value;
  /// u32 of these and the value.
  static constexpr size_t size = 6;
  using sum = std::array<char, size>;

  /// Keys, of any database, whose values have none.
  explicit value_sums(std::vector<std::string> without) : without_(std::move(without)) {}

  /// The values of this database have sums.
  void add(database x, const std::string& name);

  bool has_one(database in, std::string_view key) const;
  sum of(database in, std::string_view key, std::string_view value) const;
  /// Throws damaged_value if the key is not the one that was written, and may have been `wanted`.
  void check_other(database in, std::string_view wanted, std::string_view key,
                   std::string_view stored) const;
  /// What is before the sum; throws damaged_value, which names database and key.
  std::string_view checked(database in, std::string_view key, std::string_view stored) const;

private:
  uint64_t key_hash(database in, std::string_view key) const;
  [[noreturn]] void fail(database in, std::string_view key) const;

  struct entry {
    std::string name;
    uint64_t seed = 0;
  };
  std::array<entry, max_databases + 2> databases_; ///< by handle; LMDB has two of its own
  std::vector<std::string> without_;
};

} // namespace igl::lmdb
