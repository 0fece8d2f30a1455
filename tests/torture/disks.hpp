#pragma once

#include "actors/commands/demo_network.hpp"

#include <map>
#include <string>
#include <vector>

namespace igl::torture {

/// Where each nation's processes keep their data, and how it gets full.
///
/// When this process may mount: a tmpfs for each nation, in a mount namespace of its own, so that
/// it goes with the last process of the run. It is full when its size is set to what is used: then
/// no page can be added, and no memory is spent on that. Otherwise RLIMIT_FSIZE of a nation's nodes
/// and endpoints is set to 0 (prlimit): then no byte can be written to a file, and a write raises
/// SIGXFSZ, which a process must ignore.
class disks {
public:
  /// Call before there is any thread: the mount namespace is that of the calling thread and those
  /// it starts.
  explicit disks(uint64_t bytes_each);

  /// Before anything is started: mounts, and has each member's folder there.
  caf::error prepare(demo_network& network);
  /// "a tmpfs for each nation" or "RLIMIT_FSIZE".
  std::string kind() const;

  /// Nothing more can be written by the nation's processes.
  caf::error fill(demo_network& network, const std::string& nation);
  caf::error empty(demo_network& network, const std::string& nation);
  /// A process that was started while its nation's disk is full has no room either.
  void started(const demo_network::member& which);

  /// Copies what is on the disks to where it can be found afterwards, and unmounts them. Nothing
  /// may run any more.
  void keep();
  /// Unmounts.
  void remove();
  ~disks() { remove(); }

private:
  caf::error resize(const std::string& nation, uint64_t bytes) const;

  uint64_t bytes_each_;
  bool may_mount_ = false;
  std::map<std::string, std::string> mounted_; ///< nation → folder
  std::map<std::string, bool> full_;
};

/// AU for "node AU" and "endpoint a-AU".
std::string nation_in(const std::string& member_name);

} // namespace igl::torture
