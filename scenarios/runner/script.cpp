#include "scenarios/runner/script.hpp"

#include "messages/text.hpp"
#include "messages/uri.hpp"

namespace igl::scenario {

namespace {

constexpr std::string_view rule = "----";
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

/// Without the ends of the lines, whichever they are.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    auto line = text.substr(0, end);
    if (end != std::string_view::npos && !line.empty() && line.back() == '\r')
      line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool is_blank(std::string_view line) {
  return trimmed(line).empty();
}

bool is_remark(std::string_view line) {
  return !is_blank(line) && trimmed(line).front() == '#';
}

/// The column of a byte.
uint32_t column_at(std::string_view line, size_t offset) {
  return static_cast<uint32_t>(characters_in(line.substr(0, offset)) + 1);
}

/// Where a line stops being UTF-8; its size: nowhere.
size_t malformed_at(std::string_view line) {
  size_t at = 0;
  for (size_t length = 0; at < line.size(); at += length)
    if (length = sequence_length(line.substr(at)); length == 0)
      break;
  return at;
}

/// What stands between quotation marks, and the place of the closing one; without one: none.
struct quotation {
  std::string text;
  size_t end = 0;
};

/// `at`: the place behind the opening mark.
caf::optional<quotation> quotation_at(std::string_view line, size_t at) {
  quotation result;
  for (; at < line.size() && line[at] != '"'; ++at) {
    const auto next = line.substr(at + 1, 1);
    if (line[at] == '\\' && (next == "\"" || next == "\\"))
      ++at;
    result.text += line[at];
  }
  result.end = at;
  return at < line.size() ? caf::optional<quotation>{std::move(result)} : caf::none;
}

/// The words of a line, or where a quotation begins that never ends.
std::variant<std::vector<word>, size_t> split(std::string_view line) {
  std::vector<word> words;
  for (size_t at = 0; at < line.size();) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    word next{{}, column_at(line, at), at};
    for (; at < line.size() && line[at] != ' ' && line[at] != '\t'; ++at) {
      if (line[at] != '"') {
        next.text += line[at];
        continue;
      }
      auto quoted = quotation_at(line, at + 1);
      if (!quoted)
        return at;
      next.text += quoted->text;
      at = quoted->end;
    }
    words.push_back(std::move(next));
  }
  return words;
}

} // namespace

caf::optional<std::vector<word>> words_of(std::string_view line) {
  auto found = split(line);
  auto* words = std::get_if<std::vector<word>>(&found);
  return words ? caf::optional<std::vector<word>>{std::move(*words)} : caf::none;
}

std::variant<script, mistake> parse_script(const std::string& file, std::string_view text) {
  script result;
  result.file = file;
  if (text.substr(0, byte_order_mark.size()) == byte_order_mark) {
    result.begin = byte_order_mark;
    text.remove_prefix(byte_order_mark.size());
  }
  if (text.find("\r\n") != std::string_view::npos)
    result.line_end = "\r\n";
  result.lines = lines_of(text);
  block now;
  auto& lines = result.lines;
  for (size_t i = 0; i < lines.size(); ++i)
    if (auto at = malformed_at(lines[i]); at < lines[i].size())
      return mistake{file, static_cast<uint32_t>(i + 1), column_at(lines[i], at),
                     "a byte that is no UTF-8; save the file as UTF-8"};
  for (size_t i = 0; i < lines.size(); ++i) {
    auto number = static_cast<uint32_t>(i + 1);
    if (trimmed(lines[i]) == rule) {
      if (now.commands.empty())
        return mistake{file, number, 1, "---- without a command before it"};
      now.first = i + 1;
      for (++i; i < lines.size() && !is_blank(lines[i]); ++i) {
        if (trimmed(lines[i]) == rule)
          return mistake{file, static_cast<uint32_t>(i + 1), 1,
                         "---- among the lines that must come out below line " +
                             std::to_string(number) +
                             ": an empty line is missing between them and the next command"};
        if (!is_remark(lines[i]))
          now.expected.push_back(lines[i]);
      }
      now.last = i;
      result.blocks.push_back(std::exchange(now, {}));
      continue;
    }
    if (is_blank(lines[i]) || is_remark(lines[i]))
      continue;
    auto words = split(lines[i]);
    if (auto open = std::get_if<size_t>(&words))
      return mistake{file, number, column_at(lines[i], *open),
                     "a quotation mark that is never closed"};
    auto end = lines[i].find_last_not_of(" \t") + 1;
    now.commands.push_back(
        {number, std::move(std::get<std::vector<word>>(words)), column_at(lines[i], end)});
  }
  if (!now.commands.empty())
    return mistake{
        file, now.commands.back().line, now.commands.back().end,
        "after the last command a line ---- is expected, and below it what must come out"};
  if (result.blocks.empty())
    return mistake{file, 1, 1, "a story needs a command, and there is none in this file"};
  return result;
}

std::string rewritten(const script& x, const std::vector<std::vector<std::string>>& came_out) {
  std::string text = x.begin;
  auto copy = [&](const std::string& line) {
    text += line + x.line_end;
  };
  size_t at = 0;
  for (size_t i = 0; i < x.blocks.size(); ++i) {
    auto& [commands, first, last, expected] = x.blocks[i];
    for (; at < first; ++at)
      copy(x.lines[at]);
    auto& now = i < came_out.size() ? came_out[i] : expected;
    auto next = now.begin();
    // A remark stays before the same line, if there still are so many.
    for (; at < last; ++at)
      if (is_remark(x.lines[at]))
        copy(x.lines[at]);
      else if (next != now.end())
        copy(*next++);
    while (next != now.end())
      copy(*next++);
  }
  for (; at < x.lines.size(); ++at)
    copy(x.lines[at]);
  return text;
}

} // namespace igl::scenario
