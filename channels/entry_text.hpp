#pragma once

#include "channels/medium.hpp"

#include <string_view>

namespace igl {

/// An entry as media keep it: `{"id": …, "message": {"obj": …, "predicate": …, "receiver": …,
/// "sender": …, "sender_ref": …, "subject": …}}`.
std::string text_of(const medium_entry& x);

/// Reads it, whoever wrote it: members in any order, others passed over. Fails with bad_answer.
caf::expected<medium_entry> entry_in(std::string_view text);

} // namespace igl
