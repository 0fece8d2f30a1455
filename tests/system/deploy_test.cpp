#include "config/config.hpp"
#include "tests/system/pages.hpp"
#include "tests/system/world.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace igl;
using namespace igl::system_tests;

namespace {

const std::vector<std::string> units{"igl-node.service", "igl-endpoint@.service"};

/// Every value of a key of a unit.
std::vector<std::string> values_in(const std::string& unit, const std::string& key) {
  std::vector<std::string> values;
  for (auto& line : lines_of("deploy/" + unit))
    if (line.starts_with(key + "="))
      values.push_back(line.substr(key.size() + 1));
  return values;
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size()))
    text.replace(at, what.size(), with);
  return text;
}

} // namespace

TEST_SUITE_BEGIN("deploy");

TEST_CASE("the units give a process the time that it takes for its end") {
  for (auto& unit : units) {
    CAPTURE(unit);
    auto longest = std::max(default_node().shutdown_timeout, default_endpoint().shutdown_timeout);
    auto given = values_in(unit, "TimeoutStopSec");
    REQUIRE(given.size() == 1);
    CHECK(std::chrono::seconds{std::stoi(given[0])} >= 5 * longest + std::chrono::seconds{10});
    CHECK(values_in(unit, "KillMode") == std::vector<std::string>{"mixed"});
    CHECK(values_in(unit, "Restart") == std::vector<std::string>{"on-failure"});
  }
  CHECK(values_in("igl-node.service", "ExecReload").back() == "/bin/kill -HUP $MAINPID");
  CHECK(values_in("igl-endpoint@.service", "ExecReload").empty());
}

TEST_CASE("the units call the program as it wants to be called, and mistakes do not start again") {
  for (auto& x : {std::pair{units[0], "node"}, std::pair{units[1], "endpoint"}}) {
    const auto& unit = x.first;
    const auto& kind = x.second;
    CAPTURE(unit);
    auto start = values_in(unit, "ExecStart");
    REQUIRE(start.size() == 1);
    CHECK(start[0].starts_with(std::string{"/usr/bin/igl "} + kind + " --config /etc/igl/"));
    auto wrong = run_igl({kind, "--config", "/nowhere/at-all.toml"});
    CHECK(values_in(unit, "RestartPreventExitStatus") ==
          std::vector<std::string>{std::to_string(wrong.status)});
  }
}

TEST_CASE("systemd finds nothing wrong with the units") {
  constexpr auto tool = "/usr/bin/systemd-analyze";
  if (!std::filesystem::exists(tool)) {
    MESSAGE("there is no systemd here");
    return;
  }
  temporary_folder folder;
  for (auto& unit : units) {
    // The program is not installed, nor is there a user for it.
    std::ofstream out(folder.path() + "/" + replaced(unit, "@", "@x"));
    for (auto& line : lines_of("deploy/" + unit))
      if (!line.starts_with("User=") && !line.starts_with("Group="))
        out << replaced(line, "/usr/bin/igl", IGL_PROGRAM) << '\n';
  }
  for (auto& unit : units) {
    auto log = folder.path() + "/log";
    std::filesystem::remove(log);
    auto run = child_process::start(
        {tool, "verify", "--man=no", folder.path() + "/" + replaced(unit, "@", "@x")}, log);
    REQUIRE(run);
    CHECK(run->wait(std::chrono::seconds{60}) == 0);
    std::string said;
    std::ifstream file(log);
    for (std::string line; std::getline(file, line);)
      said += line + '\n';
    CHECK_MESSAGE(said.empty(), said);
  }
}

TEST_SUITE_END();
