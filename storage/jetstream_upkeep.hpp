#pragma once

#include "storage/jetstream.hpp"
#include "storage/jetstream_answers.hpp"
#include "storage/jetstream_consumer.hpp"
#include "storage/jetstream_order.hpp"

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace igl {

/// Keeps a connection to the NATS server and everything on it in order: opens it again when it
/// breaks, sets up streams and consumers, mends them, tells our consumers. One thread does that,
/// another one keeps the deadlines. Thread-safe.
class jetstream_upkeep {
public:
  using clock = std::chrono::steady_clock;

  explicit jetstream_upkeep(jetstream_options how);
  /// Ends its threads; whoever still waits for an answer hears that none will come.
  ~jetstream_upkeep();

  /// None: the server is there and its streams are in order. Otherwise unavailable, and why.
  caf::error absence() const;
  std::string address() const;
  /// In bytes; what the server takes.
  size_t largest_payload() const;

  /// Sends something that will be answered. Without a connection the answer is none, at once.
  void ask(haste how, const std::string& subject, const std::string& payload,
           const std::string& message_id, std::chrono::milliseconds timeout,
           jetstream_answers::answered by);
  /// A question to JetStream's API.
  void ask(const std::string& subject, jetstream_answers::answered by) {
    ask(haste::at_once, subject, {}, {}, how_.api_timeout, std::move(by));
  }
  /// Looks after a stream in a while.
  void to_mend(stream which, std::chrono::milliseconds in);
  void add(const std::shared_ptr<jetstream_consumer>& x);

  const jetstream_api::names& names_of(stream x) const { return names_[static_cast<size_t>(x)]; }
  /// What the server says in a message, or that it says nothing.
  static jetstream_api::answer read(const nats_message* x);

private:
  // -- on the upkeep thread -----------------------------------------------------------------------

  void keep_in_order();
  caf::error open_link();
  void close_link();
  caf::error set_up_streams();
  void begin_service();
  void serve_until_broken();
  void mend_now(stream which);
  void attach_consumers();
  /// Whether the connection, or a stream, could be put in order. Patience with it ends when it
  /// could not for long.
  void judge(const std::string& what, bool in_order);
  bool rest(std::chrono::milliseconds pause);
  ask_jetstream asking();
  wanted_stream wanted(stream x) const;

  // -- on others ----------------------------------------------------------------------------------

  void keep_deadlines();
  void on_answer(const nats_message& x);
  void on_closed(const std::string& why);
  std::vector<std::shared_ptr<jetstream_consumer>> consumers();
  void note(const std::string& why);

  const jetstream_options how_;
  std::vector<jetstream_api::names> names_; ///< by stream
  jetstream_answers answers_;

  mutable std::mutex lock_;
  std::condition_variable wake_;
  std::shared_ptr<nats_link> link_;
  std::unique_ptr<nats_link::subscription> listening_;
  std::string inbox_;
  std::string why_ = "not connected yet"; ///< not ready
  bool ready_ = false;
  bool served_ = false; ///< was ready once: consumers of this process may have taken jobs
  bool broken_ = false;
  bool stopping_ = false;
  bool stopped_ = false;   ///< the upkeep thread has ended
  bool to_attach_ = false; ///< there are consumers that know no connection
  std::set<stream> used_;
  std::map<stream, jetstream_api::stream_state> states_;
  std::map<stream, clock::time_point> to_mend_;
  std::vector<std::weak_ptr<jetstream_consumer>> consumers_;

  std::map<std::string, clock::time_point> in_disorder_; ///< since when; of the upkeep thread
  std::thread upkeep_;
  std::thread deadlines_;
};

} // namespace igl
