#include "config/commands.hpp"
#include "tests/config/support.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <sstream>

using namespace igl;

namespace {

struct outcome {
  int status = 0;
  std::string out;
  std::string err;
};

outcome check(const std::string& file, const environment& env = {}) {
  std::ostringstream out, err;
  auto status = check_command(file, env, out, err);
  return {status, out.str(), err.str()};
}

outcome show_file(const std::string& file, bool changed, bool json, const environment& env = {}) {
  std::ostringstream out, err;
  auto status = show_command(file, env, changed, json, out, err);
  return {status, out.str(), err.str()};
}

} // namespace

TEST_SUITE_BEGIN("config commands");

TEST_CASE("check says that a file is good") {
  temporary_folder folder;
  auto node = folder.write("node.toml", "jurisdiction = \"AU\"\n");
  auto x = check(node);
  CHECK(x.status == 0);
  CHECK(x.out == node + ": good\n");
  CHECK(x.err.empty());
  auto endpoint = folder.write("endpoint.toml",
                               "endpoint = \"a\"\njurisdictions = \"AU\"\nparticipants = \"AU\"\n"
                               "medium.kind = \"memory\"\n");
  CHECK(check(endpoint).out == endpoint + ": good\n");
}

TEST_CASE("check prints a line for each mistake and fails") {
  temporary_folder folder;
  auto node = folder.write("node.toml", "jurisdiction = \"AU\"\n[streams]\nulr = 1\n");
  auto x = check(node, {{"IGL_LOG_LEVEL", "loud"}});
  CHECK(x.status == 1);
  CHECK(x.out == node + ":3:1: streams.ulr is not an option, did you mean url?\n" +
                     "environment:IGL_LOG_LEVEL: log.level is \"loud\", expected one of \"trace\", "
                     "\"debug\", \"info\", \"warn\", \"error\"\n");
}

TEST_CASE("check refuses a file of neither kind, and one that cannot be read") {
  temporary_folder folder;
  auto neither = folder.write("x.toml", "data_dir = \"a\"\n");
  auto x = check(neither);
  CHECK(x.status == 1);
  CHECK(x.out == neither + ":1:1: is neither a node's nor an endpoint's, expected either "
                           "jurisdiction = \"AU\" or endpoint = \"a-name\" at the top\n");
  auto missing = check(folder.path() + "/none.toml");
  CHECK(missing.status == 1);
  CHECK(missing.out == folder.path() +
                           "/none.toml: cannot be read: No such file or directory, expected a "
                           "TOML file\n");
}

TEST_CASE("show prints all options, or the changed ones, for people or machines") {
  temporary_folder folder;
  auto node = folder.write("node.toml", "jurisdiction = \"AU\"\n");
  auto all = show_file(node, false, false);
  CHECK(all.status == 0);
  CHECK(all.out == show(load_node(node, {}).settings));
  auto changed = show_file(node, true, false, {{"IGL_LOG_LEVEL", "debug"}});
  CHECK(changed.out.find("level = \"debug\"") != std::string::npos);
  CHECK(changed.out.size() < all.out.size() / 4);
  auto json = nlohmann::json::parse(show_file(node, true, true).out);
  CHECK(json["kind"] == "node");
}

TEST_CASE("show prints nothing but the mistakes of a bad file, and fails") {
  temporary_folder folder;
  auto x = show_file(folder.write("node.toml", "jurisdiction = \"XX\"\n"), false, false);
  CHECK(x.status == 1);
  CHECK(x.out.empty());
  CHECK(x.err.find(":1:16: jurisdiction is \"XX\"") != std::string::npos);
  auto neither = show_file(folder.write("x.toml", ""), false, false);
  CHECK(neither.status == 1);
  CHECK(neither.err.find("neither") != std::string::npos);
}

TEST_SUITE_END();
