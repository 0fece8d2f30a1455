#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

namespace igl {

struct medium_observer_state {
  static inline const char* name = "medium-observer";
  std::unique_ptr<medium> from; ///< none: not open
  std::string cursor;           ///< read up to here
  bool cursor_known = false;
  std::string readers;   ///< for whom it was read up to here
  std::string noted;     ///< the same, as the ledger has it
  uint64_t unstored = 0; ///< changes passed since the cursor was stored
  uint32_t failures = 0; ///< in a row
  channel_health health;
};

/// Watches a medium for messages to the jurisdictions an endpoint serves and, where the medium may
/// take back, for what becomes of those it posted. Reading may wait for a disk: spawn it with
/// `caf::detached`.
///
/// Reads:   the medium, every `medium_interval`, from the ledger's cursor "medium" on; all of it
/// once more when a
///          jurisdiction was added
/// Opens:   notifications; medium-writes for a confirmed message that is missing;
///          channel-notifications for an entry that cannot be read
/// Retries: always, after a growing pause; `channel_health` says what is wrong
medium_observer_actor::behavior_type
medium_observer(medium_observer_actor::stateful_pointer<medium_observer_state> self,
                surroundings with, endpoint_settings how, medium_opener open);

} // namespace igl
