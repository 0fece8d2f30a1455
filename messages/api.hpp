#pragma once

#include "messages/queries.hpp"

#include <chrono>

namespace igl {

// -- what the APIs of wire.md are asked
// --------------------------------------------------------------

/// POST /message. The answer is the record as it is on disk.
struct post_message {
  message content;
};
struct patch_message {
  reference about;
  message_patch patch;
};

/// A document that lies in a spool file, to be stored for a jurisdiction. The file stays the
/// caller's.
struct store_document {
  std::string path;
  std::string jurisdiction;
};
struct document_stored {
  std::string multihash;
};
/// Fails with document_not_found, the same for unknown and for forbidden.
struct open_document {
  std::string multihash;
  std::string jurisdiction;
};

/// POST /subscriptions, form fields as they came; lease 0: not given.
struct subscription_request {
  std::string mode;
  std::string topic;
  std::string callback;
  std::string secret;
  std::string lease_seconds;     ///< as text; empty: not given
  std::string as_jurisdiction{}; ///< as in post_to_channel; a node's own hub does not look at it
};
struct subscription_accepted {
  uint8_t unused = 0;
};

/// What a channel's id ends with where it speaks of what we posted: `/channel-message/<id>/posted`.
inline constexpr std::string_view about_posted = "/posted";

/// GET /subscriptions/events: what a subscriber that was away has missed. Fails with
/// topic_validation.
struct read_hub_events {
  std::string topic; ///< as subscribed
  uint64_t after = 0;
  uint32_t limit = 100;
};
/// GET /subscriptions?callback=: how a subscriber does. Fails with subscription_not_found, the same
/// for a callback that nobody has subscribed and for one with another secret.
enum class report_reader : uint8_t { subscriber, operation };
struct report_subscriber {
  std::string callback;
  report_reader reader = report_reader::subscriber;
  std::string secret; ///< what the subscriber shows; an operator shows none
};
struct subscriber_report {
  std::string callback;
  std::vector<subscription> subscriptions; ///< those with this secret, or all
  found_lane deliveries;
  std::vector<event> latest; ///< of its deliveries, the latest first
};
/// What an operator does with a subscriber; each act but a test is an event.
enum class subscriber_act : uint8_t {
  pause,  ///< nothing is delivered to it, everything waits
  resume, ///< ends a pause
  drop,   ///< ends its subscriptions
  test,   ///< asks it whether it means its subscriptions, as when it subscribed; changes nothing
};
std::string to_string(subscriber_act x); // "pause", "resume", "drop", "test"
caf::optional<subscriber_act> parse_subscriber_act(std::string_view text);
struct act_on_subscriber {
  subscriber_act act = subscriber_act::pause;
  std::string callback;
  std::string who;
};
struct subscriber_acted {
  std::vector<std::string> outcomes; ///< sentences
  bool in_vain = false;              ///< something that was tried is not so
};

/// GET /channel-message/<id>: a channel asks whether we meant to subscribe.
struct confirm_channel_intent {
  std::string channel_id;
  std::string mode;
  std::string topic;
  std::string challenge;
  std::string lease_seconds{}; ///< as text; empty: not said
  std::string reason{};        ///< of a denial
};
struct channel_intent_confirmed {
  std::string challenge;
};
/// POST /channel-message/<id>.
struct channel_notification {
  std::string channel_id;
  std::string message_id;
  std::string body;      ///< as it came, for the signature
  std::string signature; ///< X-Hub-Signature, empty: none
};
struct notification_accepted {
  bool ignored = false; ///< its signature is not that of the channel
};

// -- what a channel is asked
// -------------------------------------------------------------------------

/// POST /messages of the Channel API.
struct post_to_channel {
  message content;             ///< sender_ref may be empty
  std::string idempotency_key; ///< the same key, the same id; empty: none
  /// Whose node asks, as an endpoint with access control found out; empty: it was not asked.
  std::string as_jurisdiction{};
};
struct channel_receipt {
  std::string id;
};
/// POST /messages/incoming: what another side of a channel hands over (wire.md, simplex). The
/// answer comes after it is on disk.
struct incoming_message {
  message content; ///< sender_ref may be empty
  std::string key; ///< the same key of the same sender is the same message; empty: none
  /// The peer that asks, as an endpoint with access control found out; empty: it was not asked.
  std::string from{};
};
struct find_channel_message {
  std::string id;
  std::string as_jurisdiction{}; ///< as in post_to_channel
};
/// GET /messages?updated_since=.
struct find_channel_updates {
  std::string cursor; ///< opaque, from the page before; empty: from `since`
  caf::timestamp since;
  std::string receiver;
  uint32_t limit = 500;
  std::string as_jurisdiction{}; ///< as in post_to_channel
  /// Not empty: what was posted for this sender, with its posting state, instead of what came in.
  std::string sender{};
};
struct find_participants {
  uint8_t unused = 0;
};
struct participants {
  std::vector<std::string> codes;
};
/// PUT /messages/<id>/status.
struct revoke_channel_message {
  std::string id;
  std::string as_jurisdiction{}; ///< as in post_to_channel
};

/// Has the keys that tokens are signed with read again, unless that was just done; the answer comes
/// when it is done.
struct renew_token_keys {
  std::string why; ///< "a token names the key k-2, which is not known"
};
struct token_keys_renewed {
  uint64_t keys = 0; ///< how many there are now
};

// -- HTTP, as actors speak of it
// ---------------------------------------------------------------------

struct http_header {
  std::string name;
  std::string value;
};
struct http_request {
  std::string method;
  std::string url;
  std::vector<http_header> headers;
  std::string body;
  std::chrono::milliseconds timeout{10000}; ///< for the whole exchange
  uint64_t max_body = 1 << 20;              ///< bytes of the answer's body; more: too_large
  /// The answer counts though its body does not: one that is longer than `max_body`, breaks off or
  /// is not over in time is cut, and the status given with what was read. Not with `save_to`.
  bool cut_body = false;
  std::string save_to;     ///< write the answer's body to this file; empty: into `body`
  std::string upload_file; ///< send this file as the one part of a multipart/form-data body; empty:
                           ///< send `body`
};
struct http_response {
  uint16_t status = 0;
  std::vector<http_header> headers;
  std::string body;
  bool is_cut = false; ///< the body has more than that; only if `cut_body` was asked for

