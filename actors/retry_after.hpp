#pragma once

#include "messages/api.hpp"

#include <caf/optional.hpp>
#include <caf/timestamp.hpp>

#include <chrono>

namespace igl {

/// How long a peer asks to be left alone, by Retry-After (RFC 9110 §10.2.3): seconds, or a date;
/// one that has passed is no time at all. At most `longest`. None: it does not say, or not in a way
/// that can be read.
caf::optional<std::chrono::milliseconds>
retry_after(const http_response& answer, caf::timestamp now, std::chrono::milliseconds longest);

} // namespace igl
