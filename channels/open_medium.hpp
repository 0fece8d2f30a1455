#pragma once

#include "channels/http_exchange.hpp"
#include "channels/medium.hpp"
#include "config/settings.hpp"

#include <caf/timestamp.hpp>

namespace igl {

/// How an endpoint opens its medium, as its settings say. The writer and the observer each open
/// their own. With the kind `memory`, all media of one opener share one log, which bears `name` and
/// is another one each time an opener is made; other kinds ignore the name. `now` is the time of a
/// chain and of an api medium; `ask` is how the latter reaches its peers.
medium_opener opener_of(const endpoint_settings& how, const std::string& name,
                        std::function<caf::timestamp()> now = caf::make_timestamp,
                        http_exchange ask = {});

} // namespace igl
