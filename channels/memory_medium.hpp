#pragma once

#include "channels/medium.hpp"

namespace igl {

/// What several endpoints of one process share; gone with the process.
class memory_log;

/// `identity` must be another one in each process that uses the same ledgers again, so that their
/// cursors are not taken for places in the new log.
std::shared_ptr<memory_log> make_memory_log(std::string identity);

/// A medium over a shared log. Thread-safe against other media over the same log.
std::unique_ptr<medium> make_memory_medium(std::shared_ptr<memory_log> shared);

} // namespace igl
