#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// A pending message becomes rejected, and its subscribers are told. One that is final already
/// stays as it is; an event says so. Fails with internal: no such message.
caf::expected<settlement> decide(const job_ticket& ticket, const reject_message& order,
                                 const found_message& stored);

struct rejected_message_processor_state {
  static inline const char* name = "rejected-message-processor";
};

/// Marks what could not be sent.
///
/// Takes:   rejected
/// Opens:   notifications
/// Calls:   nobody outside
/// Retries: when the message changed in between
/// Refuses: nothing; a message whose status is final keeps it
rejected_message_processor_actor::behavior_type rejected_message_processor(
    rejected_message_processor_actor::stateful_pointer<rejected_message_processor_state> self,
    surroundings around, std::shared_ptr<const node_settings> settings);

} // namespace igl
