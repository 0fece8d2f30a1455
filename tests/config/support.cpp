#include "tests/config/support.hpp"

#include <cstdlib>
#include <filesystem>
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

temporary_folder::temporary_folder() {
  auto pattern = (std::filesystem::temp_directory_path() / "igl-config-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("cannot make a folder like " + pattern);
  path_ = pattern;
}

temporary_folder::~temporary_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string temporary_folder::write(const std::string& name, const std::string& text) const {
  auto path = path_ + "/" + name;
  std::ofstream{path, std::ios::binary} << text;
  return path;
}

} // namespace igl::config_tests
