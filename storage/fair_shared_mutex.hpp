#pragma once

#include <atomic>
#include <mutex>
#include <shared_mutex>

namespace igl {

/// A shared mutex in which a stream of readers cannot starve whoever wants it alone: that one
/// closes a gate first, and who comes later waits there. For std::shared_lock and std::unique_lock.
class fair_shared_mutex {
public:
  void lock_shared() {
    if (gate_closed_.load(std::memory_order_acquire))
      std::lock_guard wait(gate_);
    mutex_.lock_shared();
  }
  void unlock_shared() { mutex_.unlock_shared(); }

  void lock() {
    std::lock_guard closed(gate_);
    gate_closed_.store(true, std::memory_order_release);
    mutex_.lock();
    gate_closed_.store(false, std::memory_order_release);
  }
  void unlock() { mutex_.unlock(); }

private:
  std::mutex gate_;
  std::atomic<bool> gate_closed_ = false;
  std::shared_mutex mutex_;
};

} // namespace igl
