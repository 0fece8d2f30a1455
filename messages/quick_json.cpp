#include "messages/quick_json.hpp"

#include "messages/json_plain.hpp"
#include "messages/uri.hpp"

#include <algorithm>
#include <charconv>

namespace igl::quick_json {

namespace {

/// The character that a backslash and this letter stand for; 0: one that needs more than a letter.
char unescaped(char letter) {
  switch (letter) {
  case '"':
  case '\\':
  case '/':
    return letter;
  case 'n':
    return '\n';
  case 'r':
    return '\r';
  case 't':
    return '\t';
  case 'b':
    return '\b';
  case 'f':
    return '\f';
  default:
    return 0;
  }
}

bool is_ordinary(char c) {
  return static_cast<unsigned char>(c) >= 0x20 && c != '"' && c != '\\';
}

/// The end of a string whose opening quote was taken; npos: there is none.
size_t end_of_string(std::string_view text, size_t at) {
  for (;;) {
    const auto quote = text.find('"', at);
    if (quote == std::string_view::npos)
      return quote;
    // One that an odd number of backslashes stands before belongs to the string.
    auto escapes = quote;
    while (escapes > at && text[escapes - 1] == '\\')
      --escapes;
    if ((quote - escapes) % 2 == 0)
      return quote;
    at = quote + 1;
  }
}

} // namespace

bool reader::literal(std::string_view text) {
  if (rest_.substr(0, text.size()) != text)
    return false;
  rest_.remove_prefix(text.size());
  return true;
}

bool reader::name(char before, std::string_view name) {
  auto size = name.size() + 4;
  if (rest_.size() < size || rest_[0] != before || rest_[1] != '"' ||
      rest_.substr(2, name.size()) != name || rest_[size - 2] != '"' || rest_[size - 1] != ':')
    return false;
  rest_.remove_prefix(size);
  return true;
}

bool reader::text(std::string& x) {
  if (rest_.empty() || rest_.front() != '"')
    return false;
  x.clear();
  size_t at = 1;
  unsigned char all_bits = 0;
  for (;;) {
    auto start = at;
    at += plain_prefix(rest_.substr(at));
    while (at < rest_.size() && is_ordinary(rest_[at]))
      all_bits |= static_cast<unsigned char>(rest_[at++]);
    x.append(rest_.substr(start, at - start));
    if (at + 1 < rest_.size() && rest_[at] == '\\' && unescaped(rest_[at + 1]) != 0) {
      x += unescaped(rest_[at + 1]);
      at += 2;
    } else {
      break;
    }
  }
  if (at >= rest_.size() || rest_[at] != '"' || (all_bits >= 0x80 && !is_utf8(x)))
    return false;
  rest_.remove_prefix(at + 1);
  return true;
}

bool reader::number(uint64_t& x) {
  auto begin = rest_.data();
  auto [end, failure] = std::from_chars(begin, begin + rest_.size(), x);
  auto digits = static_cast<size_t>(end - begin);
  if (failure != std::errc{} || (digits > 1 && *begin == '0'))
    return false;
  rest_.remove_prefix(digits);
  // Not the beginning of 1.5 or 1e5.
  return !rest_.empty() && (rest_.front() == ',' || rest_.front() == '}');
}

void reader::space() {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
}

bool reader::object(std::string_view& x) {
  if (rest_.empty() || rest_.front() != '{')
    return false;
  size_t depth = 0;
  for (size_t at = 0; at < rest_.size(); ++at) {
    if (rest_[at] == '"') {
      at = end_of_string(rest_, at + 1);
      if (at == std::string_view::npos)
        return false;
    } else if (rest_[at] == '{') {
      ++depth;
    } else if (rest_[at] == '}' && --depth == 0) {
      x = rest_.substr(0, at + 1);
      rest_.remove_prefix(at + 1);
      return true;
    }
  }
  return false;
}

std::optional<std::vector<std::pair<std::string, std::string>>>
string_members(std::string_view text) {
  constexpr size_t few = 16;
  if (text.size() > longest)
    return std::nullopt;
  std::vector<std::pair<std::string, std::string>> all;
  reader in{text};
  const auto next = [&](std::string_view sign) {
    in.space();
    const bool found = in.literal(sign);
    in.space();
    return found;
  };
  if (!next("{"))
    return std::nullopt;
  do {
    std::string name, value;
    if (all.size() == few || !in.text(name) || !next(":") || !in.text(value))
      return std::nullopt;
    for (const auto& x : all)
      if (x.first == name)
        return std::nullopt;
    all.emplace_back(std::move(name), std::move(value));
  } while (next(","));
  if (!next("}") || !in.at_end())
    return std::nullopt;
  return all;
}

} // namespace igl::quick_json
