#include "scenarios/runner/grammar.hpp"
#include "scenarios/runner/play.hpp"
#include "scenarios/runner/script.hpp"
#include "tests/scenarios/one_story.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::scenario;

namespace {

script read(std::string_view text) {
  auto parsed = parse_script("a.scenario", text);
  if (auto wrong = std::get_if<mistake>(&parsed))
    FAIL(to_string(*wrong));
  return std::get<script>(parsed);
}

const std::vector<phrase> some{
    {"nation {NATION}", {"*"}, "", {}},
    {"run", {}, "", {}},
    {"run quietly", {}, "", {}},
    {"{NATION} posts {NUMBERS} to {NATION}", {"subject", "object"}, "", {}},
    {"wait {TIME}", {}, "", {}},
};

std::variant<understood, mistake> understand_line(std::string_view line) {
  return understand({7, *words_of(line), static_cast<uint32_t>(line.size() + 1)}, "a.scenario",
                    some);
}

std::string not_understood(std::string_view line) {
  auto found = understand_line(line);
  REQUIRE(std::holds_alternative<mistake>(found));
  return to_string(std::get<mistake>(found));
}

} // namespace

TEST_SUITE_BEGIN("scenario script");

TEST_CASE("a story is blocks of commands and what must come out of them") {
  auto x = read("# why\n\nnation AU\nrun\n----\nok\n\nwait 1h\n----\n");
  REQUIRE(x.blocks.size() == 2);
  CHECK(x.blocks[0].commands.size() == 2);
  CHECK(x.blocks[0].commands[1].line == 4);
  CHECK(x.blocks[0].expected == std::vector<std::string>{"ok"});
  CHECK(x.blocks[1].expected.empty());
}

TEST_CASE("commands without a rule below them are a mistake, and so is a rule without commands") {
  CHECK(mistake_in("run\n") == "a.scenario:1:4: after the last command a line ---- is expected, "
                               "and below it what must come out");
  CHECK(mistake_in("\n----\n") == "a.scenario:2:1: ---- without a command before it");
}

TEST_CASE("a quotation holds blanks, and has to be closed") {
  auto words = words_of("AU stores a text=\"b c\"");
  REQUIRE(words);
  REQUIRE(words->size() == 4);
  CHECK((*words)[3].text == "text=b c");
  CHECK((*words)[3].column == 13);
  CHECK(mistake_in("AU stores a text=\"b\n----\n").find(":1:18: ") != std::string::npos);
}

TEST_CASE("a quotation holds quotation marks and backslashes") {
  auto words = words_of(R"(a text="{\"name\": \"b c\"}" b="c:\d\\" d)");
  REQUIRE(words);
  REQUIRE(words->size() == 4);
  CHECK((*words)[1].text == R"(text={"name": "b c"})");
  CHECK((*words)[2].text == R"(b=c:\d\)");
  CHECK((*words)[3].text == "d");
  CHECK(mistake_in("AU stores a text=\"b\\\"\n----\n") ==
        "a.scenario:1:18: a quotation mark that is never closed");
}

TEST_CASE("what came out replaces what was there, and nothing else of the text changes") {
  auto x = read("# one\nrun\n----\nold\nolder\n\n# two\nrun\n----\n");
  CHECK(rewritten(x, {{"new"}, {"two", "lines"}}) ==
        "# one\nrun\n----\nnew\n\n# two\nrun\n----\ntwo\nlines\n");
}

TEST_CASE("how a text begins and its lines end stays, too") {
  for (std::string text : {"\xef\xbb\xbfrun\n----\nold\n", "run\r\n----\r\nold\r\n"})
    CHECK(rewritten(read(text), {{"old"}}) == text);
}

TEST_CASE("a command is found, with its slots and options") {
  auto found = understand_line("AU posts 1..10 to SG subject=x");
  REQUIRE(std::holds_alternative<understood>(found));
  auto& with = std::get<understood>(found).with;
  CHECK(with.slots == std::vector<std::string>{"AU", "1..10", "SG"});
  CHECK(with.option("subject") == "x");
  CHECK_FALSE(with.has("object"));
}

TEST_CASE("the longer of two commands that begin alike is found") {
  auto found = understand_line("run quietly");
  REQUIRE(std::holds_alternative<understood>(found));
  CHECK(std::get<understood>(found).what->form == "run quietly");
}

TEST_CASE("a mistake says where it is and what was expected there") {
  CHECK(not_understood("AU post 17 to SG") ==
        "a.scenario:7:4: expected posts instead of \"post\"; did you mean posts?");
  CHECK(not_understood("AU posts a/b to SG") ==
        "a.scenario:7:10: expected a number, several such as 1..1000 (100000 at most), or another "
        "reference instead of \"a/b\"");
  CHECK(not_understood("AU posts 17") == "a.scenario:7:12: expected to at the end of the line");
  CHECK(not_understood("wait forever").find(":7:6: expected a time") != std::string::npos);
  CHECK(not_understood("AU posts 17 to SG subjekt=x") ==
        "a.scenario:7:19: \"subjekt\" is no option here, expected subject or object; did you mean "
        "subject?");
}

TEST_CASE("a difference shows what stayed, what is missing and what is new") {
  CHECK(difference({"a", "b", "c"}, {"a", "c", "d"}) ==
        std::vector<std::string>{"  a", "- b", "  c", "+ d"});
}

TEST_SUITE_END();
