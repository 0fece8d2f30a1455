#include "messages/text.hpp"

#include <algorithm>
#include <charconv>

namespace igl {

namespace {

constexpr std::string_view white_space = " \t\r\n";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

} // namespace

std::string lower_case(std::string_view text) {
  std::string x{text};
  std::transform(x.begin(), x.end(), x.begin(), lower);
  return x;
}

std::string_view trimmed(std::string_view text) {
  auto begin = text.find_first_not_of(white_space);
  if (begin == std::string_view::npos)
    return {};
  return text.substr(begin, text.find_last_not_of(white_space) - begin + 1);
}

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

caf::optional<uint64_t> parse_number(std::string_view text) {
  uint64_t number = 0;
  auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc{} || end != text.data() + text.size() || text.empty())
    return caf::none;
  return number;
}

} // namespace igl
