#pragma once

#include "storage/ledger.hpp"

#include <chrono>
#include <string>
#include <unordered_set>
#include <vector>

namespace igl::scenario {

/// Everything that is open is due by then.
constexpr std::chrono::hours far{24 * 3650};

/// What a process has to do, now or later, and what it gave up; read once.
///
/// Of the jobs of a lane there is the one that is begun; what waits behind it is not among them.
class workload {
public:
  static caf::expected<workload> of(const ledger& x, caf::timestamp now);

  /// It has an open job of this stream about that.
  bool works_on(stream on, const std::string& about) const { return in(open_, on, about); }
  /// It has a dead letter of this stream about that.
  bool gave_up(stream on, const std::string& about) const { return in(dead_, on, about); }

  std::vector<open_job> jobs;
  std::vector<dead_letter> letters;

private:
  using places = std::unordered_set<std::string>;
  static std::string key(stream on, const std::string& about) {
    return to_string(on) + ' ' + about;
  }
  static bool in(const places& x, stream on, const std::string& about) {
    return x.count(key(on, about)) != 0;
  }

  places open_;
  places dead_;
};

} // namespace igl::scenario
