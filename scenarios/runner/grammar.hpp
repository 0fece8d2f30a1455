#pragma once

#include "scenarios/runner/script.hpp"
#include "scenarios/runner/world.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace igl::scenario {

/// What a command was given: the words that stood for its slots, and its options.
struct call {
  std::vector<std::string> slots;
  settings options;

  /// Empty: the option was not given.
  std::string option(std::string_view name) const;
  bool has(std::string_view name) const;
};

/// A command as a story writes it. In `form`, words in braces are slots: `{NATION} posts {NUMBER}
/// to {NATION}`. Options come after it, in any order: `name=value`.
struct phrase {
  std::string form;
  std::vector<std::string> options; ///< "*": any
  std::string meaning;              ///< for people
  std::function<caf::error(const call&)> act;
  bool simulated = false; ///< it cannot be done to real processes
};

/// A command and what it was given.
struct understood {
  const phrase* what = nullptr;
  call with;
};

/// Finds the phrase that a line is. Otherwise says where it stops being any, and what was expected
/// there.
std::variant<understood, mistake> understand(const command_line& x, const std::string& file,
                                             const std::vector<phrase>& phrases);

/// `1h`, `30s`, `250ms`, `7d`; none: it is no duration.
caf::optional<std::chrono::milliseconds> parse_time(std::string_view text);

/// `17` and `1..1000`; none: neither.
struct number_range {
  uint64_t first = 0;
  uint64_t last = 0;
};
caf::optional<number_range> parse_range(std::string_view text);

} // namespace igl::scenario
