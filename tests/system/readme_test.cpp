#include "tests/system/pages.hpp"
#include "tests/system/world.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

using namespace igl;
using namespace igl::system_tests;

TEST_SUITE_BEGIN("readme");

TEST_CASE("every link of a README leads somewhere") {
  size_t links = 0;
  std::vector<std::string> pages{"README.md", "channels/ACCESS.md", "channels/DEPLOYING.md",
                                 "actors/WEBSUB.md"};
  for (auto folder :
       {"messages", "config", "storage", "http", "channels", "actors", "tests", "deploy"})
    pages.push_back(std::string(folder) + "/README.md");
  for (const auto& page : pages)
    for (const auto& line : lines_of(page))
      for (auto at = line.find("]("); at != std::string::npos; at = line.find("](", at + 2)) {
        auto target = line.substr(at + 2, line.find(')', at) - at - 2);
        if (target.rfind("http", 0) == 0 || target.front() == '#')
          continue;
        ++links;
        auto path = std::filesystem::path(IGL_SOURCE_DIR) /
                    std::filesystem::path(page).parent_path() / target.substr(0, target.find('#'));
        CHECK_MESSAGE(std::filesystem::exists(path), page << " links to " << target);
      }
  CHECK(links > 8);
}

TEST_CASE("every igl command of the README is one that the program knows, with those options") {
  size_t tried = 0;
  for (const auto& line : code("README.md", "sh")) {
    std::istringstream words(line.substr(0, line.find('#')));
    std::string word;
    if (!(words >> word) || word != "igl")
      continue;
    std::vector<std::string> command;
    std::vector<std::string> options;
    auto spoken = true;
    for (; words >> word;) {
      if (word.rfind("--", 0) == 0)
        options.push_back(word);
      spoken = spoken &&
               word.find_first_not_of("abcdefghijklmnopqrstuvwxyz-") == std::string::npos &&
               word[0] != '-';
      if (spoken)
        command.push_back(word);
    }
    command.push_back("--help");
    auto help = run_igl(command);
    CHECK_MESSAGE(help.status == 0, line);
    for (const auto& option : options)
      CHECK_MESSAGE(help.out.find(option) != std::string::npos, line << ": " << option
                                                                     << " is not in\n"
                                                                     << help.out);
    ++tried;
  }
  CHECK(tried >= 8);
}

TEST_CASE("every MUST of WEBSUB.md has the test that it names") {
  std::string tests;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(IGL_SOURCE_DIR "/tests"))
    if (entry.path().extension() == ".cpp") {
      std::ostringstream text;
      text << std::ifstream(entry.path()).rdbuf();
      tests += text.str();
    }
  size_t musts = 0;
  for (const auto& line : lines_of("actors/WEBSUB.md")) {
    auto begin = line.find("| \"");
    if (line.rfind("| §", 0) != 0)
      continue;
    REQUIRE_MESSAGE((begin != std::string::npos && line.ends_with("\" |")), line);
    ++musts;
    auto name = line.substr(begin + 2, line.size() - begin - 4);
    CHECK_MESSAGE(tests.find(name + ")") != std::string::npos, name << " is not a test");
  }
  CHECK(musts > 25);
}

TEST_CASE("the README's configuration of a node is good") {
  temporary_folder folder;
  auto file = folder.path() + "/node.toml";
  {
    std::ofstream out(file);
    for (const auto& line : code("README.md", "toml"))
      out << line << '\n';
  }
  auto result = run_igl({"config", "check", file});
  CHECK_MESSAGE(result.status == 0, result.out);
}

TEST_SUITE_END();
