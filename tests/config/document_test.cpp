#include "config/document.hpp"
#include "tests/config/support.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::config;

namespace {

std::vector<std::pair<uint32_t, std::string>> faults_in(std::string_view text) {
  std::vector<std::pair<uint32_t, std::string>> result;
  for (auto& x : parse_document(text, "f").mistakes)
    result.emplace_back(x.line, x.what);
  return result;
}

} // namespace

TEST_SUITE_BEGIN("document");

TEST_CASE("keeps where each key and value stands") {
  auto x = parse_document("a = 1\n[b]\n  c = \"d\"\n", "f");
  REQUIRE(x.mistakes.empty());
  CHECK(x.complete);
  auto b = x.root.find("b");
  REQUIRE(b != nullptr);
  auto c = b->find("c");
  REQUIRE(c != nullptr);
  CHECK(c->text == "d");
  CHECK(c->key_at.line == 3);
  CHECK(c->key_at.column == 3);
  CHECK(c->at.column == 7);
  CHECK(x.root.find("c") == nullptr);
}

TEST_CASE("reads on behind each line that is not TOML") {
  auto x = parse_document("a = bogus\nb = 2\nc\nd = 4\n", "f");
  REQUIRE(x.mistakes.size() == 2);
  CHECK(x.mistakes[0].line == 1);
  CHECK(x.mistakes[0].column == 5);
  CHECK(x.mistakes[0].what == "this is not TOML: in the value: could not determine value type");
  CHECK(x.mistakes[1].line == 3);
  CHECK_FALSE(x.complete);
  CHECK(x.root.find("b") != nullptr);
  CHECK(x.root.find("d") != nullptr);
  CHECK(x.root.find("a") == nullptr);
}

TEST_CASE("a list that is not closed does not take the rest of the file with it") {
  auto x = parse_document("a = [1,\n2\nb = 3\nc = [\"x\"]\nd = bogus\n", "f");
  REQUIRE(x.mistakes.size() == 2);
  CHECK(x.mistakes[0].line == 3);
  CHECK(x.mistakes[1].line == 5);
  CHECK(x.root.find("b") != nullptr);
  CHECK(x.root.find("c") != nullptr);
}

TEST_CASE("a wrong value inside a list of several lines is one mistake") {
  auto x = parse_document("a = [\n\"x\",\nbogus,\n\"y\"\n]\nb = 1\n", "f");
  REQUIRE(x.mistakes.size() == 1);
  CHECK(x.mistakes[0].line == 3);
  CHECK(x.root.find("b") != nullptr);
}

TEST_CASE("a text that is not closed at the end of the file is one mistake") {
  auto x = parse_document("a = 1\nb = \"\"\"abc\n\nc = 1\n", "f");
  CHECK(x.mistakes.size() == 1);
  CHECK(x.root.find("a") != nullptr);
}

TEST_CASE("what stands under a header that cannot be read belongs to no other section") {
  auto x = parse_document("[a]\nb = 1\n[c\nd = 2\n[e]\nf = 3\n", "f");
  REQUIRE(x.mistakes.size() == 1);
  CHECK(x.mistakes[0].line == 3);
  REQUIRE(x.root.items.size() == 2);
  CHECK(x.root.find("a")->items.size() == 1);
  CHECK(x.root.find("e") != nullptr);
}

TEST_CASE("a key and a section that are given twice are named, and the rest is complete") {
  auto x = parse_document("a = 1\na = 2\n[b]\nc = 1\n[b]\nd = 1\n", "f");
  REQUIRE(x.mistakes.size() == 2);
  CHECK(to_string(x.mistakes[0]) == "f:2:5: a is given twice, expected it once");
  CHECK(to_string(x.mistakes[1]) == "f:5:1: b is given twice, expected it once");
  CHECK(x.complete);
}

TEST_CASE("bytes that are no UTF-8 are a mistake at their line") {
  auto faults = faults_in("a = 1\nb = \"\xff\"\n");
  REQUIRE(faults.size() == 1);
  CHECK(faults[0].first == 2);
}

TEST_CASE("an end comes also with a file that is nothing but mistakes") {
  std::string text;
  for (auto i = 0; i < 500; ++i)
    text += "[[[\n";
  auto faults = faults_in(text);
  CHECK(faults.size() >= 1);
  CHECK(faults.size() <= 50);
}

TEST_CASE("an empty file has nothing in it and nothing wrong") {
  CHECK(faults_in("").empty());
  CHECK(parse_document("", "f").root.items.empty());
}

TEST_CASE("a file that is not there and a folder are mistakes without a line") {
  temporary_folder folder;
  auto missing = read_document(folder.path() + "/none.toml");
  REQUIRE(missing.mistakes.size() == 1);
  CHECK(to_string(missing.mistakes[0]) ==
        folder.path() + "/none.toml: cannot be read: No such file or directory, expected a TOML "
                        "file");
  auto is_folder = read_document(folder.path());
  REQUIRE(is_folder.mistakes.size() == 1);
  CHECK(is_folder.mistakes[0].what == "cannot be read: it is a folder, expected a TOML file");
  auto good = read_document(folder.write("good.toml", "a = 1\n"));
  CHECK(good.mistakes.empty());
  CHECK(good.root.find("a") != nullptr);
}

TEST_SUITE_END();
