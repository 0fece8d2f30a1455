#include "channels/entry_text.hpp"

#include "channels/numbered_log.hpp"
#include "messages/errors.hpp"
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

caf::expected<medium_entry> read_any(std::string_view text) {
  auto parsed = parse_json(text);
  if (!parsed)
    return make_problem(errc::bad_answer, problem_of(parsed.error()).detail);
  try {
    medium_entry y;
    parsed->at("id").get_to(y.id);
    parsed->at("message").get_to(y.content);
    return y;
  } catch (const nlohmann::json::exception& why) {
    return make_problem(errc::bad_answer, why.what());
  }
}

constexpr size_t longest_excerpt = 1000;

/// As a JSON string, which any reader of jobs and letters takes.
std::string in_quotes(std::string_view bytes) {
  return nlohmann::json(std::string{bytes})
      .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
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
  if (!read_quickly(text, x)) {
    auto read = read_any(text);
    if (!read)
      return read.error();
    x = std::move(*read);
  }
  if (auto why = numbered_log::check_id(x.id))
    return make_problem(errc::bad_answer, problem_of(why).detail);
  return x;
}

unreadable_entry unreadable_at(std::string where, const caf::error& why, std::string_view data) {
  // A parser's complaint repeats what it met.
  auto reason = in_quotes(problem_of(why).detail);
  return {std::move(where), reason.substr(1, reason.size() - 2),
          in_quotes(data.substr(0, longest_excerpt)) + (data.size() > longest_excerpt ? "…" : "")};
}

} // namespace igl
