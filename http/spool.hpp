#pragma once

#include <caf/expected.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace igl {

/// A file that an upload passes through; removed with the object.
class spool_file {
public:
  /// A new, empty file in a folder. Fails with unavailable, and storage_full.
  static caf::expected<std::shared_ptr<spool_file>> create(const std::string& folder);
  spool_file(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  spool_file(const spool_file&) = delete;
  spool_file& operator=(const spool_file&) = delete;
  ~spool_file();

  caf::error append(std::string_view bytes);
  const std::string& path() const { return path_; }

private:
  int descriptor_;
  std::string path_;
};

/// Creates the folder if it is missing, and removes the files that an earlier process left there.
caf::error prepare_spool(const std::string& folder);

} // namespace igl
