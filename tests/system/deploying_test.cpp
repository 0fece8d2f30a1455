#include "tests/system/pages.hpp"
#include "tests/system/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

using namespace igl;
using namespace igl::system_tests;

namespace {

constexpr auto page = "channels/DEPLOYING.md";

/// A page that is an exercise: files, commands, and what those print.
struct exercise {
  struct step {
    std::string commands;
    std::vector<std::string> prints; ///< lines in this order, … is anything
  };
  std::map<std::string, std::string> files; ///< by name: the first line of a block is "# name"
  std::vector<step> steps;
};

/// Every address on the page gets a free port, the same one everywhere.
std::string with_free_ports(const std::string& line, std::map<std::string, std::string>& ports) {
  static const std::regex address{"127\\.0\\.0\\.1:([0-9]+)"};
  std::string result, rest = line;
  for (std::smatch found; std::regex_search(rest, found, address); rest = found.suffix()) {
    auto& port = ports[found[1]];
    if (port.empty())
      port = std::to_string(free_port());
    result += found.prefix().str() + "127.0.0.1:" + port;
  }
  return result + rest;
}

exercise read_exercise() {
  exercise result;
  std::map<std::string, std::string> ports;
  std::string language, name;
  auto inside = false;
  for (const auto& raw : lines_of(page)) {
    auto line = with_free_ports(raw, ports);
    if (line.rfind("```", 0) == 0) {
      inside = !inside;
      language = line.substr(3);
      name.clear();
      if (inside && language == "sh")
        result.steps.emplace_back();
    } else if (inside && language == "sh") {
      result.steps.back().commands += line + '\n';
    } else if (inside && language == "text") {
      REQUIRE_FALSE(result.steps.empty());
      result.steps.back().prints.push_back(line);
    } else if (inside) {
      if (name.empty())
        name = line.substr(2);
      result.files[name] += line + '\n';
    }
  }
  return result;
}

/// Whether a line is what the page says, in which … is anything.
bool is_like(const std::string& line, const std::string& said) {
  static const std::string anything = "…";
  size_t at = 0, from = 0;
  for (;;) {
    auto end = said.find(anything, from);
    auto part = said.substr(from, end - from);
    auto found = line.find(part, at);
    if (found == std::string::npos || (from == 0 && found != 0))
      return false;
    if (end == std::string::npos)
      return line.size() >= part.size() &&
             line.compare(line.size() - part.size(), part.size(), part) == 0;
    at = found + part.size();
    from = end + anything.size();
  }
}

} // namespace

TEST_SUITE_BEGIN("deploying a channel");

TEST_CASE("a line is what a page says, … being anything") {
  CHECK(is_like("AU:first  pending", "AU:first  pending"));
  CHECK(is_like("endpoint a, version 1.2", "endpoint a, version …"));
  CHECK(is_like("  0 ms x accepted: b", "…accepted…"));
  CHECK(is_like("height 7, tip block 9, 0 waiting; all", "height …, tip block …, 0 waiting; …"));
  CHECK_FALSE(is_like("AU:first  pending!", "AU:first  pending"));
  CHECK_FALSE(is_like("the AU:first  pending", "AU:first  pending"));
  CHECK_FALSE(is_like("height 7, tip block 9, 1 waiting", "height …, tip block …, 0 waiting"));
}

TEST_CASE("a channel operator who types the commands of the page has two channels") {
  auto what = read_exercise();
  CHECK(what.files.size() >= 7);
  CHECK(what.steps.size() >= 8);
  temporary_folder folder;
  for (const auto& [name, text] : what.files)
    std::ofstream(folder.path() + "/" + name) << text;
  // What the page starts ends with the shell, whatever happens.
  std::ostringstream script;
  script << "set -eu\n"
            "cd "
         << folder.path()
         << "\n"
            "PATH="
         << std::filesystem::path(IGL_PROGRAM).parent_path().string()
         << ":/usr/sbin:$PATH\n"
            "trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT\ntrap 'exit 1' TERM\n";
  for (size_t i = 0; i < what.steps.size(); ++i)
    script << "echo '== step " << i << "'\n" << what.steps[i].commands;
  script << "echo '== the end'\n";
  std::ofstream(folder.path() + "/page.sh") << script.str();
  auto output = folder.path() + "/page.out";
  auto shell = child_process::start({"/bin/bash", folder.path() + "/page.sh"}, output);
  REQUIRE(shell);
  auto status = shell->wait(std::chrono::seconds{120});
  shell->stop(std::chrono::seconds{30});
  std::ifstream printed(output);
  std::string all((std::istreambuf_iterator<char>(printed)), {});
  INFO(all);
  CHECK(status == 0);
  CHECK(all.find("== the end\n") != std::string::npos);
  std::istringstream lines(all);
  std::string line;
  std::getline(lines, line);
  for (const auto& step : what.steps) {
    auto wanted = step.prints.begin();
    while (std::getline(lines, line) && line.rfind("== ", 0) != 0)
      if (wanted != step.prints.end() && is_like(line, *wanted))
        ++wanted;
    CHECK_MESSAGE(wanted == step.prints.end(),
                  "the page says '" << (wanted == step.prints.end() ? "" : *wanted) << "' after\n"
                                    << step.commands);
  }
}

TEST_SUITE_END();
