#include "config/document.hpp"

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace igl::config {

namespace {

// A header that cannot be read is replaced by this one, so that what stands under it is not taken
// for a part of the section above.
constexpr std::string_view unreadable = "igl-unreadable-";

// A file with more mistakes than this is no configuration.
constexpr size_t most_mistakes = 50;

place place_of(const toml::source_position& x) {
  return {x.line, x.column};
}

entry entry_from(const toml::node& node) {
  entry result;
  result.at = place_of(node.source().begin);
  switch (node.type()) {
  case toml::node_type::table:
    result.is = entry::kind::table;
    for (auto&& [key, item] : *node.as_table()) {
      if (key.str().starts_with(unreadable))
        continue;
      auto& added = result.items.emplace_back(entry_from(item));
      added.key = std::string{key.str()};
      added.key_at = place_of(key.source().begin);
    }
    break;
  case toml::node_type::array:
    result.is = entry::kind::list;
    for (auto&& item : *node.as_array())
      result.items.push_back(entry_from(item));
    break;
  case toml::node_type::string:
    result.is = entry::kind::text;
    result.text = node.as_string()->get();
    break;
  case toml::node_type::integer:
    result.is = entry::kind::whole;
    result.whole = node.as_integer()->get();
    break;
  case toml::node_type::floating_point:
    result.is = entry::kind::fraction;
    result.fraction = node.as_floating_point()->get();
    break;
  case toml::node_type::boolean:
    result.is = entry::kind::flag;
    result.flag = node.as_boolean()->get();
    break;
  default:
    result.is = entry::kind::time;
  }
  return result;
}

struct syntax_fault {
  place at;
  std::string what;
  bool repeated = false; ///< nothing is unreadable, but something is given twice
};

// "Error while parsing array: expected …" → "this is not TOML: in an array: expected …".
syntax_fault fault_from(const toml::parse_error& err) {
  syntax_fault result;
  result.at = place_of(err.source().begin);
  auto said = std::string{err.description()};
  constexpr std::string_view redefined = "cannot redefine existing ";
  if (said.find(redefined) != std::string::npos) {
    auto from = said.find('\'');
    auto to = said.find('\'', from + 1);
    result.repeated = true;
    result.what = said.substr(from + 1, to - from - 1) + " is given twice, expected it once";
    return result;
  }
  constexpr std::string_view parsing = "Error while parsing ";
  if (said.starts_with(parsing))
    said = "in the " + said.substr(parsing.size());
  result.what = "this is not TOML: " + said;
  return result;
}

using lines = std::vector<std::string>;

lines split(std::string_view text) {
  lines result(1);
  for (auto c : text) {
    if (c == '\n')
      result.emplace_back();
    else
      result.back() += c;
  }
  return result;
}

std::string joined(const lines& all, size_t count) {
  std::string result;
  for (size_t i = 0; i < std::min(count, all.size()); ++i)
    result += all[i] + '\n';
  return result;
}

/// One attempt: the tree, or the first fault.
struct attempt {
  std::optional<entry> root;
  syntax_fault first;
};

attempt parse(const lines& all, size_t count) {
  attempt result;
  try {
    result.root = entry_from(toml::parse(std::string_view{joined(all, count)}));
  } catch (const toml::parse_error& err) {
    result.first = fault_from(err);
  }
  return result;
}

attempt parse(const lines& all) {
  return parse(all, all.size());
}

// No value that somebody wrote by hand goes over more lines.
constexpr size_t longest_value = 200;

// The last line before `line` (from 1) up to which everything can be read: a statement begins
// behind it. A value of more lines makes it an earlier one.
size_t last_good_line(const lines& all, size_t line) {
  auto count = line - 1;
  while (count > 0 && line - count < longest_value && !parse(all, count).root)
    --count;
  return count;
}

lines without(lines all, size_t from, size_t to) {
  for (auto i = from; i <= to && i <= all.size(); ++i) {
    auto& line = all[i - 1];
    auto begin = line.find_first_not_of(" \t");
    auto is_header = i == from && begin != std::string::npos && line[begin] == '[';
    line = is_header ? "[" + std::string{unreadable} + std::to_string(i) + "]" : std::string{};
  }
  return all;
}

bool further(const attempt& a, const attempt& b) {
  if (a.root || b.root)
    return a.root && !b.root;
  return a.first.at.line > b.first.at.line;
}

} // namespace

const entry* entry::find(std::string_view name) const {
  auto i = std::find_if(items.begin(), items.end(), [&](auto& x) { return x.key == name; });
  return is == kind::table && i != items.end() ? &*i : nullptr;
}

std::string_view name_of(entry::kind x) {
  switch (x) {
  case entry::kind::text:
    return "a text";
  case entry::kind::flag:
    return "true or false";
  case entry::kind::whole:
    return "a whole number";
  case entry::kind::fraction:
    return "a decimal number";
  case entry::kind::list:
    return "a list";
  case entry::kind::table:
    return "a table";
  case entry::kind::time:
    break;
  }
  return "a date or time";
}

document parse_document(std::string_view text, const std::string& file) {
  document result;
  auto all = split(text);
  auto now = parse(all);
  while (!now.root && result.mistakes.size() < most_mistakes) {
    auto& at = now.first.at;
    result.mistakes.push_back({file, at.line, at.column, now.first.what});
    result.complete = result.complete && now.first.repeated;
    // Either that line is wrong, or a value before it was not closed and has swallowed it: leave
    // out what lets the reader come further.
    auto line = std::clamp<size_t>(at.line, 1, all.size());
    auto begin = last_good_line(all, line) + 1;
    auto remaining = without(all, line, line);
    auto next = parse(remaining);
    if (begin < line) {
      auto other = without(all, begin, line - 1);
      auto after = parse(other);
      if (further(after, next)) {
        remaining = std::move(other);
        next = std::move(after);
      }
    }
    if (remaining == all)
      break;
    all = std::move(remaining);
    now = std::move(next);
  }
  if (now.root)
    result.root = std::move(*now.root);
  else
    result.complete = false;
  return result;
}

document read_document(const std::string& path) {
  document result;
  result.complete = false;
  auto refused = [&](const std::string& why) {
    result.mistakes.push_back({path, 0, 0, "cannot be read: " + why + ", expected a TOML file"});
    return result;
  };
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored))
    return refused("it is a folder");
  errno = 0;
  std::ifstream in{path, std::ios::binary};
  if (!in)
    return refused(std::strerror(errno));
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  if (in.bad())
    return refused("the disk gave an error");
  return parse_document(text, path);
}

} // namespace igl::config
