#include "storage/jetstream_api.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <charconv>
#include <climits>

namespace igl::jetstream_api {

namespace {

using json = nlohmann::json;

int64_t nanoseconds(std::chrono::milliseconds x) {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(x).count();
}

/// 0: there is none, or one that counts nothing.
uint64_t number(const json& in, const char* name) {
  auto i = in.find(name);
  return i != in.end() && i->is_number_unsigned() ? i->get<uint64_t>() : 0;
}

uint64_t number(const json& in, const char* outer, const char* inner) {
  auto i = in.find(outer);
  return i == in.end() || !i->is_object() ? 0 : number(*i, inner);
}

void read_state(const json& x, answer& out) {
  out.of_stream.created = x.value("created", std::string{});
  out.of_stream.messages = number(x, "state", "messages");
  out.of_stream.first = number(x, "state", "first_seq");
  out.of_stream.last = number(x, "state", "last_seq");
  if (out.of_stream.messages > 0)
    if (auto t = parse_rfc3339(x.at("state").value("first_ts", std::string{})))
      out.of_stream.oldest = *t;
  out.of_consumer.delivered = number(x, "delivered", "stream_seq");
  out.of_consumer.floor = number(x, "ack_floor", "stream_seq");
  out.of_consumer.waiting = number(x, "num_pending");
  out.of_consumer.in_flight = number(x, "num_ack_pending");
}

} // namespace

names::names(const std::string& owner, igl::stream of)
    : stream(owner + "-" + std::string{entry_of(of).name}),
      subject("igl." + owner + "." + std::string{entry_of(of).name}),
      consumer(entry_of(of).consumer) {}

std::string names::create_stream() const {
  return "$JS.API.STREAM.CREATE." + stream;
}
std::string names::update_stream() const {
  return "$JS.API.STREAM.UPDATE." + stream;
}
std::string names::stream_info() const {
  return "$JS.API.STREAM.INFO." + stream;
}
std::string names::purge() const {
  return "$JS.API.STREAM.PURGE." + stream;
}
std::string names::create_consumer() const {
  return "$JS.API.CONSUMER.DURABLE.CREATE." + stream + "." + consumer;
}
std::string names::consumer_info() const {
  return "$JS.API.CONSUMER.INFO." + stream + "." + consumer;
}
std::string names::delete_consumer() const {
  return "$JS.API.CONSUMER.DELETE." + stream + "." + consumer;
}
std::string names::pull() const {
  return "$JS.API.CONSUMER.MSG.NEXT." + stream + "." + consumer;
}

std::string stream_config(const names& of, uint32_t replicas) {
  return json{{"name", of.stream},
              {"subjects", {of.subject}},
              {"retention", "workqueue"},
              {"storage", "file"},
              {"discard", "old"},
              {"max_consumers", -1},
              {"max_msgs", -1},
              {"max_bytes", -1},
              {"max_age", 0},
              {"max_msg_size", -1},
              {"num_replicas", replicas},
              {"duplicate_window", nanoseconds(std::chrono::minutes{2})}}
      .dump();
}

std::string consumer_config(const names& of, std::chrono::milliseconds ack_wait,
                            uint32_t max_ack_pending) {
  return json{{"stream_name", of.stream},
              {"config",
               {{"durable_name", of.consumer},
                {"deliver_policy", "all"},
                {"replay_policy", "instant"},
                {"ack_policy", "explicit"},
                {"ack_wait", nanoseconds(ack_wait)},
                {"max_ack_pending", max_ack_pending},
                {"max_deliver", -1}}}}
      .dump();
}

std::string pull_request(uint32_t batch, std::chrono::milliseconds expires,
                         std::chrono::milliseconds heartbeat) {
  return "{\"batch\":" + std::to_string(batch) +
         ",\"expires\":" + std::to_string(nanoseconds(expires)) +
         ",\"idle_heartbeat\":" + std::to_string(nanoseconds(heartbeat)) + "}";
}

std::string purge_through(uint64_t sequence) {
  return "{\"seq\":" + std::to_string(sequence + 1) + "}";
}

answer read_answer(std::string_view text) {
  answer out;
  auto parsed = parse_json(text);
  if (!parsed || !parsed->is_object()) {
    out.error_code = not_understood;
    out.error = "the server did not answer in JSON";
    return out;
  }
  const auto& x = *parsed;
  try {
    auto error = x.find("error");
    if (error != x.end() && error->is_object()) {
      auto code = number(*error, "err_code");
      out.error_code = code > 0 && code <= INT_MAX ? static_cast<int>(code) : not_understood;
      out.error = error->value("description", std::string{"no description"});
    } else {
      read_state(x, out);
    }
  } catch (const json::exception& e) {
    out.error_code = not_understood;
    out.error = std::string{"the server's answer is not understood: "} + e.what();
  }
  return out;
}

bool is_stored(std::string_view publish_answer) {
  return publish_answer.starts_with("{\"stream\":") &&
         publish_answer.find("\"error\"") == std::string_view::npos;
}

damage examine(const stream_state& of_stream, const consumer_state& of_consumer) {
  if (of_consumer.floor > of_stream.last || of_consumer.delivered > of_stream.last)
    return damage::beyond_the_end;
  if (of_stream.messages > 0 && of_stream.first <= of_consumer.floor)
    return damage::orphans;
  return damage::none;
}

uint64_t sequence_of(std::string_view acknowledgement) {
  // $JS.ACK.<stream>.<consumer>.<deliveries>.<sequence>.<consumer's sequence>.<time>.<waiting>;
  // a server with domains puts two more tokens after ACK, so count from the end.
  auto tokens = 0;
  for (auto i = acknowledgement.rfind('.'); i != std::string_view::npos && i > 0;
       i = acknowledgement.rfind('.', i - 1)) {
    if (++tokens < 4)
      continue;
    uint64_t x = 0;
    auto begin = acknowledgement.data() + i + 1;
    auto end = acknowledgement.data() + acknowledgement.size();
    return std::from_chars(begin, end, x).ec == std::errc{} ? x : 0;
  }
  return 0;
}

} // namespace igl::jetstream_api
