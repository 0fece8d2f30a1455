#pragma once

#include <caf/expected.hpp>

#include <chrono>
#include <string>
#include <vector>

#include <sys/types.h>

namespace igl {

/// A process this one started. It is ended (SIGTERM, then SIGKILL) when the object goes.
class child_process {
public:
  /// Starts `arguments[0]` with its output appended to a file, and with nothing else that this
  /// process has open. The child gets SIGTERM should this process die first. Fails with
  /// unavailable.
  static caf::expected<child_process> start(std::vector<std::string> arguments,
                                            const std::string& log_file,
                                            const std::vector<std::string>& variables = {});

  child_process() = default;
  child_process(child_process&& other) noexcept;
  child_process& operator=(child_process&& other) noexcept;
  ~child_process();

  pid_t pid() const { return pid_; }
  bool running();
  /// Sends a signal; nothing happens when it has ended.
  void signal(int number);
  /// Waits for the end; the exit status, 128 + signal number if it was killed, or -1 when the time
  /// is over.
  int wait(std::chrono::milliseconds at_most);
  /// SIGTERM, a wait, SIGKILL; the exit status as for `wait`.
  int stop(std::chrono::milliseconds at_most);

private:
  pid_t pid_ = -1;
  int status_ = -1;
};

/// The program that is running.
std::string own_program();

/// A port of 127.0.0.1 that nobody listens on, another one each time; 0: there is none.
uint16_t free_port();

} // namespace igl
