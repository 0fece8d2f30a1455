#pragma once

#include "config/settings.hpp"

#include <string>
#include <vector>

namespace igl {

/// What is different in one configuration of a node from another. No value is told: it may be a
/// secret.
struct configuration_difference {
  /// What a reload takes: "channel au-sg: url, timeout", "channel au-nz is new", "channel au-nz is
  /// gone", "the order of the channels", "spider.link_depth".
  std::vector<std::string> reloads;
  /// What needs a restart: "listeners[0].address".
  std::vector<std::string> restarts;

  bool none() const { return reloads.empty() && restarts.empty(); }
};

/// Compares option by option. A channel goes by its id.
configuration_difference difference_between(const node_settings& before,
                                            const node_settings& after);

} // namespace igl
