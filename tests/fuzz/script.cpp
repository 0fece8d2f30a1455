#include "scenarios/runner/grammar.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace {

using namespace igl;
using namespace igl::scenario;

void commands(const script& x) {
  static const std::vector<phrase> phrases{
      {"{NATION} posts {NUMBERS} to {NATION}", {"predicate"}, "posts messages", {}},
      {"channel {NAME} between {SIDE} and {SIDE}", {"*"}, "a channel", {}},
      {"wait {TIME}", {}, "time goes by", {}}};
  for (auto& block : x.blocks)
    for (auto& line : block.commands) {
      auto said = understand(line, x.file, phrases);
      if (auto* wrong = std::get_if<mistake>(&said))
        fuzz::must(!wrong->what.empty() && wrong->line == line.line, "a mistake has a place");
      else
        fuzz::must(std::get<understood>(said).what != nullptr, "what is understood is a phrase");
    }
}

long ends_of_windows(std::string_view text) {
  long found = 0;
  for (auto at = text.find("\r\n"); at != std::string_view::npos; at = text.find("\r\n", at + 2))
    ++found;
  return found;
}

} // namespace

// A story: what is expected in it can be exchanged for itself.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  auto read = parse_script("a.scenario", text);
  parse_time(text);
  if (auto range = parse_range(text))
    fuzz::must(range->first <= range->last, "a range goes upwards");
  if (auto* wrong = std::get_if<mistake>(&read)) {
    fuzz::must(!wrong->what.empty() && wrong->line > 0 && wrong->column > 0, "a mistake is told");
    return 0;
  }
  auto& x = std::get<script>(read);
  std::vector<std::vector<std::string>> expected;
  for (auto& block : x.blocks)
    expected.push_back(block.expected);
  // Whoever ends his lines in two ways has them end in one afterwards.
  if (x.line_end == "\r\n" && std::count(text.begin(), text.end(), '\n') != ends_of_windows(text))
    return 0;
  auto whole = std::string{text};
  if (!whole.empty() && whole.back() != '\n')
    whole += x.line_end;
  fuzz::must(rewritten(x, expected) == whole, "a story that comes out as expected stays as it is");
  commands(x);
  return 0;
}
