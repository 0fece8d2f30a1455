#pragma once

#include "actors/commands/stop_signal.hpp"

#include <iosfwd>
#include <string>

namespace igl::commands {

struct demo_options {
  bool once = false; ///< end with the story instead of leaving the network running
  std::string network = "two-nations"; ///< or "three-nations"
  std::string folder; ///< empty: a new one in the temporary folder, removed at the end
};

/// Starts a network of governments as separate processes and tells its story. Returns 0 only if
/// everything that must be true is, 2 if there is no such network.
int demo(const demo_options& how, stop_signal& stop, std::ostream& out, std::ostream& err);

} // namespace igl::commands
