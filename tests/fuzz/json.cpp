#include "messages/json.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

// JSON of anybody: what can be read is written so that it reads the same.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  auto tree = parse_json(fuzz::text_of(data, size));
  if (!tree) {
    fuzz::must_speak(tree.error());
    return 0;
  }
  auto again = parse_json(tree->dump());
  fuzz::must(again && *again == *tree, "JSON that is written out reads the same");
  return 0;
}
