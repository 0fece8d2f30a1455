#include "tests/config/support.hpp"

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace igl::config_tests {

namespace {

std::vector<std::string> lines_of(const std::vector<mistake>& mistakes) {
  std::vector<std::string> result;
  for (auto& x : mistakes)
    result.push_back(to_string(x));
  return result;
}

} // namespace

std::vector<std::string> mistakes_in_node(const std::string& text, const environment& env) {
  return lines_of(parse_node(text, "f", env).mistakes);
}

std::vector<std::string> mistakes_in_endpoint(const std::string& text, const environment& env) {
  return lines_of(parse_endpoint(text, "f", env).mistakes);
}

std::string text_of_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  if (!in)
    throw std::runtime_error("cannot read " + path);
  return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace igl::config_tests
