#include "messages/json.hpp"

#include "messages/errors.hpp"
#include "messages/json_read.hpp"
#include "messages/json_text.hpp"
#include "messages/quick_json.hpp"

namespace igl {

namespace {

using json_text::exact_time;
using json_text::well_formed;

constexpr size_t deepest = 64;

/// The deepest nesting, without building anything: the tree of a hostile text would be written
/// and freed by recursion elsewhere.
bool is_too_deep(std::string_view text) {
  size_t depth = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (in_string) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest)
        return true;
    } else if ((c == '}' || c == ']') && depth > 0) {
      --depth;
    }
  }
  return false;
}

} // namespace

caf::expected<json> parse_json(std::string_view text) {
  if (text.size() > quick_json::longest)
    return make_problem(errc::bad_request, "the JSON text is longer than 16 MiB");
  if (is_too_deep(text))
    return make_problem(errc::bad_request, "the JSON text is nested deeper than 64 levels");
  // nlohmann's parser takes a NUL for the end, and would not look at what follows.
  if (text.find('\0') != std::string_view::npos)
    return make_problem(errc::bad_request, "the text is not JSON: it has a NUL");
  auto value = json::parse(text.begin(), text.end(), nullptr, false);
  if (value.is_discarded())
    return make_problem(errc::bad_request, "the text is not JSON in UTF-8");
  return value;
}

std::map<std::string, std::string> text_members(std::string_view object) {
  std::map<std::string, std::string> all;
  if (auto usual = quick_json::string_members(object)) {
    for (auto& [name, value] : *usual)
      all.emplace(std::move(name), std::move(value));
    return all;
  }
  auto tree = parse_json(object);
  if (!tree || !tree->is_object())
    return all;
  for (auto& [name, value] : tree->items())
    if (value.is_string())
      all.emplace(name, value.get_ref<const std::string&>());
  return all;
}

void to_json(json& j, const reference& x) {
  j = json{{"sender", x.sender}, {"sender_ref", x.sender_ref}};
}
void from_json(const json& j, reference& x) {
  read(j, "sender", x.sender);
  read(j, "sender_ref", x.sender_ref);
}

void to_json(json& j, const message& x) {
  j = json{{"sender", x.sender},     {"sender_ref", x.sender_ref},
           {"receiver", x.receiver}, {"subject", x.subject},
           {"obj", x.obj},           {"predicate", x.predicate}};
}
void from_json(const json& j, message& x) {
  read(j, "sender", x.sender);
  read(j, "sender_ref", x.sender_ref);
  read(j, "receiver", x.receiver);
  read(j, "subject", x.subject);
  read(j, "obj", x.obj);
  read(j, "predicate", x.predicate);
}

void to_json(json& j, const message_arrival& x) {
  j = json{
      {"channel_id", x.channel_id}, {"channel_txn_id", x.channel_txn_id}, {"stands", x.stands}};
}
void from_json(const json& j, message_arrival& x) {
  read(j, "channel_id", x.channel_id);
  read(j, "channel_txn_id", x.channel_txn_id);
  read(j, "stands", x.stands);
}

void to_json(json& j, const message_record& x) {
  j = json{{"content", x.content},
           {"status", to_string(x.status)},
           {"channel_id", x.channel_id},
           {"channel_txn_id", x.channel_txn_id},
           {"version", x.version},
           {"since", exact_time(x.since)},
           {"arrivals", x.arrivals},
           {"rejected_by_channel", x.rejected_by_channel},
           {"taken_back_by", x.taken_back_by}};
}
void from_json(const json& j, message_record& x) {
  read(j, "content", x.content);
  read(j, "status", x.status, parse_message_status);
  read(j, "channel_id", x.channel_id);
  read(j, "channel_txn_id", x.channel_txn_id);
  read(j, "version", x.version);
  read(j, "since", x.since);
  read(j, "arrivals", x.arrivals);
  read(j, "rejected_by_channel", x.rejected_by_channel);
  read(j, "taken_back_by", x.taken_back_by);
}

