#include "scenarios/runner/fuzz.hpp"
#include "scenarios/runner/invention.hpp"
#include "scenarios/runner/play.hpp"
#include "scenarios/runner/script.hpp"
#include "scenarios/runner/shrink.hpp"

#include <doctest/doctest.h>

#include <set>
#include <sstream>

using namespace igl::scenario;

TEST_SUITE_BEGIN("scenario fuzz");

TEST_CASE("a seed invents one story, and other seeds invent others") {
  std::set<std::string> all;
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    auto text = invented_story(seed);
    CHECK(text == invented_story(seed));
    CHECK(std::holds_alternative<script>(parse_script("x", text)));
    all.insert(text);
  }
  CHECK(all.size() == 100);
}

TEST_CASE("a story is made short: what it fails without is left out") {
  std::string text = "nation AU\nnation SG\nnation CN\n----\nok\n\n";
  for (int i = 0; i < 20; ++i)
    text += "wait " + std::to_string(i) + "s quietly\n";
  text += "AU posts 1..100 to SG subject=x predicate=y\n----\n";
  auto fails = [](const std::string& x) {
    return x.find("wait 7s") != std::string::npos && x.find("predicate=y") != std::string::npos;
  };
  CHECK(shrunk(text, fails, 1000) == "----\nok\n\nwait 7s quietly\n"
                                     "AU posts 1 to SG predicate=y\n----\n");
}

TEST_CASE("making a story short ends after so many tries") {
  std::string text;
  for (int i = 0; i < 100; ++i)
    text += "run\n";
  int tries = 0;
  shrunk(
      text, [&](const std::string&) { return ++tries == 0; }, 5);
  CHECK(tries == 5);
}

TEST_CASE("the stories of fixed seeds come true") {
  std::ostringstream out, err;
  fuzz_options how;
  how.seeds = "1..20";
  CHECK_MESSAGE(fuzz(how, out, err) == 0, err.str());
  CHECK(out.str().find("seeds 1..20: 20 stories") == 0);
}

TEST_CASE("what is no range and what is no time is refused") {
  std::ostringstream out, err;
  fuzz_options how;
  how.seeds = "many";
  CHECK(fuzz(how, out, err) == 2);
  CHECK(err.str() == "igl scenario fuzz: --seeds is a range such as 1..1000, not \"many\"\n");
  how.seeds = "1..2";
  how.time = "long";
  CHECK(fuzz(how, out, err) == 2);
}

TEST_SUITE_END();
