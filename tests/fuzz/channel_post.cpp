#include "http/channel_form.hpp"
#include "messages/json.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

// The bodies of POST /messages and POST /messages/incoming.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  static const jurisdictions known{{"EU", "XK"}};
  auto read = parse_channel_post(fuzz::text_of(data, size), known);
  if (auto* wrong = std::get_if<field_faults>(&read)) {
    auto tree = parse_json(wrong->json);
    fuzz::must(tree && tree->is_object() && !tree->empty(), "what is wrong is told field by field");
    return 0;
  }
  auto& x = std::get<message>(read);
  auto with = x.sender_ref.empty() ? sender_ref_field::left_out : sender_ref_field::included;
  auto again = parse_channel_post(message_to_channel(x, with), known);
  fuzz::must(std::holds_alternative<message>(again) && std::get<message>(again) == x,
             "a message that is written out reads the same");
  return 0;
}
