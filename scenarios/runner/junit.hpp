#pragma once

#include <string>
#include <vector>

namespace igl::scenario {

/// A story that was played, for a report.
struct story_result {
  std::string file;
  double seconds = 0; ///< of processor time
  std::vector<std::string> faults;
};

/// A report in the form of JUnit, as CI systems read it: a test case for each story.
std::string junit_report(const std::vector<story_result>& all);

} // namespace igl::scenario
