#pragma once

#include <chrono>
#include <cstdint>
#include <iosfwd>
#include <string>

namespace igl::scenario {

struct fuzz_options {
  std::string seeds;    ///< "1..1000"; empty: from a fresh one on
  std::string time;     ///< "60s": ends after so long; empty: not before the last seed
  std::string keep;     ///< folder for the story of a failing seed; empty: the system's
  bool show = false;    ///< print the stories instead of playing them
  bool verbose = false; ///< a line for each seed
};

/// `igl scenario fuzz`: invents stories and plays them; stops at the first in which something is
/// not true, makes it short, prints it, and says how to see it again. The exit status: 0 all is
/// true, 1 something is not, 2 it could not begin.
int fuzz(const fuzz_options& how, std::ostream& out, std::ostream& err);

} // namespace igl::scenario
