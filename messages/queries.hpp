#pragma once

#include "messages/settlement.hpp"

namespace igl {

/// A stored document.
struct object_info {
  std::string multihash;
  uint64_t upload = 0;
  uint64_t size = 0; ///< bytes
};

// What the ledger can be asked. Each question is a struct; "found" answers carry an optional.

struct find_message {
  reference about;
};
struct found_message {
  caf::optional<message_record> record;
};

struct find_channel_record {
  channel_half half = channel_half::posting;
  std::string id;
};
struct found_channel_record {
  caf::optional<channel_record> record;
};

/// Changed after `version` or, when that is 0, at or after `since`; in order of version.
struct channel_records_since {
  channel_half half = channel_half::receiving;
  uint64_t version = 0;
  caf::timestamp since;
  std::string receiver; ///< empty: any
  uint32_t limit = 100;
  std::string sender{}; ///< empty: any
};
struct channel_records {
  std::vector<channel_record> records;
  uint64_t version = 0;
  bool more = false;
};

/// All events about something, in order; or, with `about` empty, all events after a number.
struct find_events {
  std::string about;
  uint64_t after = 0;
  uint32_t limit = 1000;
};
struct found_events {
  std::vector<event> events;
};

struct find_object {
  std::string multihash;
};
struct found_object {
  caf::optional<object_info> info;
};
struct may_read {
  std::string multihash;
  std::string jurisdiction;
};
struct access {
  bool granted = false;
};
/// A piece is document_piece_size bytes, the last one may be shorter.
inline constexpr size_t document_piece_size = 256 * 1024;
struct read_piece {
  uint64_t upload = 0;
  uint32_t piece = 0;
};
struct document_piece {
  std::string bytes;
};

/// A place in an order of subscriptions. Without a callback: the beginning.
struct subscriber_place {
  std::string topic; ///< canonical
  std::string callback;
};

/// Live subscriptions (not ended at `at`) that want to be told of a topic. In pages, a callback
/// comes once, under the longest of its topics.
struct find_subscribers {
  std::string topic;
  caf::timestamp at;
  subscriber_place after{};
  uint32_t limit = 0; ///< of a page; 0: all at once, each subscription
  /// Of the hub's event that they are told of: those that came later are not among them. 0: all.
  uint64_t event = 0;
};
struct found_subscribers {
  std::vector<subscription> subscriptions;
  caf::optional<subscriber_place> next{}; ///< go on after this; none: that was all
};

/// Live subscriptions, all or those of one callback, in a fixed order.
struct find_subscriptions {
  std::string callback; ///< empty: all
  subscriber_place after{};
  uint32_t limit = 100;
};
struct found_subscriptions {
  std::vector<subscription> subscriptions;
};

/// What the hub tells the subscribers of a topic.
struct hub_event {
  uint64_t number = 0; ///< grows with each
  caf::timestamp at;
  std::string topic;
  std::string about;
  std::string media_type; ///< empty: application/json
  std::string body;
};
struct find_hub_event {
  uint64_t number = 0;
};
struct found_hub_event {
  caf::optional<hub_event> what; ///< none: it is no longer kept
};
/// What subscribers of a topic have been told, or are being told, after an event; in order.
struct find_hub_events {
  std::string topic; ///< canonical, as subscribed
  uint64_t after = 0;
  uint32_t limit = 100;
};
struct found_hub_events {
  std::vector<hub_event> events;
  uint64_t kept_from = 0; ///< whatever had a lower number is no longer kept
};

/// How the jobs of a lane (orders.hpp) do.
struct find_lane {
  std::string lane;
};
struct found_lane {
  bool held = false;
  uint64_t waiting = 0; ///< open jobs, the one that is being done among them; 10000: or more
  caf::optional<open_job> first;
};

/// The last events about something, the latest first.
struct find_latest_events {
  std::string about;
  uint32_t limit = 10;
};
struct find_subscription {
  std::string topic; ///< canonical
  std::string callback;
  /// Of what the callback has subscribed to: none of this topic, then the next one above it.
  bool or_above = false;
};
struct found_subscription {
  caf::optional<subscription> what;
};

/// Subscriptions whose lease ends after one time and not after another, the first to end first.
struct find_ending_subscriptions {
  caf::timestamp after;
  caf::timestamp until;
  uint32_t limit = 500; ///< a page is longer where it would part what ends at the same time
};
struct found_ending_subscriptions {
  std::vector<subscription> subscriptions;
};

struct find_cursor {
  std::string name;
};
struct found_cursor {
  std::string value;
};

/// A place in a stream's queue of due jobs: due time, then order of opening.
struct due_place {
  caf::timestamp due;
  uint64_t number = 0;
};
/// Open jobs of one stream after a place that are due at `at`, in order.
struct due_jobs {
  stream on = stream::inbox;
  due_place after;
  caf::timestamp at;
  uint32_t limit = 512;
};
struct found_due_jobs {
  std::vector<open_job> jobs;
  due_place last; ///< go on after this
  caf::timespan ahead{
      0}; ///< the ledger's time, on which jobs are due, is so far ahead of the clock
  caf::optional<caf::timestamp> next_due; ///< of the first job that is not due yet
};

/// What many dead letters have in common (messages/dead_letters.hpp finds it out).
struct dead_letter_cause {
  stream on = stream::inbox;
  std::string code; ///< name of an error code; empty: the worker said why in its own words
  std::string peer; ///< origin of a URL, channel or jurisdiction; empty: nobody else had part in it
};
/// In order of their numbers. With a cause a page may be shorter than the limit, and empty, though
/// it is not the last.
struct find_dead_letters {
  uint64_t after = 0;
  uint32_t limit = 100;
  caf::optional<dead_letter_cause> of{}; ///< none: all
};
struct found_dead_letters {
  std::vector<dead_letter> letters;
  caf::optional<uint64_t> next{}; ///< go on after this; none: that was all
};

/// The dead letters of one cause, as far as somebody has looked.
struct dead_letter_group {
  dead_letter_cause cause;
  uint64_t count = 0;
  uint64_t first_number = 0;
  caf::timestamp first;
  caf::timestamp last;
  std::string last_reason;
};
/// Looks at so many dead letters after a number. A cause comes once in a page; whoever reads
/// several pages adds them up.
struct find_dead_letter_groups {
  uint64_t after = 0;
  uint32_t limit = 1000;
};
struct found_dead_letter_groups {
  std::vector<dead_letter_group> groups;
  caf::optional<uint64_t> next{}; ///< go on after this; none: that was all
};

/// Is this job still open?
struct find_job {
  std::string id;
};
struct found_job {
  caf::optional<open_job> job;
};

struct stream_count_of {
  stream id = stream::inbox;
  uint64_t open = 0;
};
/// The ledger in figures.
struct ledger_figures_query {
  uint8_t unused = 0;
};
struct ledger_figures {
  uint64_t events = 0;
  uint64_t messages = 0;
  uint64_t objects = 0;
  uint64_t subscriptions = 0;
  uint64_t dead_letters = 0;
  uint64_t open_jobs = 0;
  std::vector<stream_count_of> streams;
  uint64_t used_bytes = 0;
  uint64_t map_bytes = 0;
  uint64_t damaged = 0; ///< values that were found damaged since it was opened
  std::string damage;   ///< the first of them, in a sentence; empty: none
};

// Documents on their way in: pieces first, then `object_stored` in a settlement names them.

struct begin_upload {
  uint8_t unused = 0;
};
struct upload_begun {
  uint64_t upload = 0;
};
struct store_piece {
  uint64_t upload = 0;
  uint32_t piece = 0;
  std::string bytes;
};
struct piece_stored {
  uint32_t piece = 0;
};
struct abandon_upload {
  uint64_t upload = 0;
};

// What an operator does with dead letters; each act is an event.

struct replay_dead_letter {
  uint64_t number = 0;
  std::string who;
};
struct drop_dead_letter {
  uint64_t number = 0;
  std::string who;
};

// A copy of the whole ledger, made while it is at work.

struct back_up_ledger {
  std::string folder; ///< on the host of the ledger; absolute, and not there yet
  std::string who;
};
struct backup_query {
  uint8_t unused = 0;
};
/// How the last backup goes, or went.
struct backup_state {
  std::string state = "none"; ///< none (since the start), running, done or failed
  std::string folder;
  caf::timestamp began;
  uint64_t entries = 0; ///< copied so far
  uint64_t bytes = 0;
  uint64_t last_event = 0; ///< the newest one in the copy
  std::string error;       ///< why it failed
};

IGL_INSPECT(object_info, x.multihash, x.upload, x.size)
IGL_INSPECT(find_message, x.about)
IGL_INSPECT(found_message, x.record)
IGL_INSPECT(find_channel_record, x.half, x.id)
IGL_INSPECT(found_channel_record, x.record)
IGL_INSPECT(channel_records_since, x.half, x.version, x.since, x.receiver, x.limit, x.sender)
IGL_INSPECT(channel_records, x.records, x.version, x.more)
IGL_INSPECT(find_events, x.about, x.after, x.limit)
IGL_INSPECT(found_events, x.events)
IGL_INSPECT(find_object, x.multihash)
IGL_INSPECT(found_object, x.info)
IGL_INSPECT(may_read, x.multihash, x.jurisdiction)
IGL_INSPECT(access, x.granted)
IGL_INSPECT(read_piece, x.upload, x.piece)
IGL_INSPECT(document_piece, x.bytes)
IGL_INSPECT(subscriber_place, x.topic, x.callback)
IGL_INSPECT(find_subscribers, x.topic, x.at, x.after, x.limit, x.event)
IGL_INSPECT(found_subscribers, x.subscriptions, x.next)
IGL_INSPECT(find_subscriptions, x.callback, x.after, x.limit)
IGL_INSPECT(found_subscriptions, x.subscriptions)
IGL_INSPECT(hub_event, x.number, x.at, x.topic, x.about, x.media_type, x.body)
IGL_INSPECT(find_hub_event, x.number)
IGL_INSPECT(found_hub_event, x.what)
IGL_INSPECT(find_hub_events, x.topic, x.after, x.limit)
IGL_INSPECT(found_hub_events, x.events, x.kept_from)
IGL_INSPECT(find_lane, x.lane)
IGL_INSPECT(found_lane, x.held, x.waiting, x.first)
IGL_INSPECT(find_latest_events, x.about, x.limit)
IGL_INSPECT(find_subscription, x.topic, x.callback, x.or_above)
IGL_INSPECT(found_subscription, x.what)
IGL_INSPECT(find_ending_subscriptions, x.after, x.until, x.limit)
IGL_INSPECT(found_ending_subscriptions, x.subscriptions)
IGL_INSPECT(find_cursor, x.name)
IGL_INSPECT(found_cursor, x.value)
IGL_INSPECT(due_place, x.due, x.number)
IGL_INSPECT(due_jobs, x.on, x.after, x.at, x.limit)
IGL_INSPECT(found_due_jobs, x.jobs, x.last, x.ahead, x.next_due)
IGL_INSPECT(dead_letter_cause, x.on, x.code, x.peer)
IGL_INSPECT(find_dead_letters, x.after, x.limit, x.of)
IGL_INSPECT(found_dead_letters, x.letters, x.next)
IGL_INSPECT(dead_letter_group, x.cause, x.count, x.first_number, x.first, x.last, x.last_reason)
IGL_INSPECT(find_dead_letter_groups, x.after, x.limit)
IGL_INSPECT(found_dead_letter_groups, x.groups, x.next)
IGL_INSPECT(find_job, x.id)
IGL_INSPECT(found_job, x.job)
IGL_INSPECT(stream_count_of, x.id, x.open)
IGL_INSPECT(ledger_figures_query, x.unused)
IGL_INSPECT(ledger_figures, x.events, x.messages, x.objects, x.subscriptions, x.dead_letters,
            x.open_jobs, x.streams, x.used_bytes, x.map_bytes, x.damaged, x.damage)
IGL_INSPECT(begin_upload, x.unused)
IGL_INSPECT(upload_begun, x.upload)
IGL_INSPECT(store_piece, x.upload, x.piece, x.bytes)
IGL_INSPECT(piece_stored, x.piece)
IGL_INSPECT(abandon_upload, x.upload)
IGL_INSPECT(replay_dead_letter, x.number, x.who)
IGL_INSPECT(drop_dead_letter, x.number, x.who)
IGL_INSPECT(back_up_ledger, x.folder, x.who)
IGL_INSPECT(backup_query, x.unused)
IGL_INSPECT(backup_state, x.state, x.folder, x.began, x.entries, x.bytes, x.last_event, x.error)

} // namespace igl
