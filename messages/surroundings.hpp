#pragma once

#include "messages/interfaces.hpp"

#include <functional>

namespace igl {

/// What almost every actor is given: the ledger, and time and chance as arguments.
struct surroundings {
  ledger_actor ledger;
  ledger_reader_actor reader;
  std::function<caf::timestamp()> now; ///< wall clock; thread-safe
  std::function<uint64_t()> random;    ///< uniform; thread-safe
};

} // namespace igl
