#include "messages/orders.hpp"

#include "messages/multihash.hpp"
#include "messages/order_text.hpp"
#include "messages/uri.hpp"

#include <algorithm>

namespace igl {

namespace {

constexpr size_t longest_id = 400; // bytes; LMDB keys have at most 511

constexpr std::array<stream_entry, stream_count> catalogue{{
    {stream::inbox, "inbox", "process_message", "inbound-message-processor",
     on_exhausted::dead_letter},
    {stream::outbox, "outbox", "route_message", "multichannel-router",
     on_exhausted::reject_message},
    {stream::channel_pending, "channel-pending", "check_delivery", "channel-poller",
     on_exhausted::dead_letter},
    {stream::message_updates, "message-updates", "update_message", "message-updater",
     on_exhausted::dead_letter},
    {stream::rejected, "rejected", "reject_message", "rejected-message-processor",
     on_exhausted::dead_letter},
    {stream::object_retrieval, "object-retrieval", "retrieve_object", "object-spider",
     on_exhausted::dead_letter},
    {stream::notifications, "notifications", "message_changed", "callbacks-spreader",
     on_exhausted::dead_letter},
    {stream::delivery_outbox, "delivery-outbox", "deliver_callback", "callback-deliverer",
     on_exhausted::dead_letter},
    {stream::channel_notifications, "channel-notifications", "channel_notified", "channel-observer",
     on_exhausted::dead_letter},
    {stream::subscription_requests, "subscription-requests", "verify_intent", "intent-verifier",
     on_exhausted::dead_letter},
    {stream::medium_writes, "medium-writes", "write_to_medium", "medium-writer",
     on_exhausted::dead_letter},
}};

/// `route_message/AU:17/1`; where that would be too long for a key, or has bytes that no header
/// may carry, the digest of all after the order's name: `route_message/<64 hex digits>`.
std::string id_of(stream on, std::string_view rest) {
  auto order = entry_of(on).order;
  std::string id;
  id.reserve(order.size() + 1 + std::max<size_t>(rest.size(), 64));
  id.append(order).append(1, '/');
  if (id.size() + rest.size() > longest_id || !is_plain_text(rest))
    id.append(sha256_hex(rest));
  else
    id.append(rest);
  return id;
}

template <class Order>
job_order job(const Order& x, stream on, std::string_view rest, std::string about) {
  job_order result;
  result.id = id_of(on, rest);
  result.on = on;
  result.about = std::move(about);
  result.body = order_to_text(x);
  return result;
}

std::string join(std::string_view a, std::string_view b) {
  std::string text;
  text.reserve(a.size() + 1 + b.size());
  text.append(a).append(1, '/').append(b);
  return text;
}

} // namespace

const std::array<stream_entry, stream_count>& stream_catalogue() {
  return catalogue;
}

const stream_entry& entry_of(stream x) {
  return catalogue.at(static_cast<size_t>(x));
}

std::string to_string(stream x) {
  auto at = static_cast<size_t>(x);
  return at < catalogue.size() ? std::string{catalogue[at].name} : "unknown";
}

caf::optional<stream> parse_stream(std::string_view name) {
  for (auto& entry : catalogue)
    if (entry.name == name)
      return entry.id;
  return caf::none;
}

// A message from abroad is known by the channel's id: the same one over two channels is two jobs,
// and a channel of the reference software says no reference.
job_order make_job(const process_message& x) {
  auto ref = to_string(x.content.ref());
  if (x.channel_id.empty())
    return job(x, stream::inbox, ref, ref);
  auto there = join(x.channel_id, x.channel_txn_id);
  return job(x, stream::inbox, there, x.content.sender_ref.empty() ? there : ref);
}

// Within a round each failed channel makes a new job: a closed id is not used again.
job_order make_job(const route_message& x) {
  auto ref = to_string(x.content.ref());
  auto rest = join(ref, std::to_string(x.round));
  if (!x.tried.empty())
    rest = join(rest, std::to_string(x.tried.size()));
  return job(x, stream::outbox, rest, ref);
}

job_order make_job(const check_delivery& x) {
  auto ref = to_string(x.content.ref());
  auto rest = join(join(ref, std::to_string(x.round)), join(x.channel_id, x.channel_txn_id));
  return job(x, stream::channel_pending, join(rest, to_string(x.last)), ref);
}

job_order make_job(const update_message& x) {
  auto ref = to_string(x.about);
  return job(x, stream::message_updates, join(ref, x.reason), ref);
}

job_order make_job(const reject_message& x) {
  auto ref = to_string(x.about);
  return job(x, stream::rejected, ref, ref);
}

job_order make_job(const retrieve_object& x) {
  auto ref = to_string(x.about);
  return job(x, stream::object_retrieval, join(join(ref, x.multihash), join(x.from, x.grant_to)),
             ref);
}

job_order make_job(const message_changed& x) {
  auto rest = join(x.about, x.cause);
  if (x.from)
    rest = join(join(rest, "after"),
                join(std::to_string(x.from->notice), join(x.from->topic, x.from->callback)));
  auto result = job(x, stream::notifications, rest, x.about);
  for (auto& notice : x.notices)
    if (notice.number && (result.place == 0 || *notice.number < result.place))
      result.place = *notice.number;
  return result;
}

job_order make_job(const deliver_callback& x) {
  auto result = job(x, stream::delivery_outbox,
                    join(join(x.about, x.cause), join(x.topic, x.callback)), x.about);
  if (x.event) {
    result.lane = x.callback;
    result.place = *x.event;
  }
  return result;
}

job_order make_job(const channel_notified& x) {
  auto rest = x.channel_id;
  if (x.half == channel_half::posting)
    rest = join(rest, "posted");
  if (!x.message_id.empty())
    rest = join(rest, x.message_id);
  else if (x.unreadable)
    rest = join(join(rest, "unreadable"), sha256_hex(*x.unreadable));
  return job(x, stream::channel_notifications, rest, x.channel_id);
}

job_order make_job(const verify_intent& x) {
  auto topic = x.topic.empty() ? std::string{"*"} : x.topic;
  // No topic that is asked for has a <: what is behind it is the callback.
  auto rest = x.callback.empty() ? topic : topic + " <" + x.callback + ">";
  return job(x, stream::subscription_requests, rest, topic);
}

job_order make_job(const write_to_medium& x) {
  return job(x, stream::medium_writes, x.said.id, x.said.id);
}

std::string publication_id(const job_ticket& ticket) {
  const auto generation = std::to_string(ticket.generation);
  const auto attempt = std::to_string(ticket.attempt);
  std::string id;
  id.reserve(ticket.id.size() + 1 + generation.size() + 1 + attempt.size());
  id.append(ticket.id).append(1, '#').append(generation).append(1, '.').append(attempt);
  return id;
}

} // namespace igl
