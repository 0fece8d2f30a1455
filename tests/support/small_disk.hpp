#pragma once

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <fstream>
#include <functional>
#include <iostream>
#include <sched.h>
#include <string>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

namespace igl::test {

/// A disk of a given size, in memory. Only the process that made it sees it, and only as root or
/// where users may have namespaces of their own.
class small_disk {
public:
  /// To be asked of a process with one thread, which leaves the others' file systems for good.
  /// False, and says why, if that is not allowed here.
  static bool mount_on(const std::string& folder, size_t bytes) {
    const auto uid = std::to_string(getuid());
    if (unshare(CLONE_NEWNS) != 0) {
      if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
        return refused("a namespace of its own");
      std::ofstream("/proc/self/setgroups") << "deny";
      std::ofstream("/proc/self/uid_map") << "0 " << uid << " 1";
    }
    if (mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder.c_str(), "tmpfs", 0, ("size=" + std::to_string(bytes)).c_str()) != 0)
      return refused("a disk in memory");
    return true;
  }

  explicit small_disk(const std::string& folder) : filler_(folder + "/filler") {}

  /// Fills it up, but for so many pages of 4 KiB.
  void fill(size_t free_pages) {
    int fd = ::open(filler_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    const std::string page(page_bytes, 'f');
    off_t bytes = 0;
    for (ssize_t got = 0; (got = write(fd, page.data(), page.size())) > 0;)
      bytes += got;
    if (ftruncate(fd, bytes - static_cast<off_t>(page_bytes * free_pages)) != 0)
      std::abort();
    close(fd);
  }
  void make_room() { unlink(filler_.c_str()); }

private:
  static constexpr size_t page_bytes = 4096;

  static bool refused(const char* what) {
    std::cerr << "SKIPPED: this user may not have " << what << ": " << std::strerror(errno) << '\n';
    return false;
  }

  std::string filler_;
};

/// Runs `what` in a process of its own, with such a disk on `folder`: false, if it answers false or
/// ends otherwise. True where nobody may have such a disk, after a line that says so.
inline bool holds_on_small_disk(const std::string& folder, size_t bytes,
                                const std::function<bool(small_disk&)>& what) {
  auto child = fork();
  if (child == 0) {
    if (!small_disk::mount_on(folder, bytes))
      _exit(0);
    small_disk disk(folder);
    _exit(what(disk) ? 0 : 1);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

} // namespace igl::test
