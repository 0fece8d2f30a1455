#pragma once

#include <caf/optional.hpp>
#include <caf/timestamp.hpp>

#include <string_view>

namespace igl {

/// `Sun, 06 Nov 1994 08:49:37 GMT` and the two obsolete forms (RFC 9110 §5.6.7). What is before
/// 1970 or after 2261 is the first or the last second of these. None: no date.
caf::optional<caf::timestamp> parse_http_date(std::string_view text);

} // namespace igl
