#pragma once

#include "scenarios/runner/difference.hpp"
#include "scenarios/runner/script.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace igl::scenario {

struct play_options {
  uint64_t seed = 1;
  bool rewrite = false; ///< what must come out is not compared: it is going to be written
  bool live = false;    ///< with real processes; hops are not compared
  std::string base;     ///< folder in which the world has its own; empty: that of the system
  bool lenient = false; ///< what cannot be done is passed over; what came out does not matter
  /// Everything that happens when it does, with the time since the beginning; empty: nobody.
  std::function<void(const std::string&)> on_line;
};

/// What became of a story.
struct played {
  std::vector<std::vector<std::string>> came_out; ///< one list for each block that was played
  std::vector<std::string>
      faults; ///< `file:line:column: …` and differences, readable; empty: it came true
  std::vector<uint32_t> passed_over; ///< lines of commands that could not be done
  uint64_t journeys = 0;             ///< messages that reached the node they were for
  std::chrono::nanoseconds virtual_time{0};

  bool interrupted = false; ///< by a signal, before its end

  bool good() const { return faults.empty() && !interrupted; }
};

/// Plays a story from its beginning in a world of its own. Stops at the first command that cannot
/// be understood or done.
played play(const script& x, const play_options& how);

/// Why a story cannot be played with real processes: `file:line: …`; empty: it can.
std::string only_simulated(const script& x);

/// What must be the same with real processes as in the simulation: all lines but those of hops, and
/// those that tell of subscribers behind the others, in the order of the alphabet.
std::vector<std::string> comparable(const std::vector<std::string>& lines);

} // namespace igl::scenario
