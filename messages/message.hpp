#pragma once

#include "messages/inspect.hpp"
#include "messages/jurisdiction.hpp"

#include <caf/expected.hpp>
#include <caf/optional.hpp>
#include <caf/timestamp.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// What a message is known by: `AU:17`. The sender's jurisdiction and the reference it chose.
struct reference {
  std::string sender;
  std::string sender_ref;

  bool empty() const { return sender.empty() && sender_ref.empty(); }
  friend bool operator==(const reference&, const reference&) = default;
  friend auto operator<=>(const reference&, const reference&) = default;
};

std::string to_string(const reference& x);
/// Everything after the first colon is the sender's reference. None: no colon, or an empty part.
caf::optional<reference> parse_reference(std::string_view text);
/// 1 to 256 characters, no `/`, no control characters.
bool is_sender_ref(std::string_view text);

/// A discrete generic message: who tells whom, and the triple subject, predicate, obj.
struct message {
  std::string sender;     ///< jurisdiction
  std::string sender_ref; ///< empty: not known yet (a channel of the reference software)
  std::string receiver;   ///< jurisdiction
  std::string subject;
  std::string obj;       ///< a URI, usually a document's multihash
  std::string predicate; ///< a URI, usually a dotted name

  reference ref() const { return {sender, sender_ref}; }
  friend bool operator==(const message&, const message&) = default;
};

/// The state of a message in the lake. Ours: pending → accepted | rejected. Theirs: received →
/// accepted | rejected.
enum class message_status : uint8_t { pending, received, accepted, rejected };

std::string to_string(message_status x);
caf::optional<message_status> parse_message_status(std::string_view text);
bool is_final(message_status x);
/// The table of §5 of the design: every allowed change. `revoked` needs accepted → pending (ours
/// only): a channel takes its confirmation back. rejected → received (theirs only): a channel took
/// a message back and brings it again, and no business has decided on it.
bool may_follow(message_status from, message_status to);

/// One time a message from abroad was confirmed: over which channel, and as what. A false alarm is
/// the end of it; what comes again has another id.
struct message_arrival {
  std::string channel_id;
  std::string channel_txn_id;
  bool stands = true; ///< false: the channel took it back

  friend bool operator==(const message_arrival&, const message_arrival&) = default;
};

/// A message as the lake holds it.
struct message_record {
  message content;
  message_status status = message_status::pending;
  std::string channel_id; ///< empty: not known
  std::string
      channel_txn_id;   ///< the channel's id of the message; set and empty together with channel_id
  uint64_t version = 0; ///< number of the event that last changed it; 0: not stored
  caf::timestamp since; ///< when it came into the lake
  /// From abroad: every time it came, oldest first, if that was more than once or was taken back.
  /// Empty: it came once, as channel_id and channel_txn_id say, and that stands.
  std::vector<message_arrival> arrivals{};
  /// Rejected because it was withdrawn, not by a business: if it comes again it is received again.
  bool rejected_by_channel = false;
  /// Ours: the channel that revoked its confirmation, one for each round that ended so. While it is
  /// travelling again it is in the round after these; equally many rounds: it was given up.
  std::vector<std::string> taken_back_by{};

  friend bool operator==(const message_record&, const message_record&) = default;
};

/// No arrival of it stands: every channel that confirmed it took that back. What rests on it alone
/// (the access to its documents) is closed as long as that is so.
bool is_withdrawn(const message_record& x);

/// Reads the body of POST /message. `sender_ref` stays empty if none was given.
/// Fails with message_data_empty, message_deserialization or message_validation.
caf::expected<message> parse_posted_message(std::string_view json, const jurisdictions& known);

/// What PATCH /message asks for.
struct message_patch {
  caf::optional<message_status> status;
  std::string channel_id;
  std::string channel_txn_id;
};

/// Fails with message_data_empty, unexpected_message_status or bad_request.
caf::expected<message_patch> parse_message_patch(std::string_view json);

/// What a message becomes when the patch is applied; none if nothing changes. Fails with conflict.
/// The only place that decides on a business's change of a status.
caf::expected<caf::optional<message_record>> apply(const message_patch& patch,
                                                   const message_record& x);

/// Whether a retry says what is stored: the same five fields and reference.
bool same_message(const message& a, const message& b);

IGL_INSPECT(reference, x.sender, x.sender_ref)
IGL_INSPECT(message, x.sender, x.sender_ref, x.receiver, x.subject, x.obj, x.predicate)
IGL_INSPECT(message_arrival, x.channel_id, x.channel_txn_id, x.stands)
IGL_INSPECT(message_record, x.content, x.status, x.channel_id, x.channel_txn_id, x.version, x.since,
            x.arrivals, x.rejected_by_channel, x.taken_back_by)
IGL_INSPECT(message_patch, x.status, x.channel_id, x.channel_txn_id)

} // namespace igl
