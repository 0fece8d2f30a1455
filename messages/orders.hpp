#pragma once

#include "messages/channel.hpp"
#include "messages/message.hpp"

#include <array>
#include <chrono>
#include <vector>

namespace igl {

/// The stream catalogue (§3 of the design): one work-queue stream per kind of job.
enum class stream : uint8_t {
  inbox,
  outbox,
  channel_pending,
  message_updates,
  rejected,
  object_retrieval,
  notifications,
  delivery_outbox,
  channel_notifications,
  subscription_requests, ///< verify_intent; hub
  medium_writes,         ///< write_to_medium; endpoint only
};
inline constexpr size_t stream_count = 11;

/// What happens to a job whose attempts are used up.
enum class on_exhausted : uint8_t { dead_letter, reject_message };

/// A row of the catalogue.
struct stream_entry {
  stream id;
  std::string_view name;     ///< as the specification names the queue: "channel-pending"
  std::string_view order;    ///< what it carries: "check_delivery"
  std::string_view consumer; ///< the kind of worker that takes it: "channel-poller"
  on_exhausted exhausted;
};
const std::array<stream_entry, stream_count>& stream_catalogue();
const stream_entry& entry_of(stream x);
std::string to_string(stream x);
caf::optional<stream> parse_stream(std::string_view name);

// -- the orders: what a job asks for
// ---------------------------------------------------------------

/// A new message, from here (no channel) or from abroad: lake, access, outbox or spider,
/// notifications. Or what became of one from abroad: one channel's id of it is one job, so that its
/// confirmation is never handled after its false alarm.
struct process_message {
  message content;
  std::string channel_id;
  std::string channel_txn_id;
  /// confirmed, or false_alarm: the channel takes it back; none: confirmed
  caf::optional<channel_status> said{};
};

/// Channels that may have taken a message though they did not say so.
struct route_doubt {
  std::vector<std::string> channels; ///< in the order the doubts came up; the last one is asked
  uint32_t times = 0;                ///< how often the last one was asked in vain
};

/// A message of ours wants to leave.
struct route_message {
  message content;
  uint32_t round = 1;                 ///< grows each time the message is routed anew
  std::vector<std::string> tried;     ///< channels that already failed in this round
  std::string reasons;                ///< why they did, readable
  caf::optional<route_doubt> doubt{}; ///< none: nobody else can have it in this round
  /// Channels that confirmed it in earlier rounds and revoked that: they are asked last.
  caf::optional<std::vector<std::string>> taken_back_by{};
};

/// What has become of a message we posted to a channel?
struct check_delivery {
  message content;
  uint32_t round = 1;
  std::vector<std::string> tried;
  std::string channel_id;
  std::string channel_txn_id;
  channel_status last = channel_status::received; ///< what the channel said before
  caf::optional<route_doubt> doubt{};             ///< of the order that was routed
  caf::optional<caf::timestamp> confirmed{};      ///< when we heard so; none: it has not been
  caf::optional<std::vector<std::string>> taken_back_by{}; ///< of the order that was routed
};

/// Change an existing message.
struct update_message {
  reference about;
  message_patch patch;
  std::string reason; ///< makes the job's id with `about`: "routed/1", "confirmed/1"
  /// Its confirmation was revoked: once it is pending again it is routed anew, in this round. Not
  /// before, or the new delivery could end before the old one is taken back.
  caf::optional<uint32_t> next_round{};
};

/// Mark what could not be sent.
struct reject_message {
  reference about;
  std::string reason;
};

/// Fetch a document from abroad.
struct retrieve_object {
  reference about;       ///< the message that refers to it
  std::string multihash; ///< base58
  std::string from;      ///< jurisdiction whose document API has it
  std::string grant_to;  ///< jurisdiction that may read it here
  uint32_t depth = 0;    ///< 0: the message's obj; 1: a link in it; …
};

/// A topic and what its subscribers are sent.
struct notice {
  std::string topic;
  std::string body;                        ///< of `media_type`
  caf::optional<std::string> media_type{}; ///< none: application/json
  /// Of the hub's event that this is, given by the ledger: what comes later has a higher one.
  caf::optional<uint64_t> number{};
};

/// How far an order to tell has got: these subscribers, and those before, have their jobs.
struct spread_place {
  uint32_t notice = 0;    ///< place in the order
  std::string topic{};    ///< canonical
  std::string callback{}; ///< empty: nobody has been told of this notice
};

/// Tell whoever subscribed.
struct message_changed {
  std::string about; ///< `AU:17`, or an endpoint's message id
  std::string cause; ///< makes the job's id with `about`: "received", "status/12"
  std::vector<notice> notices;
  caf::optional<spread_place> from{}; ///< go on after this
};

/// Tell one subscriber.
struct deliver_callback {
  std::string about;
  std::string cause;
  std::string callback;            ///< URL
  std::string topic;               ///< as subscribed
  std::string body;                ///< JSON text; empty: the ledger has it with the event
  caf::optional<uint64_t> event{}; ///< number of the hub's event
};

/// A channel has something for us.
struct channel_notified {
  std::string channel_id;
  std::string message_id; ///< empty: look what is new since the cursor
  /// What the channel said of a message that has no id, and why it cannot be read: nothing can be
  /// asked for, but an operator is to see it.
  caf::optional<std::string> unreadable{};
  /// posting: it is about a message that we posted, and what became of it; none: receiving
  caf::optional<channel_half> half{};
};

/// Ask a subscriber whether it means it (W3C WebSub §5.3). Or fetch a topic that is published:
/// then there is no callback. One topic and callback are one job: what is asked later replaces what
/// was not verified yet, and is never overtaken by it.
struct verify_intent {
  std::string mode;  ///< "subscribe", "unsubscribe" or "publish"
  std::string topic; ///< canonical
  std::string topic_as_asked;
  std::string callback;
  std::string secret;
  std::chrono::seconds lease{0};
  std::string request_id; ///< random; what is published is told under it, once
};

/// Write a message of the sending store to the channel's medium.
struct write_to_medium {
  channel_message said;
  /// How often it was put on a medium that may take it back; none: never, or the medium keeps it.
  caf::optional<uint32_t> sent{};
  /// Since when such a medium does not have it any more though it was sent as often as it may be.
  caf::optional<caf::timestamp> absent{};
  /// The fault of an attempt after which it may be on the medium all the same; none: there was no
  /// such attempt. Only an answer ends the doubt.
  caf::optional<std::string> doubt{};
};

// -- jobs
// -------------------------------------------------------------------------------------------

/// Which job, and which time it is tried. Travels with the order to the worker and back to the
/// ledger.
struct job_ticket {
  std::string id;
  uint32_t generation = 0; ///< grows when an open job is opened again
  uint32_t attempt = 1;    ///< 1: the first
};

/// A job to be opened. Opening an id that is open makes it due again after it is closed
/// (its generation grows); so many equal jobs fall together.
struct job_order {
  std::string id;
  stream on = stream::inbox;
  std::string about;  ///< `AU:17`; what `igl trace` finds it by
  std::string body;   ///< the order as JSON text
  caf::timestamp due; ///< not before; epoch: at once
  /// Jobs of one lane are done one after the other, by `place`; empty: at any time.
  std::string lane{};
  /// In a lane: the order. Without one: as long as this job is open, no job in a lane is begun
  /// whose place is higher. 0: it has no place.
  uint64_t place = 0;
};

/// A job as the ledger keeps it.
struct open_job {
  job_order order;
  uint64_t number = 0; ///< order of opening
  uint32_t generation = 0;
  uint32_t attempts = 0; ///< failed ones
  std::string last_error;
  caf::timestamp opened;
};

struct dead_letter {
  uint64_t number = 0;
  open_job job;
  std::string reason;
  caf::timestamp died;
};

/// The job that carries an order. Its id is made of the order alone: the same order, the same job.
job_order make_job(const process_message& x);
job_order make_job(const route_message& x);
job_order make_job(const check_delivery& x);
job_order make_job(const update_message& x);
job_order make_job(const reject_message& x);
job_order make_job(const retrieve_object& x);
job_order make_job(const message_changed& x);
job_order make_job(const deliver_callback& x);
job_order make_job(const channel_notified& x);
job_order make_job(const verify_intent& x);
job_order make_job(const write_to_medium& x);

/// Reads a job's body again. Fails with internal: somebody else wrote to the stream.
template <class Order>
caf::expected<Order> parse_order(std::string_view body);

/// What goes through a stream: the ticket and the order, as JSON.
std::string encode_delivery(const job_ticket& ticket, const job_order& job);
struct job_delivery {
  job_ticket ticket;
  std::string about;
  std::string body;
};
caf::expected<job_delivery> decode_delivery(std::string_view payload);
/// What JetStream drops repetitions by: id, generation and attempt.
std::string publication_id(const job_ticket& ticket);

IGL_INSPECT(process_message, x.content, x.channel_id, x.channel_txn_id, x.said)
IGL_INSPECT(route_doubt, x.channels, x.times)
IGL_INSPECT(route_message, x.content, x.round, x.tried, x.reasons, x.doubt, x.taken_back_by)
IGL_INSPECT(check_delivery, x.content, x.round, x.tried, x.channel_id, x.channel_txn_id, x.last,
            x.doubt, x.confirmed, x.taken_back_by)
IGL_INSPECT(update_message, x.about, x.patch, x.reason, x.next_round)
IGL_INSPECT(reject_message, x.about, x.reason)
IGL_INSPECT(retrieve_object, x.about, x.multihash, x.from, x.grant_to, x.depth)
IGL_INSPECT(notice, x.topic, x.body, x.media_type, x.number)
IGL_INSPECT(spread_place, x.notice, x.topic, x.callback)
IGL_INSPECT(message_changed, x.about, x.cause, x.notices, x.from)
IGL_INSPECT(deliver_callback, x.about, x.cause, x.callback, x.topic, x.body, x.event)
IGL_INSPECT(channel_notified, x.channel_id, x.message_id, x.unreadable, x.half)
IGL_INSPECT(verify_intent, x.mode, x.topic, x.topic_as_asked, x.callback, x.secret, x.lease,
            x.request_id)
IGL_INSPECT(write_to_medium, x.said, x.sent, x.absent, x.doubt)
IGL_INSPECT(job_ticket, x.id, x.generation, x.attempt)
IGL_INSPECT(job_order, x.id, x.on, x.about, x.body, x.due, x.lane, x.place)
IGL_INSPECT(open_job, x.order, x.number, x.generation, x.attempts, x.last_error, x.opened)
IGL_INSPECT(dead_letter, x.number, x.job, x.reason, x.died)
IGL_INSPECT(job_delivery, x.ticket, x.about, x.body)

} // namespace igl
