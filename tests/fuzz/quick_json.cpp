#include "messages/quick_json.hpp"

#include "messages/json.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

namespace {

using namespace igl;

void members(std::string_view text) {
  auto quick = quick_json::string_members(text);
  if (!quick)
    return;
  auto tree = parse_json(text);
  fuzz::must(tree && tree->is_object() && tree->size() == quick->size(),
             "what the quick reader takes is an object of as many members");
  for (auto& [name, value] : *quick)
    fuzz::must(tree->contains(name) && (*tree)[name] == value,
               "the quick reader finds what the complete one does");
}

void one_value(std::string_view text) {
  std::string found;
  quick_json::reader as_text{text};
  if (as_text.text(found) && as_text.at_end()) {
    auto tree = parse_json(text);
    fuzz::must(tree && *tree == found, "a text that was read quickly is that text");
  }
  uint64_t number = 0;
  auto in_list = std::string{text} + ',';
  quick_json::reader as_number{in_list};
  if (as_number.number(number) && as_number.literal(",") && as_number.at_end()) {
    auto tree = parse_json(text);
    fuzz::must(tree && *tree == number, "a number that was read quickly is that number");
  }
}

void object(std::string_view text) {
  // Whatever follows an object is not a part of it.
  auto followed = std::string{text} + ",{}";
  std::string_view found;
  auto tree = parse_json(text);
  if (!tree || !tree->is_object() || text.front() != '{' || text.back() != '}')
    return;
  quick_json::reader in{followed};
  fuzz::must(in.object(found) && found == text, "an object ends where it ends");
}

} // namespace

// The reader of JSON that this project wrote never takes what the complete one reads otherwise.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto text = fuzz::text_of(data, size);
  members(text);
  one_value(text);
  object(text);
  return 0;
}
