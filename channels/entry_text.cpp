#include "channels/entry_text.hpp"

#include "messages/json.hpp"
#include "messages/json_text.hpp"
#include "messages/quick_json.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

/// Reads what text_of wrote; false: somebody else wrote it.
bool read_quickly(std::string_view text, medium_entry& x) {
  quick_json::reader in{text};
  auto member = [&](char before, const char* name, std::string& to) {
    return in.name(before, name) && in.text(to);
  };
  return member('{', "id", x.id) && in.name(',', "message") && member('{', "obj", x.content.obj) &&
         member(',', "predicate", x.content.predicate) &&
         member(',', "receiver", x.content.receiver) && member(',', "sender", x.content.sender) &&
         member(',', "sender_ref", x.content.sender_ref) &&
         member(',', "subject", x.content.subject) && in.literal("}}") && in.at_end();
}

} // namespace

std::string text_of(const medium_entry& x) {
  return json_text::object{512}
      .text("id", x.id)
      .open("message")
      .text("obj", x.content.obj)
      .text("predicate", x.content.predicate)
      .text("receiver", x.content.receiver)
      .text("sender", x.content.sender)
      .text("sender_ref", x.content.sender_ref)
      .text("subject", x.content.subject)
      .close()
      .take();
}

caf::expected<medium_entry> entry_in(std::string_view text) {
  medium_entry x;
  if (read_quickly(text, x))
    return x;
  auto parsed = parse_json(text);
  if (!parsed)
    return make_problem(errc::bad_answer, sentence_of(parsed.error()));
  try {
    medium_entry y;
    parsed->at("id").get_to(y.id);
    parsed->at("message").get_to(y.content);
    return y;
  } catch (const nlohmann::json::exception& why) {
    return make_problem(errc::bad_answer, why.what());
  }
}

} // namespace igl
