#pragma once

#include "messages/jobs_in_motion.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <string>

namespace igl {

/// How full a stream is, as its server says.
struct stream_level {
  uint64_t messages = 0;  ///< stored, handed out or not
  uint64_t waiting = 0;   ///< not handed out
  uint64_t in_flight = 0; ///< handed out, not acknowledged
  caf::timestamp oldest;  ///< when the oldest stored one came; epoch: empty
};

/// The durable hand-off of jobs: publish, pull, acknowledge. Thread-safe; nothing blocks except
/// where said. Callbacks come on threads of the implementation: they must be short and must not
/// throw.
///
/// Promises, kept by every implementation (tests/contracts/streams_contract.hpp):
/// - what was published and acknowledged to the publisher is delivered at least once, as long as
///   the implementation keeps its memory (a JetStream server may lose its folder: the ledger
///   knows);
/// - a publication id seen within the last two minutes is dropped, and reported as published;
/// - a consumer never has more jobs than it was given credit for;
/// - a delivered job that is not acknowledged within ack_wait, and not kept alive, is delivered
///   again; the credit it took is given back then.
class streams {
public:
  virtual ~streams() = default;

  /// Called once, if it is not empty; none: the stream has it.
  using published = std::function<void(caf::error)>;
  using arrived = std::function<void(job_arrived)>;

  /// Hands over a payload. The callback gets unavailable when the server does not answer in time;
  /// that does not say that the stream does not have it.
  virtual void publish(stream on, const std::string& publication_id, std::string payload,
                       published done) = 0;

  /// A place where jobs of one stream arrive. Starts with `credit` jobs; each acknowledge gives one
  /// back. Destroying it stops the deliveries; what is in flight is delivered again to others after
  /// ack_wait.
  class consumer {
  public:
    virtual ~consumer() = default;
    /// Settled: never deliver it again. Also gives the credit back.
    virtual void acknowledge(const std::string& acknowledgement) = 0;
    /// Still working: do not deliver it to others yet.
    virtual void keep_alive(const std::string& acknowledgement) = 0;
    /// No new deliveries; what is in flight can still be acknowledged.
    virtual void pause() = 0;
  };
  virtual std::unique_ptr<consumer> consume(stream from, uint32_t credit, arrived on_job) = 0;

  /// Asks the server; the callback gets unavailable when it does not answer.
  virtual void level(stream of, std::function<void(caf::expected<stream_level>)> done) = 0;

  /// Mends what a crash of the server can leave behind: jobs below the acknowledge floor (already
  /// settled, never delivered again, never removed), a consumer that stands beyond the end of its
  /// stream, a consumer or a stream that is gone. Safe at any time; called after each reconnect
  /// and by the reconciler.
  virtual void mend(stream which) = 0;

  /// Is the server there, and which one: "nats-server 2.9.10 at 127.0.0.1:4222 (embedded, pid 17)".
  virtual bool connected() const = 0;
  virtual std::string description() const = 0;
};

} // namespace igl
