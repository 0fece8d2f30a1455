#pragma once

#include "messages/message.hpp"

#include <string>
#include <string_view>
#include <variant>

namespace igl {

/// What is wrong with a body, field by field, as the Channel API says it:
/// `{"obj": ["Missing data for required field."]}`.
struct field_faults {
  std::string json;
};

/// Reads the body of POST /messages: exactly the five fields, and `sender_ref` if there is one.
std::variant<message, field_faults> parse_channel_post(std::string_view json,
                                                       const jurisdictions& known);

/// One field and what is wrong with it.
field_faults fault_in(std::string_view field, std::string_view what);

} // namespace igl
