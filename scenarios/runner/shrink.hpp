#pragma once

#include <functional>
#include <string>

namespace igl::scenario {

/// Makes a story shorter as long as it still fails: leaves out commands, more and more at a time
/// first, then options, then makes numbers and times smaller. Calls `fails` at most `tries` times.
std::string shrunk(const std::string& story, const std::function<bool(const std::string&)>& fails,
                   size_t tries);

} // namespace igl::scenario
