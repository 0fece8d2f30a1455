#pragma once

#include <string>
#include <vector>

namespace igl::scenario {

/// How two lists of lines differ: `-` what was expected, `+` what came out, and three lines around
/// each difference that are the same. Where lines are left out, `@@ line 57` says which comes next;
/// `first_line`: the number of the first expected one.
std::vector<std::string> difference(const std::vector<std::string>& expected,
                                    const std::vector<std::string>& came_out,
                                    size_t first_line = 1);

} // namespace igl::scenario