void to_json(json& j, const channel_message& x) {
  j = json{{"id", x.id}, {"content", x.content}, {"status", to_string(x.status)}};
}
void from_json(const json& j, channel_message& x) {
  read(j, "id", x.id);
  read(j, "content", x.content);
  read(j, "status", x.status, parse_channel_status);
}

void to_json(json& j, const channel_record& x) {
  j = json{{"half", to_string(x.half)},
           {"said", x.said},
           {"version", x.version},
           {"updated", exact_time(x.updated)}};
}
void from_json(const json& j, channel_record& x) {
  read(j, "half", x.half, parse_channel_half);
  read(j, "said", x.said);
  read(j, "version", x.version);
  read(j, "updated", x.updated);
}

void to_json(json& j, const event& x) {
  j = json{{"number", x.number},
           {"at", exact_time(x.at)},
           {"what", to_string(x.what)},
           {"about", x.about},
           {"detail", well_formed(x.detail)}};
}
void from_json(const json& j, event& x) {
  read(j, "number", x.number);
  read(j, "at", x.at);
  read(j, "what", x.what, parse_event_kind);
  read(j, "about", x.about);
  read(j, "detail", x.detail);
}

void to_json(json& j, const subscription& x) {
  j = json{{"topic", x.topic},           {"topic_as_asked", x.topic_as_asked},
           {"callback", x.callback},     {"secret", x.secret},
           {"ends", exact_time(x.ends)}, {"after_event", x.after_event}};
}
void from_json(const json& j, subscription& x) {
  read(j, "topic", x.topic);
  read(j, "topic_as_asked", x.topic_as_asked);
  read(j, "callback", x.callback);
  read(j, "secret", x.secret);
  read(j, "ends", x.ends);
  read(j, "after_event", x.after_event);
}

namespace {

/// An order as operators see it: what signs a subscriber's deliveries is no one else's.
std::string shown(const job_order& x) {
  if (x.on != stream::subscription_requests)
    return x.body;
  auto order = json::parse(x.body, nullptr, /* allow_exceptions: */ false);
  // Whoever wrote what is no order may have written it with a secret.
  if (!order.is_object())
    return {};
  if (auto secret = order.find("secret"); secret != order.end() && *secret != "")
    *secret = "(not shown)";
  return order.dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

void to_json(json& j, const open_job& x) {
  j = json{{"id", x.order.id},
           {"on", to_string(x.order.on)},
           {"about", x.order.about},
           {"body", shown(x.order)},
           {"due", exact_time(x.order.due)},
           {"lane", x.order.lane},
           {"place", x.order.place},
           {"number", x.number},
           {"generation", x.generation},
           {"attempts", x.attempts},
           {"last_error", well_formed(x.last_error)},
           {"opened", exact_time(x.opened)}};
}
void from_json(const json& j, open_job& x) {
  read(j, "id", x.order.id);
  read(j, "on", x.order.on, parse_stream);
  read(j, "about", x.order.about);
  read(j, "body", x.order.body);
  read(j, "due", x.order.due);
  read(j, "lane", x.order.lane);
  read(j, "place", x.order.place);
  read(j, "number", x.number);
  read(j, "generation", x.generation);
  read(j, "attempts", x.attempts);
  read(j, "last_error", x.last_error);
  read(j, "opened", x.opened);
}

void to_json(json& j, const dead_letter& x) {
  j = json{{"number", x.number},
           {"job", x.job},
           {"reason", well_formed(x.reason)},
           {"died", exact_time(x.died)}};
}
void from_json(const json& j, dead_letter& x) {
  read(j, "number", x.number);
  read(j, "job", x.job);
  read(j, "reason", x.reason);
  read(j, "died", x.died);
}

void to_json(json& j, const object_info& x) {
  j = json{{"multihash", x.multihash}, {"upload", x.upload}, {"size", x.size}};
}
void from_json(const json& j, object_info& x) {
  read(j, "multihash", x.multihash);
  read(j, "upload", x.upload);
  read(j, "size", x.size);
}

} // namespace igl
