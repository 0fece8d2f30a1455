#include "scenarios/runner/names.hpp"

#include <cctype>

namespace igl::scenario {

namespace {

/// What a real name is made of: UUIDs and multihashes.
bool in_a_name(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-';
}

} // namespace

void names::call(const std::string& real, const std::string& told) {
  if (by_real_.emplace(real, told).second)
    by_told_.emplace(told, real);
}

std::string names::real(const std::string& told) const {
  auto found = by_told_.find(told);
  return found == by_told_.end() ? told : found->second;
}

std::string names::in_the_story(std::string_view line) const {
  std::string text;
  for (size_t at = 0; at < line.size();) {
    auto end = at;
    while (end < line.size() && in_a_name(line[end]))
      ++end;
    if (end == at) {
      text += line[at++];
      continue;
    }
    auto word = line.substr(at, end - at);
    auto found = by_real_.find(word);
    text += found == by_real_.end() ? word : std::string_view{found->second};
    at = end;
  }
  return text;
}

} // namespace igl::scenario
