#pragma once

#include "config/document.hpp"
#include "messages/jurisdiction.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace igl::config {

/// What an option holds, whatever the type of the member it is kept in.
using value = std::variant<std::string, bool, uint64_t, double, std::chrono::milliseconds,
                           std::vector<std::string>>;

/// Sizes are written `"64KiB"` or as a number of bytes, durations `"500ms"`, `"10s"`, `"5m"`,
/// `"2h"`.
enum class value_kind : uint8_t { text, flag, number, fraction, duration, size, list };

/// What a text has to look like.
struct text_form {
  std::string_view expected; ///< "an http or https URL"
  bool (*holds)(std::string_view text, const jurisdictions& known);
  /// The one spelling of texts that mean the same; null: each is its own.
  std::string (*tidy)(std::string_view text) = nullptr;
};

/// What is allowed for an option.
struct value_rule {
  value_kind kind = value_kind::text;
  uint64_t least = 0; ///< of a number or fraction; of a duration in ms, of a size in bytes
  uint64_t most = UINT64_MAX;
  std::vector<std::string> choices = {}; ///< of a text or each text of a list; empty: any
  const text_form* form = nullptr;       ///< of a text or each text of a list; null: any
  bool may_be_empty = false;             ///< the empty text or list is always fine
};

value_rule any_text();
value_rule text_of(const text_form& form);
value_rule one_of(std::vector<std::string> choices);
value_rule flag();
value_rule number(uint64_t least, uint64_t most);
value_rule fraction(uint64_t least, uint64_t most);
value_rule duration(std::chrono::milliseconds least, std::chrono::milliseconds most);
value_rule size(uint64_t least, uint64_t most);
value_rule list_of(const text_form& form);
value_rule some_of(std::vector<std::string> choices);

/// "a number from 1 to 64", "a duration from 1s to 15m": for comments and mistakes.
std::string expected_by(const value_rule& rule);

/// Something wrong inside a value.
struct fault {
  place at;
  std::string what; ///< `is "abc", expected …`
};

/// Reads a value out of a file. None: at least one fault was added.
std::optional<value> value_of(const entry& from, const value_rule& rule, const jurisdictions& known,
                              std::vector<fault>& faults);

/// What stands in the environment (and in the table of options) as what would stand in a file:
/// `true`, `12`, `10s`, `AU,SG`. What does not look like its kind stays a text.
entry entry_of(std::string_view text, const value_rule& rule);

/// As it is written in a file: `"30s"`, `256`, `["AU", "SG"]`.
std::string to_toml(const value& x, const value_rule& rule);
std::string toml_text(std::string_view text);

/// `90s`, `5m`: the largest unit that leaves no rest.
std::string duration_text(std::chrono::milliseconds x);
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);
/// `64KiB`, `1000`: the largest unit that leaves no rest.
std::string size_text(uint64_t bytes);
std::optional<uint64_t> parse_size(std::string_view text);

} // namespace igl::config
