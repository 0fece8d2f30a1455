#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace igl::fuzz {

/// A folder of its own, gone when the process ends well; in memory where the system has such.
class scratch {
public:
  scratch() {
    auto parent = std::filesystem::is_directory("/dev/shm")
                      ? std::filesystem::path{"/dev/shm"}
                      : std::filesystem::temp_directory_path();
    path_ = (parent / "igl-fuzz-XXXXXX").string();
    if (mkdtemp(path_.data()) == nullptr)
      std::abort();
  }
  scratch(const scratch&) = delete;
  scratch& operator=(const scratch&) = delete;
  ~scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

private:
  std::string path_;
};

} // namespace igl::fuzz
