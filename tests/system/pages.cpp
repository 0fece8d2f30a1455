#include "tests/system/pages.hpp"

#include <doctest/doctest.h>

#include <fstream>

namespace igl::system_tests {

std::vector<std::string> lines_of(const std::string& file) {
  std::ifstream in(std::string(IGL_SOURCE_DIR) + "/" + file);
  REQUIRE_MESSAGE(in, file << " is missing");
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

std::vector<std::string> code(const std::string& file, const std::string& language) {
  std::vector<std::string> result;
  auto inside = false;
  for (const auto& line : lines_of(file)) {
    if (line.rfind("```", 0) == 0)
      inside = !inside && line == "```" + language;
    else if (inside)
      result.push_back(line);
  }
  return result;
}

std::vector<std::string> printed_after(const std::string& file, const std::string& command) {
  enum { before, after, inside } place = before;
  std::vector<std::string> result;
  for (const auto& line : lines_of(file)) {
    if (place == before && line.find(command) != std::string::npos)
      place = after;
    else if (place == after && line == "```text")
      place = inside;
    else if (place == inside && line == "```")
      return result;
    else if (place == inside)
      result.push_back(line);
  }
  REQUIRE_MESSAGE(false, file << " does not say what " << command << " prints");
  return result;
}

} // namespace igl::system_tests
