#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// Which leases to look at: those that end after the ones that were announced, and within the
/// notice. `announced` is the cursor as it was left; empty or unreadable: nothing was.
find_ending_subscriptions leases_to_announce(std::string_view announced, caf::timestamp now,
                                             std::chrono::milliseconds notice);

/// An event for each, and how far this got. Nothing to settle if there is none.
settlement announced(const std::vector<subscription>& ending);

struct lease_watch_state {
  static inline const char* name = "lease-watch";
};

/// Tells the operator, by an event and a line in the log, which subscriptions are about to end:
/// each once, hub.ending_notice before its lease does. One that is renewed is told of again before
/// its new end.
///
/// Takes:   the timer
/// Opens:   nothing
/// Calls:   nobody outside
/// Retries: at its next look
/// Refuses: nothing
lease_watch_actor::behavior_type
lease_watch(lease_watch_actor::stateful_pointer<lease_watch_state> self, surroundings around,
            std::shared_ptr<const process_settings> settings);

} // namespace igl
