#include "messages/json.hpp"
#include "messages/json_read.hpp"
#include "messages/json_text.hpp"

// What the operator API answers.
namespace igl {

namespace {

using json_text::exact_time;
using json_text::well_formed;

template <class T, class Write>
json list_of(const std::vector<T>& values, Write write) {
  auto list = json::array();
  for (auto& value : values)
    list.push_back(write(value));
  return list;
}

template <class T, class Read>
void read_list(const json& j, const char* name, std::vector<T>& values, Read read_one) {
  auto& list = j.at(name);
  if (!list.is_array())
    refuse(name, "a list");
  values.clear();
  for (auto& value : list)
    read_one(value, values.emplace_back());
}

/// A time that has not come is left out.
void write_time(json& j, const char* name, caf::timestamp t) {
  if (t != caf::timestamp{})
    j[name] = exact_time(t);
}
void read_time(const json& j, const char* name, caf::timestamp& t) {
  t = {};
  if (j.contains(name))
    read(j, name, t);
}

json count_to(const stream_count_of& x) {
  return {{"stream", to_string(x.id)}, {"open", x.open}};
}
void count_from(const json& j, stream_count_of& x) {
  read(j, "stream", x.id, parse_stream);
  read(j, "open", x.open);
}

json figures_to(const ledger_figures& x) {
  return {{"events", x.events},
          {"messages", x.messages},
          {"objects", x.objects},
          {"subscriptions", x.subscriptions},
          {"dead_letters", x.dead_letters},
          {"open_jobs", x.open_jobs},
          {"streams", list_of(x.streams, count_to)},
          {"used_bytes", x.used_bytes},
          {"map_bytes", x.map_bytes},
          {"damaged", x.damaged},
          {"damage", well_formed(x.damage)}};
}
void figures_from(const json& j, ledger_figures& x) {
  read(j, "events", x.events);
  read(j, "messages", x.messages);
  read(j, "objects", x.objects);
  read(j, "subscriptions", x.subscriptions);
  read(j, "dead_letters", x.dead_letters);
  read(j, "open_jobs", x.open_jobs);
  read_list(j, "streams", x.streams, count_from);
  read(j, "used_bytes", x.used_bytes);
  read(j, "map_bytes", x.map_bytes);
  read(j, "damaged", x.damaged);
  read(j, "damage", x.damage);
}

json stream_to(const stream_status& x) {
  return {{"stream", to_string(x.id)},
          {"open", x.open},
          {"waiting", x.waiting},
          {"in_flight", x.in_flight}};
}
void stream_from(const json& j, stream_status& x) {
  read(j, "stream", x.id, parse_stream);
  read(j, "open", x.open);
  read(j, "waiting", x.waiting);
  read(j, "in_flight", x.in_flight);
}

json streams_to(const streams_status& x) {
  return {{"connected", x.connected},
          {"detail", well_formed(x.detail)},
          {"streams", list_of(x.streams, stream_to)}};
}
void streams_from(const json& j, streams_status& x) {
  read(j, "connected", x.connected);
  read(j, "detail", x.detail);
  read_list(j, "streams", x.streams, stream_from);
}

json channel_to(const channel_health& x) {
  json j{{"id", x.id},
         {"kind", x.kind},
         {"url", x.url},
         {"up", x.up},
         {"last_error", well_formed(x.last_error)},
         {"cursor", well_formed(x.cursor)},
         {"bad_signatures", x.bad_signatures}};
  write_time(j, "last_error_at", x.last_error_at);
  write_time(j, "subscribed_until", x.subscribed_until);
  return j;
}
void channel_from(const json& j, channel_health& x) {
  read(j, "id", x.id);
  read(j, "kind", x.kind);
  read(j, "url", x.url);
  read(j, "up", x.up);
  read(j, "last_error", x.last_error);
  read_time(j, "last_error_at", x.last_error_at);
  read(j, "cursor", x.cursor);
  read_time(j, "subscribed_until", x.subscribed_until);
  read(j, "bad_signatures", x.bad_signatures);
}

json check_to(const readiness_check& x) {
  return {{"what", x.what}, {"ready", x.ready}, {"detail", well_formed(x.detail)}};
}
void check_from(const json& j, readiness_check& x) {
  read(j, "what", x.what);
  read(j, "ready", x.ready);
  read(j, "detail", x.detail);
}

json reload_to(const configuration_reload& x) {
  auto said = json::array();
  for (auto& line : x.said)
    said.push_back(well_formed(line));
  json j{{"who", well_formed(x.who)}, {"result", to_string(x.result)}, {"said", said}};
  write_time(j, "at", x.at);
  return j;
}
void reload_from(const json& j, configuration_reload& x) {
  read_time(j, "at", x.at);
  read(j, "who", x.who);
  read(j, "result", x.result, parse_reload_result);
  read(j, "said", x.said);
}

} // namespace

// The tree is as deep as the program's supervisors are; parse_json bounds what comes from outside.
void to_json(json& j, const supervision_node& x) {
  j = json{{"name", x.name},         {"state", x.state},
           {"restarts", x.restarts}, {"last_error", well_formed(x.last_error)},
           {"mailbox", x.mailbox},   {"doing", well_formed(x.doing)},
           {"children", x.children}};
  write_time(j, "last_error_at", x.last_error_at);
  write_time(j, "started", x.started);
}
void from_json(const json& j, supervision_node& x) {
  read(j, "name", x.name);
  read(j, "state", x.state);
  read(j, "restarts", x.restarts);
  read(j, "last_error", x.last_error);
  read_time(j, "last_error_at", x.last_error_at);
  read_time(j, "started", x.started);
  read(j, "mailbox", x.mailbox);
  read(j, "doing", x.doing);
  read_list(j, "children", x.children,
            [](const json& child, supervision_node& below) { from_json(child, below); });
}

void to_json(json& j, const dead_letter_cause& x) {
  j = json{{"stream", to_string(x.on)}, {"code", x.code}, {"peer", well_formed(x.peer)}};
}
void from_json(const json& j, dead_letter_cause& x) {
  read(j, "stream", x.on, parse_stream);
  read(j, "code", x.code);
  read(j, "peer", x.peer);
}

void to_json(json& j, const dead_letter_group& x) {
  j = json{{"cause", x.cause},
           {"count", x.count},
           {"first_number", x.first_number},
           {"first", exact_time(x.first)},
           {"last", exact_time(x.last)},
           {"last_reason", well_formed(x.last_reason)}};
}
void from_json(const json& j, dead_letter_group& x) {
  from_json(j.at("cause"), x.cause);
  read(j, "count", x.count);
  read(j, "first_number", x.first_number);
  read(j, "first", x.first);
  read(j, "last", x.last);
  read(j, "last_reason", x.last_reason);
}

void to_json(json& j, const configuration_reload& x) {
  j = reload_to(x);
}
void from_json(const json& j, configuration_reload& x) {
  reload_from(j, x);
}

void to_json(json& j, const node_status& x) {
  j = json{{"service", x.service},
           {"name", x.name},
           {"version", x.version},
           {"started", exact_time(x.started)},
           {"ledger", figures_to(x.ledger)},
           {"streams", streams_to(x.streams)},
           {"channels", list_of(x.channels, channel_to)},
           {"tree", x.tree},
           {"last_reload", x.last_reload}};
}
void from_json(const json& j, node_status& x) {
  read(j, "service", x.service);
  read(j, "name", x.name);
  read(j, "version", x.version);
  read(j, "started", x.started);
  figures_from(j.at("ledger"), x.ledger);
  streams_from(j.at("streams"), x.streams);
  read_list(j, "channels", x.channels, channel_from);
  from_json(j.at("tree"), x.tree);
  reload_from(j.at("last_reload"), x.last_reload);
}

void to_json(json& j, const backup_state& x) {
  j = json{{"state", x.state},
           {"folder", well_formed(x.folder)},
           {"began", exact_time(x.began)},
           {"entries", x.entries},
           {"bytes", x.bytes},
           {"last_event", x.last_event},
           {"error", well_formed(x.error)}};
}
void from_json(const json& j, backup_state& x) {
  read(j, "state", x.state);
  read(j, "folder", x.folder);
  read(j, "began", x.began);
  read(j, "entries", x.entries);
  read(j, "bytes", x.bytes);
  read(j, "last_event", x.last_event);
  read(j, "error", x.error);
}

void to_json(json& j, const readiness& x) {
  j = json{{"checks", list_of(x.checks, check_to)}};
}
void from_json(const json& j, readiness& x) {
  read_list(j, "checks", x.checks, check_from);
}

} // namespace igl
