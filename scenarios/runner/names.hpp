#pragma once

#include <map>
#include <string>
#include <string_view>

namespace igl::scenario {

/// What a story calls things whose real names come from chance or from a hash.
class names {
public:
  /// From now on `real` is shown as `told`. The first name stays.
  void call(const std::string& real, const std::string& told);
  /// The real name of what a story calls so; the word itself if it is no such name.
  std::string real(const std::string& told) const;
  bool knows(const std::string& told) const { return by_told_.count(told) != 0; }
  /// A line with every real name replaced.
  std::string in_the_story(std::string_view line) const;

private:
  std::map<std::string, std::string, std::less<>> by_real_;
  std::map<std::string, std::string> by_told_;
};

} // namespace igl::scenario
