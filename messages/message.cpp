#include "messages/message.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/json_text.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>

namespace igl {

namespace {

using nlohmann::json;

constexpr std::array<std::string_view, 4> names{"pending", "received", "accepted", "rejected"};
constexpr size_t longest_sender_ref = 256; // characters

/// A list of sentences as the `source` of wire.md.
std::string source_of(const std::vector<std::string>& sentences) {
  std::string text{"["};
  for (auto& sentence : sentences) {
    if (text.size() > 1)
      text += ',';
    json_text::append(text, sentence);
  }
  return text += ']';
}

/// The body as an object with at least one member.
caf::expected<json> parse_object(std::string_view text) {
  if (text.empty())
    return make_problem(errc::message_data_empty, "the request has no body");
  auto body = parse_json(text);
  if (!body)
    return make_problem(errc::message_data_empty, problem_of(body.error()).detail);
  if (!body->is_object())
    return make_problem(errc::message_data_empty, "the body is not a JSON object");
  if (body->empty())
    return make_problem(errc::message_data_empty, "the JSON object is empty");
  return body;
}

struct field {
  const char* name;
  std::string message::*value;
};
constexpr std::array<field, 5> required{{{"sender", &message::sender},
                                         {"receiver", &message::receiver},
                                         {"subject", &message::subject},
                                         {"obj", &message::obj},
                                         {"predicate", &message::predicate}}};

/// Which required fields are missing. The reference software checks all but the subject when it
/// reads, the subject when it validates; so a missing subject alone is another error.
caf::error check_presence(const json& body) {
  std::vector<std::string> missing;
  for (auto& f : required)
    if (f.value != &message::subject && !body.contains(f.name))
      missing.push_back(std::string{f.name} + " is missing");
  if (missing.empty())
    return caf::none;
  return make_problem(errc::message_deserialization, "the message lacks required fields",
                      source_of(missing));
}

caf::error check_types(const json& body) {
  std::vector<std::string> wrong;
  for (auto& f : required) {
    auto value = body.find(f.name);
    if (value == body.end())
      wrong.push_back(std::string{f.name} + " is missing");
    else if (!value->is_string())
      wrong.push_back(std::string{f.name} + " is not a string");
  }
  if (wrong.empty())
    return caf::none;
  return make_problem(errc::message_validation, "the message is not valid", source_of(wrong));
}

caf::error check_jurisdictions(const message& x, const jurisdictions& known) {
  std::vector<std::string> wrong;
  if (!known.contains(x.sender))
    wrong.push_back("sender is not a known jurisdiction: " + x.sender);
  if (!known.contains(x.receiver))
    wrong.push_back("receiver is not a known jurisdiction: " + x.receiver);
  if (wrong.empty())
    return caf::none;
  return make_problem(errc::message_deserialization,
                      "a jurisdiction is two capital letters of ISO 3166-1, or a code the "
                      "operator of this node added",
                      source_of(wrong));
}

/// Checks the rest of the values and takes the sender's reference over.
caf::error check_values(const json& body, message& x) {
  std::vector<std::string> wrong;
  if (x.subject.empty())
    wrong.emplace_back("subject is empty");
  if (!is_uri(x.obj))
    wrong.push_back("obj is not a URI: " + x.obj);
  if (!is_uri(x.predicate))
    wrong.push_back("predicate is not a URI: " + x.predicate);
  if (auto ref = body.find("sender_ref"); ref != body.end()) {
    if (ref->is_string() && is_sender_ref(ref->get_ref<const std::string&>()))
      x.sender_ref = ref->get_ref<const std::string&>();
    else
      wrong.emplace_back("sender_ref is not a string of 1 to 256 characters without / and "
                         "control characters");
  }
  if (wrong.empty())
    return caf::none;
  return make_problem(errc::message_validation, "the message is not valid", source_of(wrong));
}

/// `channel_id` or `channel_txn_id` of a patch: a text or, as some channels have it, a number.
caf::expected<std::string> channel_field(const json& body, const char* name) {
  auto value = body.find(name);
  if (value == body.end() || value->is_null())
    return std::string{};
  if (value->is_number_integer())
    return value->dump();
  if (value->is_string() && is_plain_text(value->get_ref<const std::string&>()))
    return value->get<std::string>();
  return make_problem(errc::bad_request,
                      std::string{name} + " is not a text without control characters");
}

bool is_falsy(const json& x) {
  return x.is_null() || (x.is_string() && x.get_ref<const std::string&>().empty());
}

} // namespace

std::string to_string(const reference& x) {
  return x.sender + ":" + x.sender_ref;
}

caf::optional<reference> parse_reference(std::string_view text) {
  auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size())
    return caf::none;
  return reference{std::string{text.substr(0, colon)}, std::string{text.substr(colon + 1)}};
}

