#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace igl {

/// The arithmetic of a consumer's credit: how many jobs to ask the server for, and when.
///
///     credit = jobs with the worker + jobs asked for and not yet here + free
///
/// Jobs are asked for in pull requests of several. A job does not say which request brought it, so
/// the sum is kept: a job takes one off; a request that ends early takes off what the server says
/// it still owed. The sum starts afresh when the server has been silent, or when the last request
/// must have ended. No clock, no I/O, no lock.
class pull_window {
public:
  using clock = std::chrono::steady_clock;
  struct limits {
    uint32_t credit = 1;
    std::chrono::milliseconds ack_wait{30000};
    std::chrono::milliseconds expires{30000}; ///< of a pull request
    std::chrono::milliseconds silence{4000};  ///< after which a waiting request is given up
  };
  explicit pull_window(limits of) : limits_(of) {}

  /// How many to ask for now (0: ask for nothing); counted as asked.
  uint32_t next(clock::time_point now);

  enum class arrival : uint8_t { taken, refused };
  /// A job is here. Refused: it is beyond the credit and goes back to the server.
  arrival arrived(const std::string& acknowledgement, clock::time_point now);
  /// The server ended a request that still owed `left` jobs.
  void ended(uint32_t left);
  /// The server is alive.
  void heard(clock::time_point now) { last_heard_ = now; }

  /// Whether the job was with the worker; its credit is free again.
  bool settled(const std::string& acknowledgement);
  void kept_alive(const std::string& acknowledgement, clock::time_point now);

  /// Frees the credit of jobs that the server will deliver again, and forgets requests that a
  /// silent server does not serve any more.
  void tick(clock::time_point now);
  /// The connection is gone: no request is left, jobs stay with the worker.
  void forget_requests();

  uint32_t in_flight() const { return static_cast<uint32_t>(with_worker_.size()); }
  uint32_t asked() const { return asked_; }

private:
  limits limits_;
  uint32_t asked_ = 0;
  clock::time_point last_heard_{};
  clock::time_point last_asked_{};
  std::unordered_map<std::string, clock::time_point> with_worker_; ///< → when it is overdue
};

} // namespace igl
