#include "actors/commands/stop_signal.hpp"

#include <csignal>
#include <ctime>

namespace igl {

namespace {

sigset_t stopping() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  return set;
}

} // namespace

stop_signal::stop_signal() {
  auto set = stopping();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that closes its connection is an error of that call, not of the process.
  std::signal(SIGPIPE, SIG_IGN);
}

bool stop_signal::wait(std::chrono::milliseconds at_most) {
  if (came_)
    return true;
  auto set = stopping();
  timespec patience{at_most.count() / 1000, at_most.count() % 1000 * 1000000};
  came_ = sigtimedwait(&set, nullptr, &patience) > 0;
  return came_;
}

} // namespace igl