bool is_sender_ref(std::string_view text) {
  return !text.empty() && text.size() <= 4 * longest_sender_ref &&
         text.find('/') == std::string_view::npos && is_plain_text(text) &&
         characters_in(text) <= longest_sender_ref;
}

std::string to_string(message_status x) {
  auto at = static_cast<size_t>(x);
  return at < names.size() ? std::string{names[at]} : "unknown";
}

caf::optional<message_status> parse_message_status(std::string_view text) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == text)
      return static_cast<message_status>(i);
  return caf::none;
}

bool is_final(message_status x) {
  return x == message_status::accepted || x == message_status::rejected;
}

bool may_follow(message_status from, message_status to) {
  using s = message_status;
  switch (from) {
  case s::pending:
  case s::received:
    return is_final(to);
  case s::accepted:
    return to == s::pending;
  case s::rejected:
    return to == s::received;
  default:
    return false;
  }
}

bool is_withdrawn(const message_record& x) {
  return !x.arrivals.empty() &&
         std::none_of(x.arrivals.begin(), x.arrivals.end(), [](auto& y) { return y.stands; });
}

caf::expected<message> parse_posted_message(std::string_view text, const jurisdictions& known) {
  auto body = parse_object(text);
  if (!body)
    return body.error();
  if (auto err = check_presence(*body))
    return err;
  if (auto err = check_types(*body))
    return err;
  message x;
  for (auto& f : required)
    x.*f.value = std::move((*body)[f.name].get_ref<std::string&>());
  if (auto err = check_jurisdictions(x, known))
    return err;
  if (auto err = check_values(*body, x))
    return err;
  return x;
}

caf::expected<message_patch> parse_message_patch(std::string_view text) {
  auto body = parse_object(text);
  if (!body)
    return body.error();
  message_patch x;
  if (auto status = body->find("status"); status != body->end() && !is_falsy(*status)) {
    if (status->is_string())
      x.status = parse_message_status(status->get_ref<const std::string&>());
    if (!x.status || !is_final(*x.status))
      return make_problem(errc::unexpected_message_status, "unexpected status of a message",
                          "[{\"value\":" + status->dump() +
                              ",\"expected\":[\"accepted\",\"rejected\",null]}]");
  }
  auto channel_id = channel_field(*body, "channel_id");
  auto channel_txn_id = channel_field(*body, "channel_txn_id");
  if (!channel_id)
    return channel_id.error();
  if (!channel_txn_id)
    return channel_txn_id.error();
  if (channel_id->empty() != channel_txn_id->empty())
    return make_problem(errc::bad_request,
                        "channel_id and channel_txn_id can only be given together");
  x.channel_id = std::move(*channel_id);
  x.channel_txn_id = std::move(*channel_txn_id);
  return x;
}

caf::expected<caf::optional<message_record>> apply(const message_patch& patch,
                                                   const message_record& x) {
  auto changed = x;
  bool any = false;
  // A business may make a channel's rejection its own: then it is final.
  if (patch.status == message_status::rejected && x.rejected_by_channel) {
    changed.rejected_by_channel = false;
    any = true;
  }
  if (patch.status && *patch.status != x.status) {
    if (is_final(x.status))
      return make_problem(errc::conflict, "the status " + to_string(x.status) +
                                              " is final; it cannot become " +
                                              to_string(*patch.status));
    if (!may_follow(x.status, *patch.status))
      return make_problem(errc::conflict, "the status " + to_string(x.status) + " cannot become " +
                                              to_string(*patch.status));
    changed.status = *patch.status;
    any = true;
  }
  if (!patch.channel_id.empty() || !patch.channel_txn_id.empty()) {
    if (!x.channel_id.empty() || !x.channel_txn_id.empty())
      return make_problem(errc::conflict, "channel_id and channel_txn_id are already set");
    changed.channel_id = patch.channel_id;
    changed.channel_txn_id = patch.channel_txn_id;
    any = true;
  }
  if (!any)
    return caf::optional<message_record>{};
  return caf::optional<message_record>{std::move(changed)};
}

bool same_message(const message& a, const message& b) {
  return a == b;
}

} // namespace igl
