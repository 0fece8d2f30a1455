#include "http/channel_form.hpp"

#include "messages/json.hpp"
#include "messages/quick_json.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace igl {

namespace {

enum class content : uint8_t { jurisdiction, text, uri, sender_ref };

struct field {
  std::string_view name;
  std::string message::*value;
  content kind;
};

const std::array<field, 6> fields{{
    {"sender", &message::sender, content::jurisdiction},
    {"receiver", &message::receiver, content::jurisdiction},
    {"subject", &message::subject, content::text},
    {"obj", &message::obj, content::uri},
    {"predicate", &message::predicate, content::uri},
    {"sender_ref", &message::sender_ref, content::sender_ref},
}};

/// All but sender_ref must be there.
constexpr size_t five_fields = fields.size() - 1;

/// Empty: nothing is wrong. The first sentences are those of the reference software.
std::string_view fault_of(const field& x, const std::string& text, const jurisdictions& known) {
  switch (x.kind) {
  case content::jurisdiction:
    return known.contains(text) ? "" : "Not a known jurisdiction.";
  case content::text:
    return text.empty() ? "Field may not be empty." : "";
  case content::uri:
    return is_uri(text) ? "" : "Not a valid URI.";
  case content::sender_ref:
    return is_sender_ref(text) ? "" : "Not 1 to 256 characters without a slash.";
  }
  return "";
}

std::string_view fault_of(const field& x, const nlohmann::json& given, const jurisdictions& known) {
  if (given.is_null())
    return "Field may not be null.";
  if (!given.is_string())
    return "Not a valid string.";
  return fault_of(x, given.get_ref<const std::string&>(), known);
}

/// What is spelt as usual and has nothing wrong; none: it has to be looked at closely.
caf::optional<message> read_usual(std::string_view json, const jurisdictions& known) {
  auto members = quick_json::string_members(json);
  if (!members)
    return caf::none;
  message read;
  size_t required = 0;
  for (auto& [name, value] : *members) {
    auto x = std::find_if(fields.begin(), fields.end(),
                          [&name = name](const field& y) { return y.name == name; });
    if (x == fields.end() || !fault_of(*x, value, known).empty())
      return caf::none;
    read.*x->value = std::move(value);
    required += x->kind == content::sender_ref ? 0 : 1;
  }
  if (required != five_fields)
    return caf::none;
  return read;
}

std::string text_of(const nlohmann::json& x) {
  return x.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

} // namespace

field_faults fault_in(std::string_view name, std::string_view what) {
  return {text_of({{std::string(name), {what}}})};
}

std::variant<message, field_faults> parse_channel_post(std::string_view json,
                                                       const jurisdictions& known) {
  if (auto usual = read_usual(json, known))
    return std::move(*usual);
  auto body = parse_json(json);
  if (!body || !body->is_object())
    return fault_in("_schema", "Invalid input type.");
  message read;
  auto faults = nlohmann::json::object();
  for (auto& x : fields) {
    auto given = body->find(x.name);
    if (given == body->end()) {
      if (x.kind != content::sender_ref)
        faults[std::string(x.name)] = {"Missing data for required field."};
      continue;
    }
    if (auto fault = fault_of(x, *given, known); !fault.empty())
      faults[std::string(x.name)] = {fault};
    else
      read.*x.value = given->get<std::string>();
    body->erase(given);
  }
  for (auto& [name, value] : body->items())
    faults[name] = {"Unknown field."};
  if (!faults.empty())
    return field_faults{text_of(faults)};
  return read;
}

} // namespace igl
