#pragma once

#include "messages/interfaces.hpp"
#include "storage/ledger.hpp"

#include <memory>

namespace igl {

struct ledger_reader_state {
  static inline const char* name = "ledger-reader";
};

/// Answers what is on disk, without asking the writer. Each question is one short read.
ledger_reader_actor::behavior_type
ledger_reader(ledger_reader_actor::stateful_pointer<ledger_reader_state> self,
              std::shared_ptr<const ledger> on_disk);

} // namespace igl
