#pragma once

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
  bool rewrite = false; ///< write what came out into the file
  bool live = false;    ///< with real processes; hops are not compared
  bool lenient = false; ///< what cannot be done is passed over; what came out does not matter
  std::function<void(const std::string&)> on_line; ///< each line as it comes out; empty: nobody
};

/// What became of a story.
struct played {
  std::vector<std::vector<std::string>> came_out; ///< one list for each block that was played
  std::vector<std::string>
      faults; ///< `file:line: …` and differences, readable; empty: it came true
  std::vector<uint32_t> passed_over; ///< lines of commands that could not be done
  uint64_t journeys = 0;             ///< messages that reached the node they were for
  std::chrono::nanoseconds virtual_time{0};

  bool good() const { return faults.empty(); }
};

/// Plays a story from its beginning in a world of its own. Stops at the first command that cannot
/// be understood or done.
played play(const script& x, const play_options& how);

/// Why a story cannot be played with real processes: `file:line: …`; empty: it can.
std::string only_simulated(const script& x);

/// What must be the same with real processes as in the simulation: all lines but those of hops, and
/// those that tell of subscribers behind the others, in the order of the alphabet.
std::vector<std::string> comparable(const std::vector<std::string>& lines);

/// How two lists of lines differ: what is the same, `-` what was expected, `+` what came out.
std::vector<std::string> difference(const std::vector<std::string>& expected,
                                    const std::vector<std::string>& came_out);

} // namespace igl::scenario
