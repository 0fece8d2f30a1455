#include "config/config.hpp"

#include "config/document.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <algorithm>

namespace {

using namespace igl;

void must_be_told(const std::vector<mistake>& all, std::string_view text) {
  auto lines = static_cast<uint32_t>(std::count(text.begin(), text.end(), '\n')) + 2;
  for (auto& x : all)
    fuzz::must(!x.what.empty() && x.line <= lines, "a mistake has a sentence and a place");
}

template <class Parse>
void settings(std::string_view text, Parse parse) {
  auto x = parse(text, "file.toml", environment{});
  must_be_told(x.mistakes, text);
  auto shown = show(x.settings);
  // Secrets are not shown, and what is shown instead of one may be too short for one.
  if (!x.good() || shown.find("***") != std::string::npos)
    return;
  auto again = parse(shown, "file.toml", environment{});
  fuzz::must(again.good() && show(again.settings) == shown,
             "settings that are shown read the same");
}

} // namespace

// A configuration file: every mistake is told, and what is good is shown as it was meant.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  auto file = config::parse_document(text, "file.toml");
  must_be_told(file.mistakes, text);
  fuzz::must(file.complete || !file.mistakes.empty(), "what is left out is told");
  settings(text, parse_node);
  settings(text, parse_endpoint);
  return 0;
}
