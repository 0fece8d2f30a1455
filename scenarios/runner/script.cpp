#include "scenarios/runner/script.hpp"

#include "messages/text.hpp"

namespace igl::scenario {

namespace {

constexpr std::string_view rule = "----";

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    auto end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return lines;
}

bool is_blank(std::string_view line) {
  return trimmed(line).empty();
}

} // namespace

caf::optional<std::vector<word>> words_of(std::string_view line) {
  std::vector<word> words;
  for (size_t at = 0; at < line.size();) {
    if (line[at] == ' ' || line[at] == '\t') {
      ++at;
      continue;
    }
    word next{{}, static_cast<uint32_t>(at + 1)};
    for (; at < line.size() && line[at] != ' ' && line[at] != '\t'; ++at) {
      if (line[at] != '"') {
        next.text += line[at];
        continue;
      }
      auto end = line.find('"', at + 1);
      if (end == std::string_view::npos)
        return caf::none;
      next.text += line.substr(at + 1, end - at - 1);
      at = end;
    }
    words.push_back(std::move(next));
  }
  return words;
}

std::variant<script, mistake> parse_script(const std::string& file, std::string_view text) {
  script result;
  result.file = file;
  result.lines = lines_of(text);
  block now;
  auto& lines = result.lines;
  for (size_t i = 0; i < lines.size(); ++i) {
    auto number = static_cast<uint32_t>(i + 1);
    if (trimmed(lines[i]) == rule) {
      if (now.commands.empty())
        return mistake{file, number, 1, "---- without a command before it"};
      now.first = i + 1;
      for (++i; i < lines.size() && !is_blank(lines[i]); ++i)
        now.expected.push_back(lines[i]);
      result.blocks.push_back(std::exchange(now, {}));
      continue;
    }
    if (is_blank(lines[i]) || lines[i].front() == '#')
      continue;
    auto words = words_of(lines[i]);
    if (!words)
      return mistake{file, number, static_cast<uint32_t>(lines[i].rfind('"') + 1),
                     "a quotation mark that is never closed"};
    now.commands.push_back(
        {number, std::move(*words), static_cast<uint32_t>(trimmed(lines[i]).size() + 1)});
  }
  if (!now.commands.empty())
    return mistake{
        file, now.commands.back().line, now.commands.back().end,
        "after the last command a line ---- is expected, and below it what must come out"};
  return result;
}

std::string rewritten(const script& x, const std::vector<std::vector<std::string>>& came_out) {
  std::string text;
  size_t at = 0;
  auto copy_until = [&](size_t end) {
    for (; at < end; ++at)
      text += x.lines[at] + '\n';
  };
  for (size_t i = 0; i < x.blocks.size(); ++i) {
    copy_until(x.blocks[i].first);
    for (auto& line : i < came_out.size() ? came_out[i] : x.blocks[i].expected)
      text += line + '\n';
    at += x.blocks[i].expected.size();
    // What comes out ends at an empty line.
    if (at < x.lines.size() && !is_blank(x.lines[at]))
      text += '\n';
  }
  copy_until(x.lines.size());
  return text;
}

} // namespace igl::scenario
