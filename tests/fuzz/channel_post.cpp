#include "http/channel_form.hpp"
#include "messages/json.hpp"
#include "tests/fuzz/fuzz.hpp"

#include <nlohmann/json.hpp>

// The bodies of POST /messages and POST /messages/incoming.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace igl;
  static const jurisdictions known{{"EU", "XK"}};
  auto body = fuzz::text_of(data, size);
  auto read = parse_channel_post(body, known);
  auto tree = parse_json(body);
  if (auto* x = std::get_if<message>(&read)) {
    fuzz::must(tree && tree->is_object(), "what is taken is an object");
    const auto said = [&](const char* name) {
      return tree->value(name, std::string{});
    };
    const message complete{said("sender"),  said("sender_ref"), said("receiver"),
                           said("subject"), said("obj"),        said("predicate")};
    fuzz::must(*x == complete, "the quick reader finds what the complete one does");
  }
  // A member that is null leaves the body to the complete reader.
  if (tree && tree->is_object() && !tree->contains("~")) {
    (*tree)["~"] = nullptr;
    auto complete = parse_channel_post(tree->dump(), known);
    auto* faults = std::get_if<field_faults>(&complete);
    fuzz::must(faults != nullptr, "a member that nobody knows is a fault");
    auto only_that = parse_json(faults->json)->size() == 1;
    fuzz::must(std::holds_alternative<message>(read) == only_that,
               "the quick reader and the complete one find the same faults");
  }
  if (auto* wrong = std::get_if<field_faults>(&read)) {
    auto told = parse_json(wrong->json);
    fuzz::must(told && told->is_object() && !told->empty(), "what is wrong is told field by field");
    return 0;
  }
  auto& x = std::get<message>(read);
  auto with = x.sender_ref.empty() ? sender_ref_field::left_out : sender_ref_field::included;
  auto again = parse_channel_post(message_to_channel(x, with), known);
  fuzz::must(std::holds_alternative<message>(again) && std::get<message>(again) == x,
             "a message that is written out reads the same");
  return 0;
}
