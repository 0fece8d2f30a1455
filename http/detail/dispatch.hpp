#pragma once

#include "http/detail/routes.hpp"

namespace igl {

/// Everything that a listener serves.
router routes_of(const listener_settings& x, const services_ptr& with);

/// Has a request handled by whoever it is for; answers itself if that is nobody.
void dispatch(const router& routes, const std::shared_ptr<exchange>& x);

} // namespace igl
