#pragma once

#include "http/connection_watch.hpp"

#include <dirent.h>

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace igl {

/// The descriptors of this process. Needs none to look at them and to end a connection: when there
/// is none left, that has to be possible.
class own_descriptors {
public:
  own_descriptors();
  own_descriptors(const own_descriptors&) = delete;
  own_descriptors& operator=(const own_descriptors&) = delete;
  ~own_descriptors();

  void for_each(const std::function<void(int)>& visit);
  /// Shuts a connection down, if the descriptor still is the one that is meant.
  void end(int descriptor, const std::function<bool(int)>& is_meant);

private:
  DIR* folder_;
  int spare_; ///< a second name of the folder
};

/// cpprestsdk's listener has no time-outs and no bound on connections. This thread looks at the
/// process's own sockets up to twenty times per second and shuts down those that a connection_watch
/// condemns; cpprestsdk then sees them as closed by the peer.
class connection_guard {
public:
  using count_requests = std::function<requests_under_way()>;

  using tell_crowd = std::function<void(const crowd&)>;

  connection_guard(std::set<uint16_t> ports, connection_watch::limits how, count_requests requests,
                   tell_crowd tell);
  connection_guard(const connection_guard&) = delete;
  connection_guard& operator=(const connection_guard&) = delete;
  ~connection_guard();

private:
  void run();
  void sweep();

  own_descriptors descriptors_;
  std::set<uint16_t> ports_;
  connection_watch watch_;
  count_requests requests_;
  tell_crowd tell_;
  std::mutex guard_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Answers go out at once: cpprestsdk writes head and body apart, and the second part would wait
/// for the peer's acknowledgement of the first. Accepted sockets inherit it from the listening one.
void send_without_delay(uint16_t port);

} // namespace igl
