#pragma once

#include "storage/nats_link.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <set>
#include <unordered_map>
#include <utility>

namespace igl {

/// The answers we wait for, each with a number and a deadline. Every `answered` is called exactly
/// once: with the message, or with nullptr when it did not come in time or cannot come any more.
/// Thread-safe; calls back without holding its lock.
class jetstream_answers {
public:
  using clock = std::chrono::steady_clock;
  using answered = std::function<void(const nats_message*)>;

  uint64_t expect(clock::time_point until, answered by);
  void arrived(uint64_t number, const nats_message& x);
  /// Nothing will come for this one.
  void give_up(uint64_t number);
  void give_up_overdue(clock::time_point now);
  void give_up_all();
  size_t size() const;

private:
  answered take(uint64_t number);

  struct expected_answer {
    clock::time_point until;
    answered by;
  };
  mutable std::mutex lock_;
  uint64_t last_ = 0;
  std::unordered_map<uint64_t, expected_answer> waiting_;
  std::set<std::pair<clock::time_point, uint64_t>> deadlines_;
};

} // namespace igl
