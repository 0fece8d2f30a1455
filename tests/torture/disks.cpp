#include "tests/torture/disks.hpp"

#include "messages/errors.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

namespace igl::torture {

namespace fs = std::filesystem;

namespace {

caf::error failed_to(const std::string& what) {
  return make_problem(errc::unavailable, "cannot " + what + ": " + std::strerror(errno));
}

caf::error limit_files(pid_t pid, bool full) {
  rlimit now{};
  if (prlimit(pid, RLIMIT_FSIZE, nullptr, &now) != 0)
    return failed_to("read RLIMIT_FSIZE");
  now.rlim_cur = full ? 0 : now.rlim_max; // the soft limit alone: it has to come back
  if (prlimit(pid, RLIMIT_FSIZE, &now, nullptr) != 0)
    return failed_to("set RLIMIT_FSIZE");
  return {};
}

} // namespace

std::string nation_in(const std::string& member_name) {
  return member_name.substr(member_name.size() - 2);
}

disks::disks(uint64_t bytes_each) : bytes_each_(bytes_each) {
  may_mount_ =
      unshare(CLONE_NEWNS) == 0 && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
}

void disks::remove() {
  for (const auto& [nation, folder] : mounted_)
    umount2(folder.c_str(), MNT_DETACH);
  mounted_.clear();
}

std::string disks::kind() const {
  return may_mount_ ? "a tmpfs for each nation" : "RLIMIT_FSIZE";
}

caf::error disks::prepare(demo_network& network) {
  for (const auto& nation : network.options().nations) {
    if (!may_mount_)
      break;
    auto folder = network.options().folder + "/disk-" + nation;
    fs::create_directory(folder);
    auto how = "size=" + std::to_string(bytes_each_) + ",mode=700";
    if (mount("tmpfs", folder.c_str(), "tmpfs", MS_NOATIME, how.c_str()) != 0) {
      may_mount_ = false;
      break;
    }
    mounted_[nation] = folder;
  }
  if (!may_mount_)
    return {};
  for (const auto& [name, member] : network.members()) {
    auto place = mounted_.at(nation_in(name)) + "/" + fs::path(member.data_dir).filename().string();
    fs::create_directory(place);
    fs::create_directory_symlink(place, member.data_dir);
  }
  return {};
}

caf::error disks::resize(const std::string& nation, uint64_t bytes) const {
  auto how = "size=" + std::to_string(bytes);
  if (mount("tmpfs", mounted_.at(nation).c_str(), "tmpfs", MS_REMOUNT | MS_NOATIME, how.c_str()) !=
      0)
    return failed_to("give " + mounted_.at(nation) + " " + how);
  return {};
}

caf::error disks::fill(demo_network& network, const std::string& nation) {
  full_[nation] = true;
  if (!may_mount_) {
    for (auto& [name, member] : network.members())
      if (nation_in(name) == nation && member.process.pid() > 0)
        if (auto failed = limit_files(member.process.pid(), true))
          return failed;
    return {};
  }
  // What is written meanwhile makes the size too small; then it is looked at once more.
  caf::error failed;
  for (int attempt = 0; attempt < 1000; ++attempt) {
    struct statvfs now {};
    if (statvfs(mounted_.at(nation).c_str(), &now) != 0)
      return failed_to("look at " + mounted_.at(nation));
    // 0 would be no limit.
    failed = resize(nation, std::max<uint64_t>((now.f_blocks - now.f_bfree) * now.f_frsize, 4096));
    if (!failed)
      return {};
  }
  return failed;
}

caf::error disks::empty(demo_network& network, const std::string& nation) {
  if (!std::exchange(full_[nation], false))
    return {};
  if (may_mount_)
    return resize(nation, bytes_each_);
  for (auto& [name, member] : network.members())
    if (nation_in(name) == nation && member.process.pid() > 0)
      if (auto failed = limit_files(member.process.pid(), false))
        return failed;
  return {};
}

void disks::started(const demo_network::member& which) {
  if (!may_mount_ && full_[nation_in(which.name)])
    limit_files(which.process.pid(), true);
}

void disks::keep() {
  for (const auto& [nation, folder] : mounted_) {
    auto copy = folder + ".kept";
    std::error_code ignored;
    fs::copy(folder, copy, fs::copy_options::recursive, ignored);
    umount2(folder.c_str(), MNT_DETACH);
    fs::remove(folder, ignored);
    fs::rename(copy, folder, ignored);
  }
  mounted_.clear();
}

} // namespace igl::torture
