#pragma once

#include <caf/optional.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace igl {

// What headers, forms, topics and cursors are made of. Letters are those of ASCII.

std::string lower_case(std::string_view text);
/// Without white space at both ends.
std::string_view trimmed(std::string_view text);
bool equal_ignoring_case(std::string_view a, std::string_view b);

/// A number in decimal digits and nothing else; none if it does not fit.
caf::optional<uint64_t> parse_number(std::string_view text);

} // namespace igl
