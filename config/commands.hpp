#pragma once

#include "config/config.hpp"

#include <iosfwd>
#include <string>

namespace igl {

/// `igl config check FILE`: one line for each mistake and 1, or `FILE: good` and 0. Whether it is a
/// node's or an endpoint's file is seen from it.
int check_command(const std::string& file, const environment& env, std::ostream& out,
                  std::ostream& err);

/// `igl config show [--changed] [--json] FILE`: what follows from the file and the environment, and
/// 0. With mistakes: those to `err`, and 1.
int show_command(const std::string& file, const environment& env, bool changed_only, bool json,
                 std::ostream& out, std::ostream& err);

} // namespace igl
