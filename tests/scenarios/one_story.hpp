#pragma once

#include "scenarios/runner/command.hpp"
#include "scenarios/runner/script.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <variant>
#include <vector>

namespace igl::scenario {

/// Each line with its end.
inline std::string all_of(const std::vector<std::string>& lines) {
  std::string text;
  for (auto& line : lines)
    text += line + '\n';
  return text;
}

inline std::string text_of(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// What is wrong with the text of a story, which is not one.
inline std::string mistake_in(std::string_view text) {
  auto parsed = parse_script("a.scenario", text);
  REQUIRE(std::holds_alternative<mistake>(parsed));
  return to_string(std::get<mistake>(parsed));
}

/// A folder with one story, to be run by `igl scenario run`.
struct one_story {
  temporary_folder folder;
  std::string file = folder.path() + "/a.scenario";
  std::ostringstream out, err;
  run_options how;

  explicit one_story(const std::string& text) {
    std::ofstream(file, std::ios::binary) << text;
    how.path = file;
  }
  int run() { return scenario::run(how, out, err); }
};

} // namespace igl::scenario
