#include "http/range.hpp"

#include "http/form.hpp"
#include "messages/text.hpp"

#include <algorithm>

namespace igl {

byte_range range_of(std::string_view header, uint64_t size) {
  using enum byte_range::meaning;
  const byte_range all{whole, 0, size};
  constexpr std::string_view unit = "bytes=";
  header = trimmed(header);
  if (header.size() <= unit.size() || !equal_ignoring_case(header.substr(0, unit.size()), unit))
    return all;
  auto wanted = trimmed(header.substr(unit.size()));
  auto hyphen = wanted.find('-');
  if (hyphen == std::string_view::npos || wanted.find(',') != std::string_view::npos)
    return all;
  auto from = wanted.substr(0, hyphen);
  auto to = wanted.substr(hyphen + 1);
  if (from.empty()) {
    auto last = parse_number(to);
    if (!last)
      return all;
    auto length = std::min(*last, size);
    return length == 0 ? byte_range{unsatisfiable, 0, 0} : byte_range{part, size - length, length};
  }
  auto first = parse_number(from);
  auto last = to.empty() ? caf::optional<uint64_t>{UINT64_MAX} : parse_number(to);
  if (!first || !last || *last < *first)
    return all;
  if (*first >= size)
    return {unsatisfiable, 0, 0};
  return {part, *first, std::min(*last, size - 1) - *first + 1};
}

} // namespace igl
