#include "scenarios/runner/interruption.hpp"

#include <atomic>

namespace igl::scenario {

namespace {

std::atomic<int> number{0};

extern "C" void remember(int signal) {
  number = signal;
}

} // namespace

interruption::interruption() {
  number = 0;
  struct sigaction what {};
  what.sa_handler = remember;
  what.sa_flags = static_cast<int>(SA_RESETHAND);
  sigemptyset(&what.sa_mask);
  sigset_t ours;
  sigemptyset(&ours);
  for (size_t i = 0; i < signals.size(); ++i) {
    sigaction(signals[i], &what, &before_[i]);
    // nohup wants it to outlive its terminal.
    if (signals[i] == SIGHUP && before_[i].sa_handler == SIG_IGN)
      sigaction(signals[i], &before_[i], nullptr);
    sigaddset(&ours, signals[i]);
  }
  // The process was started with them blocked, for those that wait for them.
  pthread_sigmask(SIG_UNBLOCK, &ours, &mask_before_);
}

interruption::~interruption() {
  pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
  for (size_t i = 0; i < signals.size(); ++i)
    sigaction(signals[i], &before_[i], nullptr);
  number = 0;
}

int interruption::signal() {
  return number;
}

} // namespace igl::scenario
