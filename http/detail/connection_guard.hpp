#pragma once

#include "http/connection_watch.hpp"

#include <condition_variable>
#include <functional>
#include <mutex>
#include <set>
#include <thread>

namespace igl {

/// cpprestsdk's listener has no time-outs and no bound on connections. This thread looks at the
/// process's own sockets once per second and shuts down those that a connection_watch condemns;
/// cpprestsdk then sees them as closed by the peer.
class connection_guard {
public:
  using waiting_requests = std::function<std::map<std::string, uint32_t>()>;

  connection_guard(std::set<uint16_t> ports, connection_watch::limits how,
                   waiting_requests waiting);
  connection_guard(const connection_guard&) = delete;
  connection_guard& operator=(const connection_guard&) = delete;
  ~connection_guard();

private:
  void run();
  void sweep();

  std::set<uint16_t> ports_;
  connection_watch watch_;
  waiting_requests waiting_;
  std::mutex guard_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

/// Answers go out at once: cpprestsdk writes head and body apart, and the second part would wait
/// for the peer's acknowledgement of the first. Accepted sockets inherit it from the listening one.
void send_without_delay(uint16_t port);

} // namespace igl
