#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/json_text.hpp"
#include "messages/quick_json.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace igl {

namespace {

using nlohmann::json;

struct field {
  const char* name;
  std::string message::*value;
};

/// What every message says, in the order of the wire.
constexpr std::array<field, 5> five_fields{{
    {"sender", &message::sender},
    {"receiver", &message::receiver},
    {"subject", &message::subject},
    {"obj", &message::obj},
    {"predicate", &message::predicate},
}};

void write_five_fields(json_text::object& out, const message& x) {
  for (const auto& f : five_fields)
    out.text(f.name, x.*f.value);
}

caf::error bad_answer(std::string detail) {
  return make_problem(errc::bad_answer, std::move(detail));
}

/// A member of a channel's answer that must be a text.
caf::error take_text(const json& from, const char* name, std::string& to) {
  auto value = from.find(name);
  if (value == from.end() || !value->is_string())
    return bad_answer(std::string{"the channel's message has no text "} + name);
  to = value->get_ref<const std::string&>();
  return caf::none;
}

caf::expected<message> message_from_channel(const json& x) {
  if (!x.is_object())
    return bad_answer("the channel's message is not an object");
  message m;
  for (const auto& f : five_fields)
    if (auto err = take_text(x, f.name, m.*f.value))
      return err;
  if (!has_form_of_jurisdiction(m.sender) || !has_form_of_jurisdiction(m.receiver))
    return bad_answer("the channel's message has a sender or receiver that is no jurisdiction");
  if (auto ref = x.find("sender_ref"); ref != x.end() && !ref->is_null()) {
    if (!ref->is_string() || !is_sender_ref(ref->get_ref<const std::string&>()))
      return bad_answer("the channel's message has a sender_ref that is not valid");
    m.sender_ref = ref->get_ref<const std::string&>();
  }
  return m;
}

/// The same of what is spelt as usual and has nothing wrong; none: it has to be looked at closely.
caf::optional<message> usual_message(std::string_view text) {
  auto members = quick_json::string_members(text);
  if (!members)
    return caf::none;
  message m;
  size_t found = 0;
  for (auto& [name, value] : *members) {
    auto known = std::find_if(five_fields.begin(), five_fields.end(),
                              [&name = name](const field& f) { return f.name == name; });
    if (known != five_fields.end()) {
      m.*known->value = std::move(value);
      ++found;
    } else if (name == "sender_ref") {
      if (!is_sender_ref(value))
        return caf::none;
      m.sender_ref = std::move(value);
    }
  }
  if (found != five_fields.size() || !has_form_of_jurisdiction(m.sender) ||
      !has_form_of_jurisdiction(m.receiver))
    return caf::none;
  return m;
}

} // namespace

std::string message_to_wire(const message_record& x) {
  json_text::object out{512};
  write_five_fields(out, x.content);
  out.text("sender_ref", x.content.sender_ref).text("status", to_string(x.status));
  if (!x.channel_id.empty())
    out.text("channel_id", x.channel_id).text("channel_txn_id", x.channel_txn_id);
  return out.take();
}

std::string message_to_notice(const message& x) {
  return message_to_channel(x, sender_ref_field::included);
}

std::string status_to_notice(const reference& about, std::string_view topic) {
  return json_text::object{}.text("predicate", topic).text("sender_ref", to_string(about)).take();
}

std::string message_to_channel(const message& x, sender_ref_field with) {
  json_text::object out{512};
  write_five_fields(out, x);
  if (with == sender_ref_field::included && !x.sender_ref.empty())
    out.text("sender_ref", x.sender_ref);
  return out.take();
}

std::string channel_message_to_wire(const channel_message& x, sender_ref_field with) {
  return json_text::object{512}
      .text("id", x.id)
      .text("status", to_string(x.status))
      .raw("message", message_to_channel(x.content, with))
      .take();
}

caf::expected<channel_message> channel_message_from_wire(const json& x) {
  if (!x.is_object())
    return bad_answer("the channel's answer is not an object");
  channel_message m;
  auto id = x.find("id");
  if (id != x.end() && id->is_number_integer())
    m.id = id->dump();
  else if (id != x.end() && id->is_string())
    m.id = id->get_ref<const std::string&>();
  if (m.id.empty())
    return bad_answer("the channel's answer has no id");
  std::string status;
  if (auto err = take_text(x, "status", status))
    return err;
  auto known = parse_channel_status(status);
  if (!known)
    return bad_answer("the channel's answer has a status that no channel has: " + status);
  m.status = *known;
  auto content = x.find("message");
  if (content == x.end())
    return bad_answer("the channel's answer has no message");
  auto inner = message_from_channel(*content);
  if (!inner)
    return inner.error();
  m.content = std::move(*inner);
  return m;
}

caf::optional<channel_message> usual_channel_message(std::string_view text) {
  channel_message m;
  std::string status;
  std::string_view inner;
  quick_json::reader in{text};
  if (!in.name('{', "id") || !in.text(m.id) || m.id.empty() || !in.name(',', "status") ||
      !in.text(status) || !in.name(',', "message") || !in.object(inner) || !in.literal("}") ||
      !in.at_end())
    return caf::none;
  auto known = parse_channel_status(status);
  auto content = usual_message(inner);
  if (!known || !content)
    return caf::none;
  m.status = *known;
  m.content = std::move(*content);
  return m;
}

caf::optional<std::vector<channel_message>> usual_channel_messages(std::string_view text) {
  std::vector<channel_message> all;
  quick_json::reader in{text};
  if (text == "[]")
    return all;
  if (text.size() > quick_json::longest || !in.literal("["))
    return caf::none;
  do {
    std::string_view element;
    if (!in.object(element))
      return caf::none;
    auto x = usual_channel_message(element);
    if (!x)
      return caf::none;
    all.push_back(std::move(*x));
  } while (in.literal(","));
  if (!in.literal("]") || !in.at_end())
    return caf::none;
  return all;
}

namespace {

/// Who hears of a full disk learns what helps.
std::string detail_of(const problem& x) {
  std::string sentence{entry_of(x.code).sentence};
  if (x.detail.empty())
    return sentence;
  return x.code == errc::storage_full ? sentence + ": " + x.detail : x.detail;
}

} // namespace

std::string problem_to_wire(const problem& x) {
  auto& entry = entry_of(x.code);
  json_text::object out;
  out.text("status", reason_phrase(entry.http_status))
      .text("code", entry.wire_code)
      .text("title", entry.title);
  // The reference software gives detail and source together or not at all; it gives them for
  // every error that has a code of its own.
  if (!x.detail.empty() || !x.source.empty() || entry.wire_code != "generic-http-error")
    out.text("detail", detail_of(x))
        .raw("source", x.source.empty() ? "[]" : std::string_view{x.source});
  return "{\"errors\":[" + out.take() + "]}";
}

} // namespace igl
