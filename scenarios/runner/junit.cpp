#include "scenarios/runner/junit.hpp"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <sstream>

namespace igl::scenario {

namespace {

std::string xml(const std::string& text) {
  std::string result;
  for (unsigned char c : text)
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else if (c == '"')
      result += "&quot;";
    else if (c >= 0x20 || c == '\n' || c == '\t')
      result += static_cast<char>(c);
    else
      result += '?';
  return result;
}

} // namespace

std::string junit_report(const std::vector<story_result>& all) {
  double seconds = 0;
  for (auto& x : all)
    seconds += x.seconds;
  const auto failures =
      std::count_if(all.begin(), all.end(), [](auto& x) { return !x.faults.empty(); });
  std::ostringstream out;
  out << std::fixed << std::setprecision(3) << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      << "<testsuite name=\"scenarios\" tests=\"" << all.size() << "\" failures=\"" << failures
      << "\" time=\"" << seconds << "\">\n";
  for (auto& x : all) {
    out << "  <testcase classname=\"scenarios\" name=\""
        << xml(std::filesystem::path{x.file}.stem().string()) << "\" file=\"" << xml(x.file)
        << "\" time=\"" << x.seconds << "\"";
    if (x.faults.empty()) {
      out << "/>\n";
      continue;
    }
    out << ">\n    <failure message=\"" << xml(x.faults.front()) << "\">";
    for (auto& fault : x.faults)
      out << xml(fault) << '\n';
    out << "</failure>\n  </testcase>\n";
  }
  out << "</testsuite>\n";
  return out.str();
}

} // namespace igl::scenario
