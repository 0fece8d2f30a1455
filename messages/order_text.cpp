#include "messages/order_text.hpp"

#include "messages/errors.hpp"
#include "messages/json_read.hpp"
#include "messages/json_text.hpp"

namespace igl {

namespace {

using json_text::object;

void write(object& out, const char* name, const reference& x) {
  out.open(name).text("sender", x.sender).text("sender_ref", x.sender_ref).close();
}

void write(object& out, const message& x) {
  out.open("content")
      .text("sender", x.sender)
      .text("sender_ref", x.sender_ref)
      .text("receiver", x.receiver)
      .text("subject", x.subject)
      .text("obj", x.obj)
      .text("predicate", x.predicate)
      .close();
}

void read(const json& j, const char* name, std::vector<std::string>& values) {
  auto& list = j.at(name);
  if (!list.is_array())
    refuse(name, "a list");
  values.clear();
  for (auto& value : list)
    values.push_back(value.get<std::string>());
}

void from(const json& j, process_message& x) {
  igl::read(j, "content", x.content);
  igl::read(j, "channel_id", x.channel_id);
  igl::read(j, "channel_txn_id", x.channel_txn_id);
}

void from(const json& j, route_message& x) {
  igl::read(j, "content", x.content);
  igl::read(j, "round", x.round);
  read(j, "tried", x.tried);
  igl::read(j, "reasons", x.reasons);
}

void from(const json& j, check_delivery& x) {
  igl::read(j, "content", x.content);
  igl::read(j, "round", x.round);
  read(j, "tried", x.tried);
  igl::read(j, "channel_id", x.channel_id);
  igl::read(j, "channel_txn_id", x.channel_txn_id);
  igl::read(j, "last", x.last, parse_channel_status);
}

void from(const json& j, update_message& x) {
  igl::read(j, "about", x.about);
  if (j.contains("status")) {
    message_status status{};
    igl::read(j, "status", status, parse_message_status);
    x.patch.status = status;
  }
  igl::read(j, "channel_id", x.patch.channel_id);
  igl::read(j, "channel_txn_id", x.patch.channel_txn_id);
  igl::read(j, "reason", x.reason);
}

void from(const json& j, reject_message& x) {
  igl::read(j, "about", x.about);
  igl::read(j, "reason", x.reason);
}

void from(const json& j, retrieve_object& x) {
  igl::read(j, "about", x.about);
  igl::read(j, "multihash", x.multihash);
  igl::read(j, "from", x.from);
  igl::read(j, "grant_to", x.grant_to);
  igl::read(j, "depth", x.depth);
}

void from(const json& j, message_changed& x) {
  igl::read(j, "about", x.about);
  igl::read(j, "cause", x.cause);
  auto& notices = j.at("notices");
  if (!notices.is_array())
    refuse("notices", "a list");
  for (auto& n : notices) {
    auto& to = x.notices.emplace_back();
    igl::read(n, "topic", to.topic);
    igl::read(n, "body", to.body);
  }
}

void from(const json& j, deliver_callback& x) {
  igl::read(j, "about", x.about);
  igl::read(j, "cause", x.cause);
  igl::read(j, "callback", x.callback);
  igl::read(j, "topic", x.topic);
  igl::read(j, "body", x.body);
}

void from(const json& j, channel_notified& x) {
  igl::read(j, "channel_id", x.channel_id);
  igl::read(j, "message_id", x.message_id);
}

void from(const json& j, verify_intent& x) {
  igl::read(j, "mode", x.mode);
  igl::read(j, "topic", x.topic);
  igl::read(j, "topic_as_asked", x.topic_as_asked);
  igl::read(j, "callback", x.callback);
  igl::read(j, "secret", x.secret);
  uint32_t lease = 0;
  igl::read(j, "lease", lease);
  x.lease = std::chrono::seconds{lease};
  igl::read(j, "request_id", x.request_id);
}

void from(const json& j, write_to_medium& x) {
  igl::read(j, "said", x.said);
}

caf::error unreadable(const std::string& why) {
  return make_problem(errc::internal, "the order of a job cannot be read: " + why);
}

} // namespace

std::string order_to_text(const process_message& x) {
  object out{512};
  write(out, x.content);
  return out.text("channel_id", x.channel_id).text("channel_txn_id", x.channel_txn_id).take();
}

std::string order_to_text(const route_message& x) {
  object out{512};
  write(out, x.content);
  return out.number("round", x.round).texts("tried", x.tried).text("reasons", x.reasons).take();
}

std::string order_to_text(const check_delivery& x) {
  object out{512};
  write(out, x.content);
  return out.number("round", x.round)
      .texts("tried", x.tried)
      .text("channel_id", x.channel_id)
      .text("channel_txn_id", x.channel_txn_id)
      .text("last", to_string(x.last))
      .take();
}

std::string order_to_text(const update_message& x) {
  object out;
  write(out, "about", x.about);
  if (x.patch.status)
    out.text("status", to_string(*x.patch.status));
  return out.text("channel_id", x.patch.channel_id)
      .text("channel_txn_id", x.patch.channel_txn_id)
      .text("reason", x.reason)
      .take();
}

std::string order_to_text(const reject_message& x) {
  object out;
  write(out, "about", x.about);
  return out.text("reason", x.reason).take();
}

std::string order_to_text(const retrieve_object& x) {
  object out;
  write(out, "about", x.about);
  return out.text("multihash", x.multihash)
      .text("from", x.from)
      .text("grant_to", x.grant_to)
      .number("depth", x.depth)
      .take();
}

std::string order_to_text(const message_changed& x) {
  std::string notices;
  for (auto& n : x.notices) {
    notices += notices.empty() ? '[' : ',';
    notices += object{512}.text("topic", n.topic).text("body", n.body).take();
  }
  notices += notices.empty() ? "[]" : "]";
  return object{notices.size() + 128}
      .text("about", x.about)
      .text("cause", x.cause)
      .raw("notices", notices)
      .take();
}

std::string order_to_text(const deliver_callback& x) {
  return object{512}
      .text("about", x.about)
      .text("cause", x.cause)
      .text("callback", x.callback)
      .text("topic", x.topic)
      .text("body", x.body)
      .take();
}

std::string order_to_text(const channel_notified& x) {
  return object{}.text("channel_id", x.channel_id).text("message_id", x.message_id).take();
}

std::string order_to_text(const verify_intent& x) {
  return object{512}
      .text("mode", x.mode)
      .text("topic", x.topic)
      .text("topic_as_asked", x.topic_as_asked)
      .text("callback", x.callback)
      .text("secret", x.secret)
      .number("lease", static_cast<uint64_t>(x.lease.count()))
      .text("request_id", x.request_id)
      .take();
}

std::string order_to_text(const write_to_medium& x) {
  object out{512};
  out.open("said").text("id", x.said.id);
  write(out, x.said.content);
  return out.text("status", to_string(x.said.status)).close().take();
}

template <class Order>
caf::expected<Order> parse_order(std::string_view body) {
  auto tree = parse_json(body);
  if (!tree)
    return unreadable(problem_of(tree.error()).detail);
  try {
    Order x;
    from(*tree, x);
    return x;
  } catch (const json::exception& e) {
    return unreadable(e.what());
  }
}

template caf::expected<process_message> parse_order(std::string_view);
template caf::expected<route_message> parse_order(std::string_view);
template caf::expected<check_delivery> parse_order(std::string_view);
template caf::expected<update_message> parse_order(std::string_view);
template caf::expected<reject_message> parse_order(std::string_view);
template caf::expected<retrieve_object> parse_order(std::string_view);
template caf::expected<message_changed> parse_order(std::string_view);
template caf::expected<deliver_callback> parse_order(std::string_view);
template caf::expected<channel_notified> parse_order(std::string_view);
template caf::expected<verify_intent> parse_order(std::string_view);
template caf::expected<write_to_medium> parse_order(std::string_view);

std::string encode_delivery(const job_ticket& ticket, const job_order& job) {
  return object{job.body.size() + job.about.size() + ticket.id.size() + 80}
      .text("id", ticket.id)
      .number("generation", ticket.generation)
      .number("attempt", ticket.attempt)
      .text("about", job.about)
      .raw("order", job.body)
      .take();
}

caf::expected<job_delivery> decode_delivery(std::string_view payload) {
  auto tree = parse_json(payload);
  if (!tree)
    return unreadable(problem_of(tree.error()).detail);
  try {
    job_delivery x;
    igl::read(*tree, "id", x.ticket.id);
    igl::read(*tree, "generation", x.ticket.generation);
    igl::read(*tree, "attempt", x.ticket.attempt);
    igl::read(*tree, "about", x.about);
    x.body = tree->at("order").dump();
    return x;
  } catch (const json::exception& e) {
    return unreadable(e.what());
  }
}

} // namespace igl
