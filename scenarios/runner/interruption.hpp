#pragma once

#include <array>

#include <signal.h>

namespace igl::scenario {

/// While there is one, SIGINT, SIGTERM and SIGHUP end what is played, and leave nothing behind:
/// whoever goes on for long asks whether one came. A second one ends the process at once.
class interruption {
public:
  interruption();
  ~interruption();
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;

  /// One came since there is an interruption.
  static bool came() { return signal() != 0; }
  /// Its number; 0: none came.
  static int signal();

private:
  static constexpr std::array<int, 3> signals{SIGINT, SIGTERM, SIGHUP};

  std::array<struct sigaction, 3> before_{};
  sigset_t mask_before_{};
};

} // namespace igl::scenario
