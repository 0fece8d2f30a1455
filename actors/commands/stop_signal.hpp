#pragma once

#include <chrono>
#include <utility>

namespace igl {

/// SIGINT, SIGTERM and SIGHUP as something to wait for. Create it first in main, before any thread:
/// threads inherit the blocked signals. What a peer or a file can do to a process by a signal
/// (SIGPIPE, SIGXFSZ) is from then on an error of the call that caused it.
class stop_signal {
public:
  stop_signal();
  /// True when a signal to stop came, now or before. SIGHUP is one, for a terminal that is closed
  /// ends what ran in it, unless it means a reload. Returns early when that is asked for.
  bool wait(std::chrono::milliseconds at_most);

  /// From now on SIGHUP asks for a reload.
  void hangup_means_reload() { reloads_ = true; }
  /// Was a reload asked for since the last time that this was asked?
  bool reload_asked() { return std::exchange(reload_asked_, false); }
  /// From now on they end the process at once, as any other's: nothing waits for them here. For the
  /// thread of main.
  void ends_the_process();

private:
  bool came_ = false;
  bool reloads_ = false;
  bool reload_asked_ = false;
};

} // namespace igl
