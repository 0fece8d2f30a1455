#pragma once

#include <string>
#include <vector>

namespace igl::scenario {

/// A story that was played, for a report.
struct story_result {
  std::string file;
  double seconds = 0; ///< until it was told
  std::vector<std::string> faults;
  std::string left_out{}; ///< why it was not played; empty: it was
};

/// A report in the form of JUnit, as CI systems read it: a test case for each story, which is
/// called by its path below `folder`.
std::string junit_report(const std::vector<story_result>& all, const std::string& folder = {});

} // namespace igl::scenario
