#pragma once

#include "config/config.hpp"

#include <caf/optional.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace igl::scenario {

/// A word of a command and where it stands.
struct word {
  std::string text;
  uint32_t column = 1; ///< in characters, from 1
  size_t offset = 0;   ///< in bytes, from 0
};

struct command_line {
  uint32_t line = 0; ///< from 1
  std::vector<word> words;
  uint32_t end = 1; ///< the column behind the last word
};

/// Commands, and what must come out of them.
struct block {
  std::vector<command_line> commands;
  size_t first = 0;                  ///< of `lines`: where what must come out begins
  size_t last = 0;                   ///< behind its end
  std::vector<std::string> expected; ///< without remarks
};

/// A story: its text, and what the text says.
struct script {
  std::string file;
  std::vector<std::string> lines;
  std::string line_end = "\n"; ///< of its lines, or as Windows has it
  std::string begin;           ///< a byte order mark, if it has one
  std::vector<block> blocks;
};

/// Reads a story. A block is commands, a line `----` and lines that must come out, up to an empty
/// line or the end. Lines that begin with `#` may stand anywhere, empty ones between and among
/// commands. Fails with the first mistake.
std::variant<script, mistake> parse_script(const std::string& file, std::string_view text);

/// Words are parted by blanks; `a="b c"` is one. None: a quotation mark is never closed.
caf::optional<std::vector<word>> words_of(std::string_view line);

/// The text of a story with other lines that must come out, one list for each block. Remarks stay
/// where they are.
std::string rewritten(const script& x, const std::vector<std::vector<std::string>>& came_out);

} // namespace igl::scenario
