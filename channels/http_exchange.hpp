#pragma once

#include "messages/interfaces.hpp"

#include <functional>
#include <vector>

namespace igl {

/// Makes requests, all at once, and waits for their answers; those are in the order of the
/// questions.
using http_exchange =
    std::function<std::vector<caf::expected<http_response>>(const std::vector<http_request>&)>;

/// Through an HTTP client. Whoever calls it waits on a thread of its own; the system must outlive
/// it.
http_exchange blocking_exchange(caf::actor_system& system, http_client_actor by);

} // namespace igl
