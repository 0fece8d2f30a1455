#pragma once

#include <caf/expected.hpp>

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

/// A server program as a child of this process.
namespace igl::nats_process {

struct child {
  pid_t pid = 0;
  int life = -1; ///< a descriptor that reads as ended when the child has; ours to close
};

/// Starts a program whose output goes to the end of a file, in a process group of its own (Ctrl-C
/// is for us), with no descriptor of ours. The child gets SIGINT when the calling THREAD ends: call
/// it on one that lives as long as the child shall. Fails with unavailable.
caf::expected<child> spawn(const std::string& program, const std::vector<std::string>& arguments,
                           const std::string& log_file);

/// Waits for a child that has ended, or is about to. "exit status 1", "killed by signal 9".
std::string reap(pid_t pid);

/// Whether a process runs that has this among its arguments.
bool runs_with(pid_t pid, const std::string& argument);

/// Ends a process that is not our child: SIGINT, and SIGKILL after `patience`. Returns when it is
/// gone; false: it still runs.
bool end_stranger(pid_t pid, const std::string& argument, std::chrono::milliseconds patience);

} // namespace igl::nats_process
