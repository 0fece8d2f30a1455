#pragma once

#include "scenarios/runner/play.hpp"

#include <chrono>
#include <iosfwd>
#include <optional>
#include <string>

namespace igl::scenario {

struct run_options {
  std::string path; ///< a story, or a folder of `*.scenario`
  bool rewrite = false;
  bool live = false; ///< with real processes
  bool verbose = false;
  uint64_t seed = 1;
  std::string junit; ///< file for a report; empty: none
  std::string seeds; ///< "1..1000": each of them; stops at the first that fails; empty: `seed`
  std::chrono::milliseconds silent_at_most{5000}; ///< a line says how far it is when it takes long
};

/// `igl scenario run`: plays stories; says what did not come true, and how to see it again. The
/// exit status: 0 all of it came true, 1 something did not, 2 it could not be played.
int run(const run_options& how, std::ostream& out, std::ostream& err);

/// `igl scenario commands`: what a story can say.
int list_commands(std::ostream& out);

} // namespace igl::scenario
