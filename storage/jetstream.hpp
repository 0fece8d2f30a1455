#pragma once

#include "storage/streams.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl {

struct jetstream_options {
  /// Jurisdiction or endpoint id. The streams are `<owner>-<name>`, their subjects
  /// `igl.<owner>.<name>`.
  std::string owner;
  /// `nats://[token@]host:port`, or several with commas. Asked again before each attempt to
  /// connect; empty: not known yet.
  std::function<std::string()> url;
  /// What `description()` adds in brackets: "2.9.10, embedded, pid 17". May be empty.
  std::function<std::string()> remark;
  /// Called each time the server is there and its streams are in order: the time to publish again
  /// what it may have lost. May come before open_jetstream returns, on another thread. May be
  /// empty.
  std::function<void()> on_ready;
  /// Called when the server is there and yet its streams could not be put in order for `patience`,
  /// and each `patience` after that: nats-server may hang while it runs, as after a full disk. On a
  /// thread of its own; must not wait. May be empty.
  std::function<void()> on_hopeless;
  /// The streams to keep in order; empty: the whole catalogue.
  std::vector<stream> only;
  /// No other process ever takes jobs from these streams: the server is this owner's own. Then what
  /// an earlier process held when it died is handed out again with the first connection. Otherwise
  /// it comes again after ack_wait, for a competitor may still be at it.
  bool sole_user = false;

  std::chrono::milliseconds ack_wait{30000};
  std::chrono::milliseconds publish_timeout{5000}; ///< until `published` hears unavailable
  std::chrono::milliseconds api_timeout{2000};     ///< connecting; one request to the server
  std::chrono::milliseconds heartbeat{2000};       ///< sent by the server while a pull waits
  std::chrono::milliseconds patience{30000};       ///< with a server that does not work
  std::chrono::milliseconds longest_pause{1000};   ///< between two attempts to connect
  uint32_t publishes_in_flight = 8192;             ///< one more is refused as overloaded
  uint32_t max_ack_pending = 16384; ///< per stream, of all consumers on all hosts together
  uint32_t replicas = 1;            ///< in a cluster
};

/// Streams on a NATS server with JetStream. Never fails because the server is away, now or later:
/// it connects when it can and creates or mends streams and consumers each time. Meanwhile
/// publishing fails at once with unavailable.
///
/// A consumer that is told of a lost connection keeps its credit: what was in flight can still be
/// acknowledged when the server is back.
///
/// Destroying it ends all callbacks; publishes that were in flight hear unavailable. Not to be
/// destroyed by one of its own callbacks.
std::shared_ptr<streams> open_jetstream(jetstream_options how);

} // namespace igl
