#pragma once

#include "actors/commands/client_commands.hpp"

#include <cstdint>
#include <functional>
#include <string>

/// `igl dead-letters …`: what an operator does with jobs whose attempts are used up.
namespace igl::commands {

/// Which dead letters, and how.
struct dead_letter_options {
  uint64_t number = 0; ///< 0: none was named
  std::string group;   ///< as the list of groups has it; empty: none was named
  bool all = false;
  double rate = 10; ///< replays per second
  bool yes = false; ///< drop without asking
  /// Asks the person at the terminal; none: there is nobody to ask.
  std::function<bool(const std::string&)> ask{};
};

/// Groups by cause, the largest first.
int dead_letter_groups(node_client& node, const terminal& term);
/// A line each.
int dead_letter_list(node_client& node, const terminal& term);
/// The order, what it died of, what will never happen without it, and what happened before.
int dead_letter_show(node_client& node, const terminal& term, uint64_t number);
/// One, a group, or all. Of all groups one first, side by side, then group by group the others;
/// says on `err` how it goes, and ends with 1 if something failed again.
int dead_letter_replay(node_client& node, const terminal& term, const dead_letter_options& which);
/// One or a group. Says what will never happen because of it, and asks.
int dead_letter_drop(node_client& node, const terminal& term, const dead_letter_options& which);

} // namespace igl::commands
