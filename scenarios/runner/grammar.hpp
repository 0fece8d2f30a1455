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
  std::vector<uint32_t> slot_columns;
  std::vector<uint32_t> option_columns;

  /// Empty: the option was not given.
  std::string option(std::string_view name) const;
  bool has(std::string_view name) const;
  /// Of an option that was given; otherwise of the command.
  uint32_t column_of(std::string_view name) const;
};

/// A command as a story writes it. In `form`, words in braces are slots: `{NATION} posts {NUMBERS}
/// to {RECEIVER}`. Options come after it, in any order and each once.
struct phrase {
  std::string form;
  /// `subject`, any text; `rate={SHARE}`, what fits that slot; `transactions=waiting|dropped`, one
  /// of these; `*`, any option.
  std::vector<std::string> options;
  std::string meaning; ///< for people
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

/// Each kind of slot, and what it is for people.
std::vector<std::pair<std::string_view, std::string_view>> kinds_of_slots();
/// The kinds of the slots of a form, in its order.
std::vector<std::string> slots_of(const std::string& form);

/// `what; did you mean KNOWN?` if something that is known is near enough to what was given.
std::string with_suggestion(std::string what, const std::string& given,
                            const std::vector<std::string>& known);

/// `AU,SG` → AU and SG.
std::vector<std::string> parts_of(std::string_view list);

/// `1h`, `30s`, `250ms`, `7d`, at most 3650d; none: it is no such time.
caf::optional<std::chrono::milliseconds> parse_time(std::string_view text);

/// A share from 0 to 1; none: it is not one.
caf::optional<double> parse_share(std::string_view text);

/// `17` and `1..1000`; none: neither.
struct number_range {
  uint64_t first = 0;
  uint64_t last = 0;
};
caf::optional<number_range> parse_range(std::string_view text);

} // namespace igl::scenario
