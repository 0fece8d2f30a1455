#pragma once

#include "actors/commands/demo_network.hpp"
#include "tests/torture/parcel.hpp"

#include <atomic>
#include <condition_variable>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace igl::torture {

/// What the clients of a load saw.
struct tally {
  uint64_t messages = 0;  ///< that got a 201, once each
  uint64_t documents = 0; ///< that got a 2xx
  /// What was tried again, by reason: no connection, a broken one, no answer in time, 503.
  std::map<std::string, uint64_t> retries;
  /// What HTTP does not let a client try again: answers that nobody should have got.
  std::map<std::string, uint64_t> faults;
};

/// Businesses of all nations that post messages and documents, each lane on a thread of its own, at
/// a steady pace. What does not get an answer is sent again with the same reference.
class load {
public:
  struct options {
    uint64_t seed = 0;
    double messages_per_second = 30; ///< all lanes together
    std::string promises_file;       ///< what got a 201 is written there before it is counted
  };
  load(demo_network& network, options how);
  ~load();
  load(const load&) = delete;
  load& operator=(const load&) = delete;

  /// Nothing new is begun; what was begun goes on until it has its answer.
  void finish();
  /// True when all that was begun has its answer.
  bool finished() const { return at_work_ == 0; }
  /// Ends at once.
  void abandon();

  tally seen() const;
  static std::vector<lane> lanes(const demo_network& network);

private:
  struct client;

  void post_all(const lane& over);
  bool store(client& c, const parcel& x, const std::string& document);
  bool post(client& c, const parcel& x);
  /// Until it is answered with one of 2xx. False: abandoned.
  bool send(client& c, const http_request& what);
  void pause(std::chrono::milliseconds x);
  void count_retry(const std::string& why);

  demo_network& network_;
  options how_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  tally seen_;
  std::ofstream promises_;
  bool finishing_ = false;
  bool abandoned_ = false;
  std::atomic<size_t> at_work_{0};
  std::vector<std::thread> threads_;
};

/// What a promises file says: the messages that got a 201, with the lane and number of each.
struct promise {
  lane over;
  uint64_t number = 0;
  message content;
};
std::vector<promise> read_promises(const std::string& file);

} // namespace igl::torture
