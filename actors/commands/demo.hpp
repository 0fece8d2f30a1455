#pragma once

#include "actors/commands/stop_signal.hpp"

#include <iosfwd>
#include <string>

namespace igl::commands {

struct demo_options {
  bool once = false;  ///< end with the story instead of leaving the network running
  std::string folder; ///< empty: a new one in the temporary folder, removed at the end
};

/// Two governments exchange a certificate of origin. Returns 0 only if everything that must be true
/// is.
int demo(const demo_options& how, stop_signal& stop, std::ostream& out, std::ostream& err);

} // namespace igl::commands
