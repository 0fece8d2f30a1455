#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// One job for each subscriber of a notice. Who subscribed to several topics that match is told
/// once, under the longest of them.
std::vector<deliver_callback> callbacks_for(const message_changed& order, const notice& what,
                                            const std::vector<subscription>& subscribers);

/// One settlement opens so many deliveries, about: nothing else is written meanwhile.
inline constexpr uint32_t deliveries_per_settlement = 500;

/// `subscribers` has one list for each notice of the order, from the one on where it goes on. When
/// the last of them is not all, or not all notices have one, the order goes on in another job.
settlement decide(const job_ticket& ticket, const message_changed& order,
                  const std::vector<found_subscribers>& subscribers);

struct callbacks_spreader_state {
  static inline const char* name = "callbacks-spreader";
};

/// Makes one job per subscriber, so that each is told, retried and fails on its own; those of one
/// subscriber in the order of the events.
///
/// Takes:   notifications
/// Opens:   delivery-outbox; notifications, to go on with the next subscribers
/// Calls:   nobody outside
/// Retries: while the ledger does not answer
/// Refuses: nothing
callbacks_spreader_actor::behavior_type
callbacks_spreader(callbacks_spreader_actor::stateful_pointer<callbacks_spreader_state> self,
                   surroundings around, std::shared_ptr<const process_settings> settings);

} // namespace igl
