#pragma once

#include "channels/medium.hpp"

#include <string_view>

namespace igl {

/// An entry as media keep it: `{"id": …, "message": {"obj": …, "predicate": …, "receiver": …,
/// "sender": …, "sender_ref": …, "subject": …}}`.
std::string text_of(const medium_entry& x);

/// Reads it, whoever wrote it: members in any order, others passed over. Fails with bad_answer,
/// also for an id that none may have.
caf::expected<medium_entry> entry_in(std::string_view text);

/// What is told of a place with something that could not be read because of `why`.
unreadable_entry unreadable_at(std::string where, const caf::error& why, std::string_view data);

} // namespace igl
