#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace igl::fakes {

/// A fresh folder that is gone with the case.
class temporary_folder {
public:
  temporary_folder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "igl-test-XXXXXX").string();
    if (mkdtemp(pattern.data()) != nullptr)
      path_ = pattern;
  }
  temporary_folder(const temporary_folder&) = delete;
  temporary_folder& operator=(const temporary_folder&) = delete;
  ~temporary_folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }

  /// Writes a file; answers its path.
  std::string file(const std::string& name, const std::string& bytes) const {
    auto where = path_ + "/" + name;
    std::ofstream{where, std::ios::binary} << bytes;
    return where;
  }

  bool empty() const { return std::filesystem::is_empty(path_); }

private:
  std::string path_;
};

} // namespace igl::fakes
