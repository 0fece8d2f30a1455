#include "tests/config/support.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

using namespace igl;

namespace {

const std::string node_file = IGL_SOURCE_DIR "/config/node.example.toml";
const std::string endpoint_file = IGL_SOURCE_DIR "/config/endpoint.example.toml";

// With IGL_REWRITE in its environment the test makes the files true instead of checking them.
void check_file(const std::string& path, file_kind kind) {
  if (std::getenv("IGL_REWRITE") != nullptr)
    std::ofstream{path, std::ios::binary} << example_file(kind);
  // Not CHECK: a difference would print both files.
  auto same = config_tests::text_of_file(path) == example_file(kind);
  CHECK_MESSAGE(same, path << " is not what the options say; IGL_REWRITE=1 in front of this test "
                              "writes it anew");
}

std::string messages_of(const std::vector<mistake>& mistakes) {
  std::string result;
  for (auto& x : mistakes)
    result += to_string(x) + "\n";
  return result;
}

} // namespace

TEST_SUITE_BEGIN("example files");

TEST_CASE("the example of a node lists every option as the table has it") {
  check_file(node_file, file_kind::node);
  CHECK(messages_of(load_node(node_file, {}).mistakes) == "");
  CHECK(kind_of(node_file) == file_kind::node);
}

TEST_CASE("the example of an endpoint lists every option as the table has it") {
  check_file(endpoint_file, file_kind::endpoint);
  CHECK(messages_of(load_endpoint(endpoint_file, {}).mistakes) == "");
  CHECK(kind_of(endpoint_file) == file_kind::endpoint);
}

TEST_CASE("the examples keep to the defaults wherever there is one") {
  auto changed = show(load_node(node_file, {}).settings, shown::changed);
  for (auto part : {"[streams]", "[limits]", "[timeouts]", "[hub]", "[retry.", "[spider]", "[log]"})
    CHECK_MESSAGE(changed.find(part) == std::string::npos, part);
}

TEST_CASE("only a value makes a line of an example longer than 100 characters") {
  for (auto& path : {node_file, endpoint_file}) {
    std::ifstream in{path};
    for (std::string line; std::getline(in, line);)
      if (line.starts_with("#"))
        CHECK_MESSAGE(line.size() <= 101, line);
  }
}

TEST_CASE("an example that is cut off or loses a line anywhere is read to its end") {
  auto text = config_tests::text_of_file(node_file);
  for (size_t at = 0; at < text.size(); at += 61) {
    auto cut = parse_node(text.substr(0, at), "f", {});
    CHECK(cut.mistakes.size() < 60);
    auto end = std::min(text.find('\n', at), text.size());
    auto missing = parse_node(text.substr(0, at) + text.substr(end), "f", {});
    CHECK(missing.mistakes.size() < 60);
  }
}

TEST_SUITE_END();
