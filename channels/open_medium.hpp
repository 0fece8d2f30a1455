#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"

namespace igl {

/// How an endpoint opens its medium, as its settings say. The writer and the observer each open
/// their own. With the kind `memory`, all media of one opener share one log, which bears `name` and
/// is another one each time an opener is made; other kinds ignore the name.
medium_opener opener_of(const endpoint_settings& how, const std::string& name);

} // namespace igl
