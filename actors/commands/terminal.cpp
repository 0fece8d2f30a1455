#include "actors/commands/terminal.hpp"

#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <array>
#include <cstdio>

namespace igl::commands {

namespace {

/// The code point of a well-formed sequence.
uint32_t code_of(std::string_view sequence) {
  auto first = static_cast<unsigned char>(sequence[0]);
  if (sequence.size() == 1)
    return first;
  uint32_t code = first & (0x7fU >> sequence.size());
  for (char c : sequence.substr(1))
    code = code << 6 | (static_cast<unsigned char>(c) & 0x3fU);
  return code;
}

bool steers(uint32_t code) {
  bool is_control = code < 0x20 || (code >= 0x7f && code < 0xa0);
  bool is_separator = code == 0x2028 || code == 0x2029;
  bool is_direction = code == 0x061c || code == 0x200e || code == 0x200f ||
                      (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069);
  return is_control || is_separator || is_direction;
}

/// The text with everything that steers, or is malformed, as `instead` has it.
template <class Instead>
std::string replaced(std::string_view text, Instead instead) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    auto length = sequence_length(text);
    auto sequence = text.substr(0, std::max<size_t>(length, 1));
    if (length == 0)
      result += '?';
    else if (auto code = code_of(sequence); steers(code))
      result += instead(code);
    else
      result += sequence;
    text.remove_prefix(sequence.size());
  }
  return result;
}

} // namespace

std::string printable(std::string_view text) {
  return replaced(text, [](uint32_t) { return std::string{" "}; });
}

std::string json_text(const nlohmann::json& x, int indent) {
  return replaced(x.dump(indent, ' ', false, nlohmann::json::error_handler_t::replace),
                  [](uint32_t code) {
                    // Outside of its texts, where it may not be escaped, JSON has no others.
                    if (code == '\n')
                      return std::string{"\n"};
                    std::array<char, 8> escaped{};
                    std::snprintf(escaped.data(), escaped.size(), "\\u%04x", code);
                    return std::string{escaped.data()};
                  });
}

} // namespace igl::commands
