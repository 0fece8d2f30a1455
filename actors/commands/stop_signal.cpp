#include "actors/commands/stop_signal.hpp"

#include <csignal>
#include <ctime>
#include <initializer_list>

namespace igl {

namespace {

sigset_t of(std::initializer_list<int> signals) {
  sigset_t set;
  sigemptyset(&set);
  for (auto number : signals)
    sigaddset(&set, number);
  return set;
}

} // namespace

stop_signal::stop_signal() {
  auto set = of({SIGINT, SIGTERM, SIGHUP});
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that closes its connection, and a file that may not grow, are errors of that call, not
  // of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

bool stop_signal::wait(std::chrono::milliseconds at_most) {
  if (came_)
    return true;
  auto set = of({SIGINT, SIGTERM, SIGHUP});
  timespec patience{at_most.count() / 1000, at_most.count() % 1000 * 1000000};
  auto number = sigtimedwait(&set, nullptr, &patience);
  if (number == SIGHUP && reloads_)
    reload_asked_ = true;
  else
    came_ = number > 0;
  return came_;
}

void stop_signal::ends_the_process() {
  auto set = of({SIGINT, SIGTERM, SIGHUP});
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

} // namespace igl
