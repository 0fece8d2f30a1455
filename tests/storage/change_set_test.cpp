#include "storage/change_set.hpp"

#include "storage/bytes.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

constexpr auto fruit = lmdb::database{3};
constexpr auto trees = lmdb::database{7};
constexpr std::array order{trees, fruit};

std::string value_at(const change_set& x, lmdb::database in, const std::string& key) {
  auto found = x.of(in).find(key);
  if (found == x.of(in).end())
    return "unchanged";
  return found->second ? *found->second : "erased";
}

} // namespace

TEST_SUITE("change set") {
  TEST_CASE("keeps the last word on each key") {
    change_set x;
    CHECK(x.empty());
    x.put(fruit, "apple", "green");
    x.put(fruit, "apple", "red");
    x.put(fruit, "plum", "blue");
    x.erase(fruit, "plum");
    CHECK_FALSE(x.empty());
    CHECK(value_at(x, fruit, "apple") == "red");
    CHECK(value_at(x, fruit, "plum") == "erased");
    CHECK(value_at(x, trees, "apple") == "unchanged");
  }

  TEST_CASE("takes over what came later") {
    change_set older, newer;
    older.put(fruit, "apple", "green");
    older.put(fruit, "plum", "blue");
    older.erase(fruit, "pear");
    newer.erase(fruit, "apple");
    newer.put(fruit, "pear", "yellow");
    newer.put(trees, "oak", "old");
    older.merge(std::move(newer));
    CHECK(value_at(older, fruit, "apple") == "erased");
    CHECK(value_at(older, fruit, "plum") == "blue");
    CHECK(value_at(older, fruit, "pear") == "yellow");
    CHECK(value_at(older, trees, "oak") == "old");
    CHECK(newer.empty());
  }

  TEST_CASE("forgets what came and went, but nothing that there is something to erase of") {
    change_set older, newer;
    older.put(fruit, "apple", "green");
    older.put(fruit, "plum", "blue");
    older.erase(fruit, "pear");
    for (auto key : {"apple", "plum", "pear", "quince"})
      newer.erase(fruit, key);
    older.merge(std::move(newer), [](lmdb::database in, std::string_view key) {
      return in == fruit && key == "plum";
    });
    CHECK(value_at(older, fruit, "apple") == "unchanged");
    CHECK(value_at(older, fruit, "plum") == "erased");
    CHECK(value_at(older, fruit, "pear") == "erased");
    CHECK(value_at(older, fruit, "quince") == "erased");
    CHECK_FALSE(older.empty());
  }

  TEST_CASE("comes back from its bytes, empty values and erased keys too") {
    change_set x;
    x.put(fruit, "apple", "");
    x.put(trees, std::string("o\0k", 3), std::string(100'000, 'x'));
    x.erase(trees, "fir");
    auto back = change_set::decoded(x.encoded(order), order);
    for (auto in : order)
      CHECK(back.of(in) == x.of(in));
    CHECK(change_set::decoded(change_set{}.encoded(order), order).empty());
  }

  TEST_CASE("refuses bytes that are none") {
    change_set x;
    x.put(fruit, "apple", "red");
    auto bytes = x.encoded(order);
    for (size_t size = 1; size < bytes.size(); ++size) {
      CAPTURE(size);
      CHECK_THROWS_AS(change_set::decoded(bytes.substr(0, size), order), damaged_value);
    }
    auto elsewhere = bytes;
    elsewhere[0] = 2; // there are two databases
    CHECK_THROWS_AS(change_set::decoded(elsewhere, order), damaged_value);
    auto neither = bytes;
    neither[1] = 9;
    CHECK_THROWS_AS(change_set::decoded(neither, order), damaged_value);
  }
}
