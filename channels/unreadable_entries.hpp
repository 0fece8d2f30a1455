#pragma once

#include "messages/interfaces.hpp"
#include "messages/surroundings.hpp"

namespace igl {

using unreadable_entries_actor = worker_actor<channel_notified>;

/// Shows the operator, once, what the medium observer passed over.
///
/// Does:    channel-notifications of an endpoint
/// Settles: the job as a dead letter; nothing if there is one of it already, as when a medium is
///          read once more
unreadable_entries_actor::behavior_type unreadable_entries(unreadable_entries_actor::pointer self,
                                                           surroundings with);

} // namespace igl
