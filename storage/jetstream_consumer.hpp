#pragma once

#include "storage/jetstream_api.hpp"
#include "storage/nats_link.hpp"
#include "storage/pull_window.hpp"
#include "storage/streams.hpp"

#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

namespace igl {

/// One place where jobs of a JetStream stream arrive: pulls them with credit, hands them over,
/// acknowledges them. Lives as long as its handle; outlives connections. Thread-safe.
class jetstream_consumer : public std::enable_shared_from_this<jetstream_consumer> {
public:
  struct options {
    stream from = stream::inbox;
    jetstream_api::names names;
    uint32_t credit = 1;
    std::chrono::milliseconds ack_wait;
    std::chrono::milliseconds heartbeat;
    streams::arrived on_job;
    std::function<void()> on_trouble; ///< the server does not know the consumer any more
  };
  explicit jetstream_consumer(options how);

  // -- told by whoever keeps the connection ---------------------------------------------------

  /// There is a connection, and the stream is in order and in this state.
  void attach(std::shared_ptr<nats_link> to, const jetstream_api::stream_state& state);
  /// The connection is the same; the stream or its consumer may have been created anew.
  void renew(const jetstream_api::stream_state& state);
  void detach();
  bool attached() const;
  void tick();

  // -- told by the worker -----------------------------------------------------------------------

  void acknowledge(const std::string& acknowledgement);
  void keep_alive(const std::string& acknowledgement);
  void pause();
  /// No callback runs or comes after this, unless it is itself the caller.
  void close();

  stream from() const { return how_.from; }

private:
  using guard = std::unique_lock<std::mutex>;

  void on_message(const nats_message& x);
  void on_job(const nats_message& x);
  void on_status(const nats_message& x);
  void pull(guard& held);
  void send(const std::string& acknowledgement, const char* verdict);
  void recognise(const jetstream_api::stream_state& state);
  std::string tagged(std::string_view reply) const;
  std::string_view untagged(const std::string& acknowledgement) const;

  const options how_;
  mutable std::mutex lock_;
  pull_window window_;
  std::shared_ptr<nats_link> link_;
  std::unique_ptr<nats_link::subscription> subscription_;
  std::string inbox_;
  uint64_t last_pull_ = 0;
  bool paused_ = false;
  bool troubled_ = false; ///< pulling makes no sense until `renew`

  // Which incarnation of the stream the sequence numbers belong to.
  std::string created_;
  uint64_t highest_ = 0;
  uint64_t incarnation_ = 0;
  std::deque<std::string> settled_; ///< the last ones; a broken connection may have lost them
};

} // namespace igl
