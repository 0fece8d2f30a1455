#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace igl {

class web_exchange;

/// Counts the requests in flight and says whether one more is welcome. Thread-safe.
class traffic {
public:
  enum class admission : uint8_t { welcome, overloaded, draining };

  explicit traffic(uint32_t most) : most_(most) {}

  /// Counts the request in any case: a refusal is also an answer that has to be written.
  admission enter();
  void leave();
  /// A caller waits for work that takes long; its connection is silent, but not idle.
  void begin_wait(const std::string& address);
  void end_wait(const std::string& address);
  std::map<std::string, uint32_t> waiting();
  /// The body of this request comes in chunks. cpprestsdk forgets a connection whose chunks are
  /// malformed, so somebody has to look after it.
  void watch(std::weak_ptr<web_exchange> x);
  /// Those of them that are still there.
  std::vector<std::shared_ptr<web_exchange>> watched();
  /// From now on nothing is welcome.
  void drain();
  /// False: the time was over first.
  bool wait_until_idle(std::chrono::milliseconds at_most);
  /// Returns when no request has come for so long, or when the time is over.
  void wait_until_quiet(std::chrono::milliseconds for_so_long, std::chrono::milliseconds at_most);

private:
  std::mutex guard_;
  std::condition_variable idle_;
  uint32_t most_;
  uint32_t in_flight_ = 0;
  bool draining_ = false;
  std::chrono::steady_clock::time_point last_came_{};
  std::map<std::string, uint32_t> waiting_;
  std::vector<std::weak_ptr<web_exchange>> watched_;
};

} // namespace igl
