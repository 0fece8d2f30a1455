#include "scenarios/runner/story_folder.hpp"

#include <cstdlib>
#include <filesystem>
#include <stdexcept>

namespace igl::scenario {

story_folder::story_folder(const std::string& base) {
  std::error_code none;
  std::filesystem::path where{base};
  if (base.empty())
    where = std::filesystem::exists("/dev/shm", none) ? std::filesystem::path{"/dev/shm"}
                                                      : std::filesystem::temp_directory_path();
  auto pattern = (where / "igl-scenario-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr)
    throw std::runtime_error("no folder can be made: " + pattern);
  path = pattern;
}

story_folder::~story_folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path, ignored);
}

} // namespace igl::scenario
