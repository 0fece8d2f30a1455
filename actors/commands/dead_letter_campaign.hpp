#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace igl::commands {

/// The replay of the dead letters of one cause: one first, and the others only if that one did not
/// fail again; then so many per second, and no more when some have failed again.
///
/// A plain state machine. Whoever drives it asks what to do next, does it, and tells what came of
/// it. Each replay is whole by itself: a driver that dies leaves nothing half done.
class dead_letter_campaign {
public:
  using time_point = std::chrono::steady_clock::time_point;

  struct limits {
    uint64_t letters = UINT64_MAX; ///< what dies again comes at the end of the list: not once more
    double rate = 10;              ///< replays per second
    size_t under_way = 100;        ///< replayed, and nobody knows what came of it
    size_t failures = 3;           ///< that failed again: the others are left as they are
    std::chrono::milliseconds look{500};       ///< between two looks at a job
    std::chrono::milliseconds patience{60000}; ///< for one job, after it was replayed
  };
  struct letter {
    uint64_t number = 0;
    std::string job;
  };
  /// What became of a replayed job.
  enum class fate : uint8_t {
    open,   ///< nobody knows yet
    done,   ///< it is closed, and not as a dead letter
    failed, ///< an attempt failed, or all of them
  };
  enum class act : uint8_t { fetch, replay, look, wait, over };
  struct step {
    act what = act::over;
    letter which{};     ///< to replay, or to look at
    time_point until{}; ///< to wait for
  };
  struct balance {
    uint64_t replayed = 0;
    uint64_t done = 0;
    uint64_t failed = 0;
    uint64_t open = 0; ///< still, when nobody waited any longer
    uint64_t gone = 0; ///< somebody else replayed or dropped it
  };

  explicit dead_letter_campaign(limits how) : how_(how) {}

  step next(time_point now);
  /// The next page of the list; the last one is empty.
  void fetched(std::vector<letter> page);
  void replayed(const letter& which, time_point now);
  /// Nobody can replay it any more.
  void missing(const letter& which);
  void looked(const letter& which, fate found, const std::string& why, time_point now);

  /// The first one did not fail again.
  bool canary_sang() const { return canary_sang_; }
  const balance& so_far() const { return balance_; }
  /// Why it ended before all were replayed; empty: it did not.
  const std::string& stopped_because() const { return stopped_; }

private:
  struct watched {
    letter which;
    time_point since;
    time_point look_at;
  };

  bool may_replay() const;
  void stop(const std::string& why);

  limits how_;
  std::deque<letter> waiting_;
  std::deque<watched> under_way_; ///< the next to look at first
  bool all_fetched_ = false;
  bool canary_sang_ = false; ///< the first one did not fail again
  uint64_t taken_ = 0;       ///< letters that were fetched and count
  time_point next_replay_{};
  balance balance_;
  std::string stopped_;
};

} // namespace igl::commands
