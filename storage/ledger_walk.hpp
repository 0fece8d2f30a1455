#pragma once

#include "storage/ledger_databases.hpp"
#include "storage/ledger_values.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace igl {

/// What a check has in hand while it walks: one snapshot, and somebody to tell.
struct ledger_walk {
  const lmdb::environment& env;
  const lmdb::read_transaction& txn;
  ledger_databases db;
  std::function<void(const std::string&)> fault;
  std::function<void(const std::string& figure, uint64_t number)> count;

  /// Calls `what` with each entry whose sum is right; what it throws is a fault of that entry. The
  /// others were told of when the database itself was looked at.
  void each(const std::string& database,
            const std::function<void(std::string_view key, std::string_view value)>& what) const;
};

/// A look at one part; they rest on each other's only in that none tells what another one does.
struct ledger_part {
  std::string name;
  std::function<void(const ledger_walk&)> look;
};

/// Every database by itself, then what they say of each other.
std::vector<ledger_part> ledger_parts();

} // namespace igl
