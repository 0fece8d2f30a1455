#include "messages/dead_letters.hpp"

#include "messages/errors.hpp"
#include "messages/uri.hpp"

#include <algorithm>
#include <array>

namespace igl {

namespace {

/// A reason that is an error's sentence begins with the code.
std::string code_in(std::string_view reason) {
  auto word = reason.substr(0, reason.find(':'));
  for (auto& entry : errc_table())
    if (entry.name == word)
      return std::string{word};
  return {};
}

std::string origin_of(const std::string& url) {
  auto parts = parse_http_url(url);
  return parts ? parts->origin() : url;
}

// -- whose fault it may be ------------------------------------------------------------------------

std::string peer_of(const process_message& x) {
  return x.channel_id;
}
std::string peer_of(const route_message& x) {
  return x.doubt && !x.doubt->channels.empty() ? x.doubt->channels.back() : x.content.receiver;
}
std::string peer_of(const check_delivery& x) {
  return x.channel_id;
}
std::string peer_of(const update_message&) {
  return {};
}
std::string peer_of(const reject_message&) {
  return {};
}
std::string peer_of(const retrieve_object& x) {
  return x.from;
}
std::string peer_of(const message_changed&) {
  return {};
}
std::string peer_of(const deliver_callback& x) {
  return origin_of(x.callback);
}
std::string peer_of(const channel_notified& x) {
  return x.channel_id;
}
std::string peer_of(const verify_intent& x) {
  return origin_of(x.callback.empty() ? x.topic_as_asked : x.callback);
}
std::string peer_of(const write_to_medium& x) {
  return x.said.content.receiver;
}

// -- what is lost ---------------------------------------------------------------------------------

std::string named(const message& x) {
  return x.sender_ref.empty() ? "a message of " + x.sender : to_string(x.ref());
}

std::string lost(const process_message& x) {
  if (x.channel_id.empty())
    return named(x.content) + ", which was accepted with 201, will never be sent to " +
           x.content.receiver;
  if (x.said == channel_status::false_alarm)
    return named(x.content) + " will never be withdrawn, though channel " + x.channel_id +
           " took it back";
  return named(x.content) + ", which came over channel " + x.channel_id + " as " +
         x.channel_txn_id + ", will never be in the lake: no business here will see it";
}
std::string lost(const route_message& x) {
  auto text =
      named(x.content) + " will never be sent to " + x.content.receiver + " and stays pending";
  if (x.doubt && !x.doubt->channels.empty())
    text += ", unless channel " + x.doubt->channels.back() + " has it without having said so";
  return text;
}
std::string lost(const check_delivery& x) {
  if (x.confirmed)
    return "nobody will notice if channel " + x.channel_id + " takes the confirmation of " +
           named(x.content) + " back";
  return "nobody will find out what became of " + named(x.content) + " on channel " + x.channel_id +
         ": it stays pending";
}
std::string lost(const update_message& x) {
  auto text = to_string(x.about);
  text += x.patch.status ? " will never become " + to_string(*x.patch.status)
                         : std::string{" will never say over which channel it went"};
  if (x.next_round)
    text += ", and it will not be sent anew";
  return text;
}
std::string lost(const reject_message& x) {
  return to_string(x.about) + " stays pending: its business will never learn that no channel took "
                              "it";
}
std::string lost(const retrieve_object& x) {
  return "the document " + x.multihash + " of " + to_string(x.about) +
         " will never be fetched from " + x.from + ", and " + x.grant_to + " cannot read it here";
}
std::string lost(const message_changed& x) {
  std::string topics;
  for (auto& notice : x.notices)
    topics += (topics.empty() ? "" : ", ") + notice.topic;
  return (x.from && !x.from->callback.empty() ? "the subscribers after " + x.from->callback
                                              : std::string{"no subscriber"}) +
         (x.from && !x.from->callback.empty() ? " will never" : " will ever") + " hear of " +
         x.about + (topics.empty() ? "" : " (" + topics + ")");
}
std::string lost(const deliver_callback& x) {
  return "the subscriber " + x.callback + " will never hear of " + x.about + " (" + x.topic + ")";
}
std::string lost(const channel_notified& x) {
  if (x.unreadable)
    return "what channel " + x.channel_id + " said and nobody could read is forgotten";
  if (x.half == channel_half::posting)
    return "nobody looks at once what channel " + x.channel_id + " made of " +
           (x.message_id.empty() ? "what we posted" : x.message_id) +
           "; it is asked again at its intervals";
  if (x.message_id.empty())
    return "channel " + x.channel_id +
           " is not asked at once what is new; it is asked again at "
           "its intervals";
  return "the message " + x.message_id + " of channel " + x.channel_id +
         " will never be in the lake: no business here will see it";
}
std::string lost(const verify_intent& x) {
  if (x.callback.empty())
    return "what was published at " + x.topic_as_asked + " will never be told";
  if (x.mode == "unsubscribe")
    return "the subscriber " + x.callback + " goes on being told of " + x.topic_as_asked;
  return "the subscriber " + x.callback + " will never be told of " + x.topic_as_asked +
         ": its subscription does not begin";
}
std::string lost(const write_to_medium& x) {
  auto& what = x.said.content;
  return "the message " + x.said.id + " from " + what.sender + " to " + what.receiver +
         " will never be on the medium" + (x.doubt ? ", unless it is there already" : "") + ": " +
         what.receiver + " will not get it";
}

// -- one row for each kind of order ---------------------------------------------------------------

struct row {
  stream of;
  std::string (*peer)(const std::string& body);
  std::string (*consequence)(const std::string& body);
};

template <class Order>
constexpr row row_of(stream of) {
  return {of,
          [](const std::string& body) {
            auto order = parse_order<Order>(body);
            return order ? peer_of(*order) : std::string{};
          },
          [](const std::string& body) {
            auto order = parse_order<Order>(body);
            return order ? lost(*order) : std::string{};
          }};
}

constexpr std::array<row, stream_count> rows{
    row_of<process_message>(stream::inbox),
    row_of<route_message>(stream::outbox),
    row_of<check_delivery>(stream::channel_pending),
    row_of<update_message>(stream::message_updates),
    row_of<reject_message>(stream::rejected),
    row_of<retrieve_object>(stream::object_retrieval),
    row_of<message_changed>(stream::notifications),
    row_of<deliver_callback>(stream::delivery_outbox),
    row_of<channel_notified>(stream::channel_notifications),
    row_of<verify_intent>(stream::subscription_requests),
    row_of<write_to_medium>(stream::medium_writes),
};

const row& row_for(stream x) {
  return *std::find_if(rows.begin(), rows.end(), [x](const row& y) { return y.of == x; });
}

std::string or_dash(const std::string& x) {
  return x.empty() ? "-" : x;
}

} // namespace

dead_letter_cause cause_of(const dead_letter& x) {
  const auto& order = x.job.order;
  return {order.on, code_in(x.reason), row_for(order.on).peer(order.body)};
}

bool operator==(const dead_letter_cause& a, const dead_letter_cause& b) {
  return a.on == b.on && a.code == b.code && a.peer == b.peer;
}

std::string to_string(const dead_letter_cause& x) {
  return to_string(x.on) + "/" + or_dash(x.code) + "/" + or_dash(x.peer);
}

caf::optional<dead_letter_cause> parse_dead_letter_cause(std::string_view text) {
  auto first = text.find('/');
  auto second = first == text.npos ? first : text.find('/', first + 1);
  if (second == text.npos || second + 1 == text.size())
    return caf::none;
  auto on = parse_stream(text.substr(0, first));
  if (!on)
    return caf::none;
  auto known = [](std::string_view part) {
    return part == "-" ? std::string{} : std::string{part};
  };
  return dead_letter_cause{*on, known(text.substr(first + 1, second - first - 1)),
                           known(text.substr(second + 1))};
}

std::string consequence_of(const job_order& x) {
  auto text = row_for(x.on).consequence(x.body);
  return text.empty() ? "the job " + x.id + ", whose order nobody can read, is forgotten" : text;
}

void add_to(std::vector<dead_letter_group>& all, const dead_letter& x) {
  add_to(all, dead_letter_group{cause_of(x), 1, x.number, x.died, x.died, x.reason});
}

void add_to(std::vector<dead_letter_group>& all, const dead_letter_group& x) {
  auto known = std::find_if(all.begin(), all.end(),
                            [&](const dead_letter_group& y) { return y.cause == x.cause; });
  if (known == all.end())
    return all.push_back(x);
  known->count += x.count;
  known->first_number = std::min(known->first_number, x.first_number);
  known->first = std::min(known->first, x.first);
  if (x.last >= known->last) {
    known->last = x.last;
    known->last_reason = x.last_reason;
  }
}

} // namespace igl
