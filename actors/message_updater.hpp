#pragma once

#include "actors/replaceable.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// The transaction that makes `after` of `before`: the change, its events and, if the status
/// changed, the notification of `message.<ref>.status`. `why` ends the status's event.
settlement change_of(const message_record& before, const message_record& after,
                     std::string_view why);

/// A worker's change. Unlike a business, the router may replace the channel ids (a message that is
/// routed anew). A status that may not follow the stored one leaves it as it is, and so does what a
/// channel says of another posting than the one the message travels by now; an event says so.
///
/// A revocation makes an accepted message pending again. No channel has it then, and the same
/// settlement opens its routing in the next round, `next` at the earliest, and notes who took it
/// back; unless it is rejected: that stays.
///
/// Fails with internal: no such message.
caf::expected<settlement> decide(const job_ticket& ticket, const update_message& order,
                                 const found_message& stored, caf::timestamp next = {});

/// A business's change: what the record becomes, and how.
struct patched {
  message_record record;
  caf::optional<settlement> change; ///< none: the patch asks for what is there
};
/// Fails with message_not_found and conflict.
caf::expected<patched> decide(const patch_message& asked, const found_message& stored);

struct message_updater_state {
  static inline const char* name = "message-updater";
};

/// Changes existing messages: their status, and the channel they travel by.
///
/// Takes:   message-updates, and a business's PATCH from the message API
/// Opens:   notifications; outbox, for a message whose confirmation was revoked
/// Calls:   nobody outside
/// Retries: when the message changed in between. A message that is routed anew waits as
///          retry.revoked says, longer each time
/// Refuses: a business's change of a final status or of known channel ids; with conflict
message_updater_actor::behavior_type
message_updater(message_updater_actor::stateful_pointer<message_updater_state> self,
                surroundings around, current_settings settings);

} // namespace igl
