#include "storage/folder_lock.hpp"

#include "messages/errors.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

namespace igl {

namespace {

std::string holder_of(int fd) {
  char text[32] = {};
  auto length = pread(fd, text, sizeof(text) - 1, 0);
  std::string pid(text, length > 0 ? static_cast<size_t>(length) : 0);
  pid.erase(pid.find_last_not_of('\n') + 1);
  return pid.empty() ? "another process" : "process " + pid;
}

} // namespace

caf::expected<folder_lock> folder_lock::acquire(const std::string& folder,
                                                const std::string& file) {
  std::error_code failed;
  std::filesystem::create_directories(folder, failed);
  if (failed)
    return make_problem(errc::storage_failed,
                        "the folder " + folder + " cannot be created: " + failed.message());
  auto path = folder + "/" + file;
  folder_lock lock(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644));
  if (lock.fd_ < 0)
    return make_problem(errc::storage_failed, path + " cannot be opened: " + std::strerror(errno));
  if (flock(lock.fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK)
      return make_problem(errc::storage_failed,
                          path + " cannot be locked: " + std::strerror(errno));
    return make_problem(errc::storage_locked, "the folder " + folder + " is in use by " +
                                                  holder_of(lock.fd_) +
                                                  ": stop it, or choose another data folder");
  }
  auto pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock.fd_, 0) != 0 ||
      pwrite(lock.fd_, pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size()))
    return make_problem(errno == ENOSPC ? errc::storage_full : errc::storage_failed,
                        path + " cannot be written: " + std::strerror(errno));
  return lock;
}

folder_lock::folder_lock(folder_lock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

folder_lock& folder_lock::operator=(folder_lock&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

folder_lock::~folder_lock() {
  if (fd_ >= 0)
    ::close(fd_);
}

} // namespace igl
