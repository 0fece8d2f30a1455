#pragma once

#include <caf/expected.hpp>

#include <string>

namespace igl {

/// Keeps other processes, and other parts of this one, out of a folder while it lives. The system
/// takes the lock away from a process that dies.
class folder_lock {
public:
  /// Locks `<folder>/<file>`, creating both. Fails with storage_locked, naming the process that has
  /// it, or storage_failed.
  static caf::expected<folder_lock> acquire(const std::string& folder, const std::string& file);

  folder_lock(folder_lock&& other) noexcept;
  folder_lock& operator=(folder_lock&& other) noexcept;
  ~folder_lock();

private:
  explicit folder_lock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

} // namespace igl
