#pragma once

#include "messages/channel.hpp"
#include "messages/jurisdiction.hpp"
#include "messages/message.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// An API that a listener can serve.
enum class api : uint8_t {
  message,
  document,
  subscriptions,
  message_reception,
  channel,
  operation
};
std::string to_string(
    api x); // "message", "document", "subscriptions", "message-reception", "channel", "operator"

/// An address and what is served there.
struct listener_settings {
  std::string address; ///< "127.0.0.1:5103"; port 0: a free one
  std::vector<api> apis;
};

/// When to try again: after `first`, then twice as long each time up to `longest`, each pause up to
/// `jitter` of itself longer; `attempts` in all.
struct retry_settings {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds longest{std::chrono::minutes{10}};
  uint32_t attempts = 12;
  double jitter = 0.2;
};

/// The pause before attempt `failed + 1`; `chance` in [0, 1) is the caller's.
std::chrono::milliseconds pause_after(const retry_settings& x, uint32_t failed, double chance);

/// What a channel or a message is filtered by. A pattern is a text, or `UN.CEFACT.*`: everything
/// below; case does not matter for predicates, subjects and objs. Denied wins over allowed; an
/// empty allow list allows any.
struct filter_settings {
  std::vector<std::string> allow;
  std::vector<std::string> deny;

  bool passes(std::string_view value) const;
};

enum class channel_auth : uint8_t { none, token, oauth2 };
std::string to_string(channel_auth x); // "none", "token", "oauth2"
struct channel_auth_settings {
  channel_auth kind = channel_auth::none;
  std::string client_id;
  std::string client_secret;
  std::string scope;
  std::string token_endpoint;
  std::string token{}; ///< of the kind token: sent as it is
};

/// A channel as a node's operator configures it; the order in the file is the order of preference.
struct channel_settings {
  std::string id;   ///< [a-z0-9-]+
  std::string name; ///< for people
  std::string kind = "http";
  std::string url;
  channel_auth_settings auth;
  std::vector<std::string> jurisdictions; ///< whom it reaches; empty: anybody
  /// Which halves of the Channel API its endpoint serves for us.
  std::vector<channel_half> serves{channel_half::posting, channel_half::receiving};
  filter_settings sender, receiver, subject, obj, predicate;
  bool sends_sender_ref =
      true; ///< false: the five fields only (channels of the reference software)
  bool has_updated_since = true; ///< false: each notification is fetched by its id
  std::string subscription_path = "/subscriptions";
  std::string subscription_secret;               ///< hub.secret; empty: none
  std::chrono::milliseconds poll_interval{2000}; ///< between two questions about a posted message
  /// How long a confirmation may be revoked, and is asked about, unless the channel says that its
  /// confirmations are final; 0: they are, whatever it says.
  std::chrono::milliseconds revocable_for{std::chrono::hours{1}};
  std::chrono::milliseconds updates_interval{30000}; ///< between two questions about what is new
  std::chrono::milliseconds timeout{10000};
  uint32_t in_flight = 32; ///< requests at once

  bool serves_half(channel_half which) const;
  /// Why the channel does not take the message; empty: it does.
  std::string screens(const message& x) const;
};

/// What is common to a node and an endpoint.
struct process_settings {
  std::string data_dir;
  std::vector<std::string> extra_jurisdictions;
  std::vector<listener_settings> listeners;
  std::string
      operator_token; ///< bearer token of the operator API; empty: loopback only, none asked

  // [streams]
  std::string streams_kind = "jetstream"; ///< or "in-process"
  std::string streams_url;                ///< empty: embedded nats-server
  std::string
      nats_server; ///< path of the program; empty: looked up in PATH, /usr/sbin, /usr/local/bin
  uint32_t jobs_in_flight = 256; ///< per stream
  std::chrono::milliseconds ack_wait{30000};
  std::chrono::milliseconds reconcile_interval{10000};

  // [limits]
  uint64_t message_bytes = 64 * 1024;
  uint64_t document_bytes = uint64_t{10} * 1024 * 1024 * 1024;
  uint32_t connections = 2048;
  uint32_t connections_per_address = 512; ///< 0: any number, for those behind a proxy
  uint64_t header_bytes = 64 * 1024;
  uint64_t chunk_bytes = 1024 * 1024;           ///< of a body that comes in chunks
  uint64_t upload_memory = uint64_t{256} << 20; ///< what all uploads together may hold
  uint32_t requests_in_flight = 1024;
  uint64_t callback_answer_bytes = 64 * 1024;

  // [timeouts]
  std::chrono::milliseconds callback_timeout{10000};
  std::chrono::milliseconds shutdown_timeout{10000};
  std::chrono::milliseconds idle_connection{60000};

  // [hub]
  std::string hub_url; ///< what the Link header calls the hub; empty: the listener's own address
  bool verify_intent = true;
  uint32_t callbacks_per_host = 16; ///< in flight at once
  std::chrono::milliseconds shortest_lease{std::chrono::hours{1}};
  std::chrono::milliseconds longest_lease{std::chrono::hours{8760}};
  std::chrono::milliseconds default_lease{std::chrono::hours{120}}; ///< none was asked for
  std::string callback_signature = "sha256"; ///< or "sha384", "sha512", "sha1"
  /// Callbacks that may be called though they are in a network of their own: "127.0.0.0/8",
  /// "10.1.2.3", "::1", "subscriber.internal".
  std::vector<std::string> allowed_callbacks;
  std::chrono::milliseconds longest_retry_after{std::chrono::hours{1}};
  uint32_t callbacks_per_url = 100; ///< begun within ten seconds; 0: any number
  uint32_t breaker_failures = 10;   ///< in a row, of one URL, or of a silent host; 0: for ever
  std::chrono::milliseconds breaker_pause{30000}; ///< then it is left alone for so long
  std::chrono::milliseconds keep_events{
      std::chrono::hours{168}}; ///< for subscribers that were away
  bool publish = false;         ///< hub.mode=publish: topics that are URLs
  std::chrono::milliseconds ending_notice{std::chrono::minutes{30}}; ///< before a lease ends

