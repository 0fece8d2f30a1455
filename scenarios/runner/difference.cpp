#include "scenarios/runner/difference.hpp"

#include <algorithm>
#include <cstdint>

namespace igl::scenario {

namespace {

using texts = std::vector<std::string>;

/// Lines that are the same around a difference.
constexpr size_t context = 3;
/// A table of more cells is not filled: what differs so much is told line by line.
constexpr size_t most_cells = 4'000'000;
/// More lines help nobody.
constexpr size_t most_shown = 400;

/// A line of the difference: ' ', '-' or '+'.
struct piece {
  char mark;
  const std::string* text;
};

/// Both sides one line each in turn.
void pair_up(std::vector<piece>& all, const texts& a, size_t i, size_t a_end, const texts& b,
             size_t j, size_t b_end) {
  while (i < a_end || j < b_end) {
    if (i < a_end)
      all.push_back({'-', &a[i++]});
    if (j < b_end)
      all.push_back({'+', &b[j++]});
  }
}

/// The longest common subsequence of what is between the ends that both have in common.
void compare(std::vector<piece>& all, const texts& a, size_t a_begin, size_t a_end, const texts& b,
             size_t b_begin, size_t b_end) {
  const auto rows = a_end - a_begin, columns = b_end - b_begin;
  if (rows == 0 || columns == 0 || rows > most_cells / columns)
    return pair_up(all, a, a_begin, a_end, b, b_begin, b_end);
  std::vector<uint32_t> common((rows + 1) * (columns + 1), 0);
  auto cell = [&](size_t i, size_t j) -> uint32_t& {
    return common[i * (columns + 1) + j];
  };
  for (auto i = rows; i-- > 0;)
    for (auto j = columns; j-- > 0;)
      cell(i, j) = a[a_begin + i] == b[b_begin + j] ? cell(i + 1, j + 1) + 1
                                                    : std::max(cell(i + 1, j), cell(i, j + 1));
  size_t i = 0, j = 0;
  while (i < rows || j < columns) {
    const auto from_i = i, from_j = j;
    while ((i < rows || j < columns) &&
           !(i < rows && j < columns && a[a_begin + i] == b[b_begin + j]))
      if (i < rows && (j == columns || cell(i + 1, j) >= cell(i, j + 1)))
        ++i;
      else
        ++j;
    pair_up(all, a, a_begin + from_i, a_begin + i, b, b_begin + from_j, b_begin + j);
    for (; i < rows && j < columns && a[a_begin + i] == b[b_begin + j]; ++i, ++j)
      all.push_back({' ', &a[a_begin + i]});
  }
}

} // namespace

std::vector<std::string> difference(const texts& expected, const texts& came_out,
                                    size_t first_line) {
  size_t begin = 0;
  const auto shorter = std::min(expected.size(), came_out.size());
  while (begin < shorter && expected[begin] == came_out[begin])
    ++begin;
  size_t end = 0;
  while (end < shorter - begin &&
         expected[expected.size() - 1 - end] == came_out[came_out.size() - 1 - end])
    ++end;
  std::vector<piece> all;
  for (size_t i = 0; i < begin; ++i)
    all.push_back({' ', &expected[i]});
  compare(all, expected, begin, expected.size() - end, came_out, begin, came_out.size() - end);
  for (auto i = expected.size() - end; i < expected.size(); ++i)
    all.push_back({' ', &expected[i]});

  std::vector<bool> near(all.size(), false);
  for (size_t i = 0; i < all.size(); ++i)
    if (all[i].mark != ' ')
      for (auto j = i - std::min(i, context); j < std::min(i + context + 1, all.size()); ++j)
        near[j] = true;
  texts lines;
  auto line = first_line;
  bool left_out = false;
  for (size_t i = 0; i < all.size(); ++i) {
    if (near[i] && lines.size() >= most_shown) {
      const auto more = std::count_if(all.begin() + static_cast<ptrdiff_t>(i), all.end(),
                                      [](auto& x) { return x.mark != ' '; });
      lines.push_back("@@ and " + std::to_string(more) + " lines more");
      break;
    }
    if (near[i] && left_out)
      lines.push_back("@@ line " + std::to_string(line));
    left_out = !near[i];
    if (near[i])
      lines.push_back(std::string{all[i].mark, ' '} + *all[i].text);
    line += all[i].mark == '+' ? 0 : 1;
  }
  return lines;
}

} // namespace igl::scenario
