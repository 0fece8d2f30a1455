#include "scenarios/runner/junit.hpp"

#include "messages/uri.hpp"

#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <sstream>

namespace igl::scenario {

namespace {

std::string xml(const std::string& text) {
  std::string result;
  const bool well_formed = is_utf8(text);
  for (unsigned char c : text)
    if (c == '<')
      result += "&lt;";
    else if (c == '>')
      result += "&gt;";
    else if (c == '&')
      result += "&amp;";
    else if (c == '"')
      result += "&quot;";
    else if ((c >= 0x20 && (c < 0x80 || well_formed)) || c == '\n' || c == '\t')
      result += static_cast<char>(c);
    else
      result += '?';
  return result;
}

/// `folder/a/b.scenario` is a/b in its folder.
std::string name_of(const std::string& file, const std::string& folder) {
  std::filesystem::path path{file};
  auto inside = folder.empty() ? path.filename() : path.lexically_relative(folder);
  return inside.replace_extension().string();
}

} // namespace

std::string junit_report(const std::vector<story_result>& all, const std::string& folder) {
  double seconds = 0;
  for (auto& x : all)
    seconds += x.seconds;
  const auto failures =
      std::count_if(all.begin(), all.end(), [](auto& x) { return !x.faults.empty(); });
  const auto skipped =
      std::count_if(all.begin(), all.end(), [](auto& x) { return !x.left_out.empty(); });
  std::ostringstream out;
  out << std::fixed << std::setprecision(3) << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
      << "<testsuite name=\"scenarios\" tests=\"" << all.size() << "\" failures=\"" << failures
      << "\" skipped=\"" << skipped << "\" time=\"" << seconds << "\">\n";
  for (auto& x : all) {
    out << "  <testcase classname=\"scenarios\" name=\"" << xml(name_of(x.file, folder))
        << "\" file=\"" << xml(x.file) << "\" time=\"" << x.seconds << "\"";
    if (!x.left_out.empty()) {
      out << ">\n    <skipped message=\"" << xml(x.left_out) << "\"/>\n  </testcase>\n";
      continue;
    }
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