  // [retry.<stream>]
  retry_settings retry_internal;        ///< inbox, message-updates, rejected, notifications
  retry_settings retry_outbox;          ///< a channel that does not answer
  retry_settings retry_channel_pending; ///< a channel that cannot be asked
  retry_settings retry_object_retrieval;
  retry_settings retry_callback;
  retry_settings retry_revoked; ///< node: a message that a channel took back is routed anew
  retry_settings retry_channel_notifications;
  retry_settings retry_verification;
  retry_settings retry_medium; ///< endpoint: before undeliverable

  // [log]
  std::string log_level = "info";

  jurisdictions known_jurisdictions() const { return jurisdictions{extra_jurisdictions}; }
};

/// `igl node`.
struct node_settings : process_settings {
  std::string jurisdiction;
  bool accept_foreign_sender = false;
  std::string reception_url; ///< how channels reach this node's reception API; empty: its listener
  std::vector<channel_settings> channels;
  std::map<std::string, std::string> document_apis; ///< jurisdiction → base URL

  // [spider]
  uint32_t link_depth = 4;
  uint32_t links_per_document = 100;
  uint64_t retrieved_document_bytes = uint64_t{1} * 1024 * 1024 * 1024;
  uint32_t retrievals_per_jurisdiction = 8;
  std::chrono::milliseconds retrieval_timeout{300000};
};

enum class medium_kind : uint8_t { memory, shared_database, stream, chain, api };
std::string to_string(medium_kind x); // "memory", "shared-database", "stream", "chain", "api"

/// A node that may use an endpoint, and as whose it posts and reads: one of [[nodes]].
struct node_access {
  std::string id; ///< [a-z0-9-]+; what logs call it
  std::string jurisdiction;
  std::string token;   ///< its bearer token; empty: it has none
  std::string subject; ///< `sub` of the JSON Web Tokens it sends; empty: it sends none
};

/// An other side of a channel whose medium is its sides' APIs: one of [[peers]].
struct peer_settings {
  std::string id;                         ///< [a-z0-9-]+; what logs call it
  std::vector<std::string> jurisdictions; ///< for whom it takes messages, and as whom it may post
  std::string url;              ///< below it is its /messages/incoming; empty: it takes nothing
  channel_auth_settings auth;   ///< how we show it who we are
  std::string token;            ///< the bearer token it shows us; empty: it has none
  std::string subject;          ///< `sub` of the JSON Web Tokens it shows us; empty: it shows none
  bool sends_sender_ref = true; ///< false: the five fields only (the reference software)
  std::chrono::milliseconds timeout{10000}; ///< how long it may take to answer
  uint32_t in_flight = 16;                  ///< messages on their way to it at once
};

/// How an endpoint finds out who is asking: [access].
struct access_settings {
  std::string jwks;     ///< file or URL of the keys that sign JSON Web Tokens; empty: none
  std::string issuer;   ///< `iss` of every token
  std::string audience; ///< what `aud` has to name
  std::string jurisdiction_claim; ///< the claim that names the jurisdiction; empty: [[nodes]] do
  std::chrono::milliseconds jwks_refresh{std::chrono::minutes{10}};
  std::chrono::milliseconds clock_leeway{30000};
};

/// `igl endpoint`.
struct endpoint_settings : process_settings {
  std::string id;                         ///< [a-z0-9-]+
  std::vector<std::string> jurisdictions; ///< whose messages this endpoint posts and receives
  std::vector<std::string> participants;  ///< everybody on the channel
  medium_kind medium = medium_kind::shared_database;
  std::string medium_path;   ///< shared-database, chain: the folder all sides can open; api: ours
  std::string medium_url;    ///< stream: its NATS
  std::string medium_stream; ///< stream: its name
  uint32_t medium_replicas = 1;                  ///< stream: in a cluster
  std::chrono::milliseconds medium_interval{5};  ///< between two looks at the medium
  uint32_t medium_confirmations = 3;             ///< chain: blocks that make a message confirmed
  std::chrono::milliseconds medium_grace{30000}; ///< chain: from missing to gone
  std::chrono::milliseconds medium_block_interval{1000}; ///< chain: 0: blocks are made by command
  std::chrono::milliseconds medium_send_again{10000};    ///< chain: between looks after a message
  uint32_t medium_sends = 5;                             ///< chain: then undeliverable
  filter_settings sender, receiver, subject, obj, predicate;
  bool may_revoke = false; ///< PUT /messages/<id>/status
  std::vector<channel_half> serves{channel_half::posting, channel_half::receiving};
  access_settings access;
  std::vector<node_access> nodes;
  std::vector<peer_settings> peers; ///< api: the other sides

  bool serves_half(channel_half which) const;
  /// Whether a message that is confirmed here may be revoked.
  bool takes_back() const { return medium == medium_kind::chain || may_revoke; }
  /// False: whoever reaches the endpoint may post and read as any of its jurisdictions.
  bool asks_who() const { return !nodes.empty() || !access.jwks.empty(); }
  /// False: whoever reaches the endpoint may hand it messages as any of the other sides.
  bool asks_peers() const;
};

} // namespace igl
