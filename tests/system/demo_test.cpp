#include "tests/system/pages.hpp"
#include "tests/system/world.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace igl;
using namespace igl::system_tests;

TEST_SUITE_BEGIN("demo");

TEST_CASE("the demo with --once comes true and ends with status 0") {
  auto demo = run_igl({"demo", "--once"}, std::chrono::seconds{120});
  INFO(demo.out);
  CHECK(demo.status == 0);
  for (auto claim : {"AU holds the message as accepted, SG as received", "byte for byte",
                     "A subscriber at AU and one at SG were called back", "node AU", "node SG",
                     "endpoint AU", "endpoint SG"})
    CHECK_MESSAGE(demo.out.find(claim) != std::string::npos, claim);
}

TEST_CASE("the demo of three nations with --once comes true and ends with status 0") {
  auto demo = run_igl({"demo", "--network", "three-nations", "--once"}, std::chrono::seconds{120});
  INFO(demo.out);
  CHECK(demo.status == 0);
  for (auto claim : {"endpoint a-AU", "endpoint a-SG", "endpoint a-CN", "endpoint b-AU",
                     "endpoint b-SG", "node AU", "node SG", "node CN"})
    CHECK_MESSAGE(demo.out.find(claim) != std::string::npos, claim);
  auto promised = printed_after("README.md", "demo --network three-nations --once");
  CHECK(promised.size() >= 3);
  for (const auto& line : promised)
    CHECK_MESSAGE(demo.out.find('\n' + line + '\n') != std::string::npos, "README says: " << line);
}

TEST_CASE("a network that does not exist is one line that names those that do") {
  auto demo = run_igl({"demo", "--network", "three-nation"});
  CHECK(demo.status == 2);
  CHECK(demo.out == "igl demo: there is no network 'three-nation'; did you mean 'three-nations'? "
                    "there are two-nations and three-nations\n");
}

TEST_CASE("the demo leaves the network running until Ctrl-C and the commands that it prints work") {
  std::string network;
  SUBCASE("two nations") {
    network = "two-nations";
  }
  SUBCASE("three nations") {
    network = "three-nations";
  }
  temporary_folder folder;
  auto log = folder.path() + "/output";
  auto demo = child_process::start(
      {IGL_PROGRAM, "demo", "--network", network, "--folder", folder.path() + "/run"}, log);
  REQUIRE(demo);
  auto printed = [&] {
    std::ostringstream text;
    text << std::ifstream(log).rdbuf();
    return text.str();
  };
  INFO(printed());
  REQUIRE(eventually(
      [&] { return printed().find("Ctrl-C ends it.") != std::string::npos || !demo->running(); },
      std::chrono::seconds{120}));
  REQUIRE(demo->running());
  std::istringstream lines(printed());
  size_t tried = 0;
  auto program = "  " + std::string(IGL_PROGRAM) + " ";
  for (std::string line; std::getline(lines, line);) {
    if (line.compare(0, program.size(), program) != 0)
      continue;
    std::istringstream words(line.substr(program.size()));
    std::vector<std::string> arguments;
    for (std::string word; words >> word;)
      arguments.push_back(word);
    auto result = run_igl(arguments);
    CHECK_MESSAGE(result.status == 0, line << " printed " << result.out);
    ++tried;
  }
  CHECK(tried >= 5);
  demo->signal(SIGINT);
  CHECK(demo->wait(std::chrono::seconds{60}) == 0);
}

TEST_SUITE_END();
