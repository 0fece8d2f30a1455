#pragma once

#include "messages/errors.hpp"
#include "storage/jetstream.hpp"
#include "storage/memory_streams.hpp"
#include "storage/nats_server.hpp"
#include "tests/contracts/streams_contract.hpp"
#include "tests/support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>

namespace igl {

using namespace std::chrono_literals;

/// Waits until a condition holds, at most half a minute.
template <class Condition>
bool wait_until(Condition holds) {
  for (auto until = std::chrono::steady_clock::now() + 30s;
       std::chrono::steady_clock::now() < until; std::this_thread::sleep_for(1ms))
    if (holds())
      return true;
  return false;
}

/// Streams in memory on a clock that stands still until it is told otherwise.
class memory_world {
public:
  static constexpr std::chrono::milliseconds ack_wait{30000};

  igl::streams& streams() { return *streams_; }
  void pass(std::chrono::milliseconds time) { now_ += caf::timespan{time}.count(); }
  template <class Condition>
  bool eventually(Condition holds) {
    return wait_until([&] {
      for (auto& x : stream_catalogue())
        streams_->mend(x.id);
      return holds();
    });
  }

private:
  std::atomic<int64_t> now_{1'700'000'000'000'000'000};
  std::shared_ptr<igl::streams> streams_ =
      make_memory_streams({ack_wait, [this] {
                             return caf::timestamp{caf::timespan{now_.load()}};
                           }});
};

/// JetStream on a nats-server of its own.
class jetstream_world {
public:
  static constexpr std::chrono::milliseconds ack_wait{1000};

  jetstream_world() : jetstream_world(options()) {}
  explicit jetstream_world(jetstream_options how) {
    start_server();
    streams_ = connected(std::move(how));
  }
  ~jetstream_world() {
    streams_.reset();
    server_.reset();
  }

  static jetstream_options options() {
    jetstream_options x;
    x.owner = "AU";
    x.only = {stream::inbox, stream::outbox};
    x.ack_wait = ack_wait;
    return x;
  }

  igl::streams& streams() { return *streams_; }
  void pass(std::chrono::milliseconds time) { std::this_thread::sleep_for(time); }
  template <class Condition>
  bool eventually(Condition holds) {
    return wait_until(holds);
  }

  nats_server& server() { return *server_; }
  /// One more user of the server, as another process is.
  std::shared_ptr<igl::streams> connected(jetstream_options how) {
    if (!how.url)
      how.url = [this] {
        return url();
      };
    how.remark = [this] {
      return description();
    };
    auto x = open_jetstream(std::move(how));
    REQUIRE(wait_until([&] { return x->connected(); }));
    return x;
  }
  std::string folder() const { return folder_.path(); }
  void close_streams() { streams_.reset(); }
  void open_streams(jetstream_options how) { streams_ = connected(std::move(how)); }
  void stop_server() {
    std::shared_ptr<nats_server> gone;
    {
      std::lock_guard guard{lock_};
      gone = std::move(server_);
    }
    REQUIRE(gone);
    gone.reset();
    if (streams_)
      REQUIRE(wait_until([this] { return !streams_->connected(); }));
  }
  void start_server() {
    nats_server_options how;
    how.folder = folder_.path();
    auto x = nats_server::start(how);
    REQUIRE_MESSAGE(x, sentence_of(x.error()));
    std::lock_guard guard{lock_};
    server_ = *x;
  }

private:
  std::string url() const {
    std::lock_guard guard{lock_};
    return server_ ? server_->url() : std::string{};
  }
  std::string description() const {
    std::lock_guard guard{lock_};
    return server_ ? server_->description() : std::string{"stopped"};
  }

  temporary_folder folder_;
  mutable std::mutex lock_;
  std::shared_ptr<nats_server> server_;
  std::shared_ptr<igl::streams> streams_;
};

} // namespace igl

TYPE_TO_STRING_AS("in memory", igl::memory_world);
TYPE_TO_STRING_AS("JetStream", igl::jetstream_world);
