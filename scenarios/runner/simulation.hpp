#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace igl::scenario {

/// A number of chance as a share, from 0 to less than 1.
inline double share_out_of(uint64_t number) {
  return static_cast<double>(number >> 11) * 0x1.0p-53;
}

/// An actor system in one thread, on a clock that nobody waits for, with chance out of one seed:
/// the same seed and the same questions, the same answers.
class simulation {
  struct config : caf::actor_system_config {
    config();
  };

  config config_;

public:
  explicit simulation(uint64_t seed);
  simulation(const simulation&) = delete;
  simulation& operator=(const simulation&) = delete;
  ~simulation();

  caf::actor_system system{config_};

  /// The wall clock; it begins at 2026-01-01T00:00:00Z.
  caf::timestamp now() const;
  /// Chance of its own for whoever asks under a name.
  std::function<uint64_t()> chance_for(const std::string& name) const;

  /// Has one actor handle one message. False: nobody has any.
  bool step();
  /// Called after each step.
  std::function<void()> after_step;

  /// Lets time go by until the next timer, `until` at most, and rings it. False: there is none by
  /// then, and it is `until` now.
  bool next_timer(caf::timestamp until);
  /// Calls `what` after a while, between steps.
  void after(caf::timespan pause, std::function<void()> what);

  /// Goes on until `done` says so; time goes by when nobody has anything to do. False: nothing will
  /// ever happen any more, or it is `until`.
  bool go_on(const std::function<bool()>& done, caf::timestamp until = caf::timestamp::max());

  /// Actors went on for ever without any time going by: nothing happens any more.
  bool stuck() const { return stuck_; }
  /// It is about to end: its actors may go on until they have.
  void finish();
  uint64_t steps() const { return steps_; }
  uint64_t timers() const { return timers_; }

private:
  caf::scheduler::test_coordinator& scheduler_;
  uint64_t seed_;
  uint64_t steps_ = 0;
  uint64_t steps_at_once_ = 0; ///< since time went by
  bool stuck_ = false;
  bool finishing_ = false;
  uint64_t timers_ = 0;
  uint32_t depth_ = 0; ///< steps that are under way
  std::multimap<caf::timestamp, std::function<void()>> later_;
};

} // namespace igl::scenario
