#include "storage/value_sums.hpp"

#include "storage/bytes.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cstring>

namespace igl::lmdb {

void value_sums::add(database x, const std::string& name) {
  auto& one = databases_.at(static_cast<size_t>(x));
  if (one.name == name) // and perhaps in use
    return;
  one.name = name;
  one.seed = XXH3_64bits(name.data(), name.size());
}

bool value_sums::has_one(database in, std::string_view key) const {
  return !databases_[static_cast<size_t>(in)].name.empty() &&
         std::find(without_.begin(), without_.end(), key) == without_.end();
}

uint64_t value_sums::key_hash(database in, std::string_view key) const {
  return XXH3_64bits_withSeed(key.data(), key.size(), databases_[static_cast<size_t>(in)].seed);
}

value_sums::sum value_sums::of(database in, std::string_view key, std::string_view value) const {
  auto of_key = key_hash(in, key);
  auto of_value = XXH3_64bits_withSeed(value.data(), value.size(), of_key);
  return {static_cast<char>(of_key >> 8),    static_cast<char>(of_key),
          static_cast<char>(of_value >> 24), static_cast<char>(of_value >> 16),
          static_cast<char>(of_value >> 8),  static_cast<char>(of_value)};
}

void value_sums::check_other(database in, std::string_view wanted, std::string_view key,
                             std::string_view stored) const {
  if (!has_one(in, key) || stored.size() < size)
    return;
  // Their sums say of which key they are.
  auto is_of = [&, end = stored.substr(stored.size() - size)](std::string_view one) {
    auto of_key = key_hash(in, one);
    return end[0] == static_cast<char>(of_key >> 8) && end[1] == static_cast<char>(of_key);
  };
  if (!is_of(key) && is_of(wanted))
    fail(in, key);
}

std::string_view value_sums::checked(database in, std::string_view key,
                                     std::string_view stored) const {
  if (!has_one(in, key))
    return stored;
  if (stored.size() >= size) {
    auto value = stored.substr(0, stored.size() - size);
    auto expected = of(in, key, value);
    if (std::memcmp(expected.data(), stored.data() + value.size(), size) == 0)
      return value;
  }
  fail(in, key);
}

void value_sums::fail(database in, std::string_view key) const {
  throw damaged_value("in the database " + databases_[static_cast<size_t>(in)].name + ", key " +
                      readable_key(key));
}

} // namespace igl::lmdb
