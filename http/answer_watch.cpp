#include "http/detail/answer_watch.hpp"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace igl {

namespace {

constexpr std::chrono::milliseconds interval{50};

/// The number of a socket that no other one ever has; 0: it is none.
uint64_t cookie_of(int descriptor) {
  uint64_t cookie = 0;
  socklen_t size = sizeof(cookie);
  return ::getsockopt(descriptor, SOL_SOCKET, SO_COOKIE, &cookie, &size) == 0 ? cookie : 0;
}

/// How many bytes were read of what came over a socket.
uint64_t taken_off(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    return 0;
  int unread = 0;
  ::ioctl(descriptor, SIOCINQ, &unread);
  return info.tcpi_bytes_received -
         std::min<uint64_t>(static_cast<uint64_t>(std::max(unread, 0)), info.tcpi_bytes_received);
}

} // namespace

void followed_answer::comes_over(int descriptor) {
  std::lock_guard lock{guard_};
  descriptor_ = descriptor;
  cookie_ = cookie_of(descriptor);
  taken_ = taken_off(descriptor);
  was_cut_ = false;
}

answer_watch::answer_watch(uint64_t most) : most_(most), thread_([this] { run(); }) {}

answer_watch::~answer_watch() {
  {
    std::lock_guard lock{guard_};
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void answer_watch::follow(const std::shared_ptr<followed_answer>& x) {
  {
    std::lock_guard lock{guard_};
    if (std::exchange(x->is_followed_, true))
      return;
    followed_.push_back(x);
  }
  wake_.notify_all();
}

void answer_watch::run() {
  std::unique_lock lock{guard_};
  for (;;) {
    wake_.wait(lock, [this] { return stopping_ || !followed_.empty(); });
    if (wake_.wait_for(lock, interval, [this] { return stopping_; }))
      return;
    std::erase_if(followed_, [](auto& x) { return x.expired(); });
    auto all = followed_;
    lock.unlock();
    for (auto& one : all)
      if (auto x = one.lock())
        look_at(*x);
    lock.lock();
  }
}

void answer_watch::look_at(followed_answer& x) {
  std::lock_guard lock{x.guard_};
  auto taken = taken_off(x.descriptor_);
  // The descriptor may be another socket's by now.
  if (x.cookie_ == 0 || cookie_of(x.descriptor_) != x.cookie_)
    return;
  if (auto arrived = x.brought_(); arrived != x.arrived_) {
    x.arrived_ = arrived;
    x.taken_ = taken;
  }
  if (taken <= x.taken_ + most_)
    return;
  x.was_cut_ = true;
  descriptors_.end(x.descriptor_, [&](int copy) { return cookie_of(copy) == x.cookie_; });
}

} // namespace igl
