#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace igl {

/// How many bytes at the beginning of a text stand for themselves in a JSON string: printable
/// ASCII, neither a quote nor a backslash. Looks at eight bytes at once.
inline size_t plain_prefix(std::string_view text) {
  constexpr uint64_t each = 0x0101010101010101;
  constexpr uint64_t highest = 0x80 * each;
  // Some byte of it is less than this one, which is at most 0x80.
  const auto has_less = [](uint64_t bytes, uint64_t than) {
    return (bytes - than * each) & ~bytes & highest;
  };
  size_t at = 0;
  for (; at + sizeof(uint64_t) <= text.size(); at += sizeof(uint64_t)) {
    uint64_t bytes;
    std::memcpy(&bytes, text.data() + at, sizeof(bytes));
    if ((bytes & highest) | has_less(bytes, 0x20) | has_less(bytes ^ ('"' * each), 1) |
        has_less(bytes ^ ('\\' * each), 1))
      break;
  }
  const auto is_plain = [](char c) {
    return c >= 0x20 && c != '"' && c != '\\' && static_cast<unsigned char>(c) < 0x80;
  };
  while (at < text.size() && is_plain(text[at]))
    ++at;
  return at;
}

} // namespace igl
