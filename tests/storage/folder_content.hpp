#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>

namespace igl {

/// The files of a folder with their bytes; of the table of LMDB's readers only that it is there.
inline std::map<std::string, std::string> content_of(const std::string& folder) {
  std::map<std::string, std::string> all;
  for (auto& x : std::filesystem::directory_iterator{folder}) {
    auto name = x.path().filename().string();
    std::ifstream file{x.path(), std::ios::binary};
    all[name] =
        name == "lock.mdb" ? std::string{} : std::string{std::istreambuf_iterator<char>{file}, {}};
  }
  return all;
}

} // namespace igl
