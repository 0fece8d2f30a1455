#pragma once

#include <chrono>

namespace igl {

/// SIGINT and SIGTERM as something to wait for. Create it first in main, before any thread: threads
/// inherit the blocked signals.
class stop_signal {
public:
  stop_signal();
  /// True when a signal came, now or before.
  bool wait(std::chrono::milliseconds at_most);

private:
  bool came_ = false;
};

} // namespace igl