  /// Case-insensitive; empty if absent.
  std::string header(std::string_view name) const;
};
/// The error an answer that is not 2xx stands for: peer_refused for 4xx, peer_failed for 5xx, 408
/// and 429.
caf::error error_of(const http_request& asked, const http_response& answered);

// -- supervision and operation
// -----------------------------------------------------------------------

struct supervision_query {
  uint8_t unused = 0;
};
/// A supervisor or a supervised actor, and what has become of it.
struct supervision_node {
  std::string name;
  std::string state; ///< "running", "restarting", "stopped", "gave up"
  uint32_t restarts = 0;
  std::string last_error;
  caf::timestamp last_error_at;
  caf::timestamp started;
  uint64_t mailbox = 0; ///< messages that wait for it
  std::string doing;    ///< now: "busy: …", or what it says; empty: nothing to speak of
  std::vector<supervision_node> children;
};
/// What a supervisor asks each of its children (messages/probes.hpp answers it).
struct actor_probe {
  uint8_t unused = 0;
};
struct actor_probed {
  uint64_t mailbox = 0; ///< messages that wait behind the question
  std::string doing;    ///< now, in a few words; empty: nothing to speak of
};

struct stream_status_query {
  uint8_t unused = 0;
};
struct stream_status {
  stream id = stream::inbox;
  uint64_t open = 0;      ///< open jobs in the ledger
  uint64_t waiting = 0;   ///< in the stream, not handed out
  uint64_t in_flight = 0; ///< handed out, not acknowledged
};
struct streams_status {
  bool connected = false;
  std::string detail; ///< "nats-server 2.9.10 at 127.0.0.1:4222 (embedded, pid 17)" or why not
  std::vector<stream_status> streams;
};

struct channel_health_query {
  uint8_t unused = 0;
};
struct channel_health {
  std::string id;
  std::string kind;
  std::string url;
  bool up = false;
  std::string last_error;
  caf::timestamp last_error_at;
  std::string cursor;
  caf::timestamp subscribed_until; ///< epoch: not subscribed
  uint64_t bad_signatures = 0;     ///< notifications that were ignored
};

/// Read the file of the configuration, and the environment, again.
struct reload_configuration {
  std::string who; ///< "SIGHUP", "operator at 127.0.0.1"
};
enum class reload_result : uint8_t {
  unchanged, ///< it says what is in force already
  reloaded,  ///< what it says is in force now
  refused,   ///< nothing was changed
};
std::string to_string(reload_result x); // "unchanged", "reloaded", "refused"
caf::optional<reload_result> parse_reload_result(std::string_view text);
/// What came of a reload.
struct configuration_reload {
  caf::timestamp at; ///< epoch: there was none
  std::string who;
  reload_result result = reload_result::unchanged;
  std::vector<std::string> said; ///< what is different now and what to mind, or each mistake
};
struct last_reload_query {
  uint8_t unused = 0;
};

struct node_status_query {
  uint8_t unused = 0;
};
struct node_status {
  std::string service; ///< "igl-node" or "igl-endpoint"
  std::string name;    ///< jurisdiction, or endpoint id
  std::string version;
  caf::timestamp started;
  ledger_figures ledger;
  streams_status streams;
  std::vector<channel_health> channels;
  supervision_node tree;
  configuration_reload last_reload; ///< since it started
};

struct readiness_query {
  uint8_t unused = 0;
};
struct readiness_check {
  std::string what;
  bool ready = false;
  std::string detail;
};
struct readiness {
  std::vector<readiness_check> checks;
};

IGL_INSPECT(post_message, x.content)
IGL_INSPECT(patch_message, x.about, x.patch)
IGL_INSPECT(store_document, x.path, x.jurisdiction)
IGL_INSPECT(document_stored, x.multihash)
IGL_INSPECT(open_document, x.multihash, x.jurisdiction)
IGL_INSPECT(subscription_request, x.mode, x.topic, x.callback, x.secret, x.lease_seconds,
            x.as_jurisdiction)
IGL_INSPECT(subscription_accepted, x.unused)
IGL_INSPECT(read_hub_events, x.topic, x.after, x.limit)
IGL_INSPECT(report_subscriber, x.callback, x.reader, x.secret)
IGL_INSPECT(subscriber_report, x.callback, x.subscriptions, x.deliveries, x.latest)
IGL_INSPECT(act_on_subscriber, x.act, x.callback, x.who)
IGL_INSPECT(subscriber_acted, x.outcomes, x.in_vain)
IGL_INSPECT(confirm_channel_intent, x.channel_id, x.mode, x.topic, x.challenge, x.lease_seconds,
            x.reason)
IGL_INSPECT(channel_intent_confirmed, x.challenge)
IGL_INSPECT(channel_notification, x.channel_id, x.message_id, x.body, x.signature)
IGL_INSPECT(notification_accepted, x.ignored)
IGL_INSPECT(post_to_channel, x.content, x.idempotency_key, x.as_jurisdiction)
IGL_INSPECT(channel_receipt, x.id)
IGL_INSPECT(find_channel_message, x.id, x.as_jurisdiction)
IGL_INSPECT(find_channel_updates, x.cursor, x.since, x.receiver, x.limit, x.as_jurisdiction,
            x.sender)
IGL_INSPECT(incoming_message, x.content, x.key, x.from)
IGL_INSPECT(find_participants, x.unused)
IGL_INSPECT(participants, x.codes)
IGL_INSPECT(revoke_channel_message, x.id, x.as_jurisdiction)
IGL_INSPECT(renew_token_keys, x.why)
IGL_INSPECT(token_keys_renewed, x.keys)
IGL_INSPECT(http_header, x.name, x.value)
IGL_INSPECT(http_request, x.method, x.url, x.headers, x.body, x.timeout, x.max_body, x.cut_body,
            x.save_to, x.upload_file)
IGL_INSPECT(http_response, x.status, x.headers, x.body, x.is_cut)
IGL_INSPECT(supervision_query, x.unused)
IGL_INSPECT(supervision_node, x.name, x.state, x.restarts, x.last_error, x.last_error_at, x.started,
            x.mailbox, x.doing, x.children)
IGL_INSPECT(actor_probe, x.unused)
IGL_INSPECT(actor_probed, x.mailbox, x.doing)
IGL_INSPECT(stream_status_query, x.unused)
IGL_INSPECT(stream_status, x.id, x.open, x.waiting, x.in_flight)
IGL_INSPECT(streams_status, x.connected, x.detail, x.streams)
IGL_INSPECT(channel_health_query, x.unused)
IGL_INSPECT(channel_health, x.id, x.kind, x.url, x.up, x.last_error, x.last_error_at, x.cursor,
            x.subscribed_until, x.bad_signatures)
IGL_INSPECT(reload_configuration, x.who)
IGL_INSPECT(configuration_reload, x.at, x.who, x.result, x.said)
IGL_INSPECT(last_reload_query, x.unused)
IGL_INSPECT(node_status_query, x.unused)
IGL_INSPECT(node_status, x.service, x.name, x.version, x.started, x.ledger, x.streams, x.channels,
            x.tree, x.last_reload)
IGL_INSPECT(readiness_query, x.unused)
IGL_INSPECT(readiness_check, x.what, x.ready, x.detail)
IGL_INSPECT(readiness, x.checks)

} // namespace igl
