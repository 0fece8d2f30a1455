#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// What is told about a message that is not here: message_not_found, with its reference.
caf::error unknown_message(const reference& about);

/// The message that will be stored: with a reference, `fresh_ref` if the business gave none.
/// Fails with message_validation: the sender is another jurisdiction and accept_foreign_sender is
/// off; or the reference is none.
caf::expected<message> accept(message asked, std::string fresh_ref, const node_settings& settings);

/// The record of a new message: pending if it is ours, else received.
message_record new_record(const message& x, const node_settings& settings, caf::timestamp now);

/// Puts a new message into the lake and opens its inbox job. `stale`: the reference is taken.
settlement post_of(const message_record& x);

/// The reference is taken by `stored`. The same message: the answer to a retry is what is stored.
/// Fails with conflict.
caf::expected<message_record> posted_again(const message& x, const message_record& stored);

struct message_api_state {
  static inline const char* name = "message-api";
};

/// Takes the messages of businesses; a posted one is on disk before the answer.
///
/// Takes:   POST, GET and PATCH /message
/// Opens:   inbox
/// Calls:   the message updater, for PATCH
/// Retries: nothing; a business may safely post again
/// Refuses: a foreign sender, and other content under a known reference
message_api_actor::behavior_type
message_api(message_api_actor::stateful_pointer<message_api_state> self, surroundings around,
            std::shared_ptr<const node_settings> settings, message_updater_actor updater);

} // namespace igl
