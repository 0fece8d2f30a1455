#pragma once

#include <string>

namespace igl::scenario {

/// A folder in memory where the machine has one, for nothing in it outlives the story; it ends with
/// this.
class story_folder {
public:
  /// `base`: where it is made; empty: where such folders are.
  explicit story_folder(const std::string& base = {});
  story_folder(const story_folder&) = delete;
  story_folder& operator=(const story_folder&) = delete;
  ~story_folder();

  std::string path;
};

} // namespace igl::scenario
