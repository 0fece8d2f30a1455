#pragma once

#include "config/config.hpp"

#include <doctest/doctest.h>

#include <string>
#include <vector>

/// What a failed check prints of the lines it compared.
template <>
struct doctest::StringMaker<std::vector<std::string>> {
  static String convert(const std::vector<std::string>& lines) {
    std::string result;
    for (auto& line : lines)
      result += "\n    " + line;
    return result.c_str();
  }
};

namespace igl::config_tests {

/// What is wrong with a text, one line each, as an operator sees it; the file is called `f`.
std::vector<std::string> mistakes_in_node(const std::string& text, const environment& env = {});
std::vector<std::string> mistakes_in_endpoint(const std::string& text, const environment& env = {});

/// A file's text in the source tree.
std::string text_of_file(const std::string& path);

} // namespace igl::config_tests
