#pragma once

#include "storage/lmdb.hpp"

namespace igl {

/// The format before, in which values had no sums.
inline constexpr std::string_view format_without_sums = "igl-ledger 4";
/// The one before that: it also lacks databases.
inline constexpr std::string_view format_without_hub = "igl-ledger 3";
/// What a ledger says while it is made one of today's format.
inline constexpr std::string_view format_between = "igl-ledger 4, becoming 5";

/// Gives every value its sum, some megabytes at a time; goes on where it ended if it was
/// interrupted. Over an environment that was opened without sums, with all databases. The format
/// it says in the end is `format`.
caf::error give_sums(lmdb::environment& env, std::string_view format);

} // namespace igl
