#pragma once

#include "messages/message.hpp"

namespace igl {

/// The state of a message on a channel (spec/channel-api.rst). Posting: received → confirmed |
/// undeliverable, confirmed → revoked. Receiving: observed → confirmed | false_alarm, confirmed →
/// false_alarm.
enum class channel_status : uint8_t {
  received,
  confirmed,
  undeliverable,
  revoked,
  observed,
  false_alarm
};

/// Which half of an endpoint speaks.
enum class channel_half : uint8_t { posting, receiving };

std::string to_string(channel_status x);
std::string to_string(channel_half x);
caf::optional<channel_status> parse_channel_status(std::string_view text);
caf::optional<channel_half> parse_channel_half(std::string_view text);
/// The two tables of §5 of the design.
bool may_follow(channel_half half, channel_status from, channel_status to);

/// What a channel's confirmation is worth, as far as the channel says so itself (the header
/// X-Confirmation of GET /messages/<id>: final, revocable).
enum class confirmation_kind : uint8_t { unsaid, final_word, revocable };
std::string to_string(confirmation_kind x); // empty for unsaid
/// Unsaid for every other text.
confirmation_kind parse_confirmation_kind(std::string_view text);

/// A message as a channel speaks of it.
struct channel_message {
  std::string id; ///< what the channel said, as text; "123" may have been a number
  message content;
  channel_status status = channel_status::received;
  /// Of a posted one, as its endpoint says with each answer; never stored.
  confirmation_kind confirmation = confirmation_kind::unsaid;
};

/// A message in an endpoint's sending or receiving store.
struct channel_record {
  channel_half half = channel_half::posting;
  channel_message said;
  uint64_t version = 0; ///< number of the event that last changed it; what updated_since orders by
  caf::timestamp updated;
};

/// What a channel said in a page that is no message as the protocol has it.
struct unreadable_message {
  std::string id;     ///< as in channel_message; empty: none that it could be asked for by
  std::string reason; ///< "the channel's answer has no message"
  std::string said;   ///< its text, cut where it is long
};

/// One answer to "what is new since": in order, at most the limit. What cannot be read does not
/// hold up the rest; whoever takes the page sees to both.
struct channel_page {
  std::vector<channel_message> messages;
  std::string cursor; ///< where to go on; valid also when the page is empty
  bool more = false;  ///< the limit was reached
  std::vector<unreadable_message> unreadable{};
};

IGL_INSPECT(channel_message, x.id, x.content, x.status, x.confirmation)
IGL_INSPECT(channel_record, x.half, x.said, x.version, x.updated)
IGL_INSPECT(unreadable_message, x.id, x.reason, x.said)
IGL_INSPECT(channel_page, x.messages, x.cursor, x.more, x.unreadable)

} // namespace igl
