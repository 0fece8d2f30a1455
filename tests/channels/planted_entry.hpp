#pragma once

#include "storage/lmdb.hpp"

#include <doctest/doctest.h>

namespace igl {

/// Writes something behind the last entry of a shared database, as another program might.
inline void plant_entry(const std::string& path, const std::string& data) {
  auto env = std::move(*lmdb::environment::open({path, {"entries"}}));
  auto entries = env->named("entries");
  REQUIRE(!env->write([&](lmdb::write_transaction& txn) -> caf::error {
    auto at = txn.walk(entries);
    REQUIRE(at.last());
    std::string next{at.key()};
    ++next.back();
    txn.append(entries, next, data);
    return caf::none;
  }));
}

} // namespace igl
