#pragma once

#include <chrono>
#include <cmath>
#include <memory>
#include <mutex>

namespace igl {

/// How many of something there are, on average over the last moments. Used on any thread.
class gauge {
public:
  using clock = std::chrono::steady_clock;

  /// The weight of what was falls to a third within `memory`.
  explicit gauge(std::chrono::milliseconds memory) : memory_(memory) {}

  void change(int by) {
    std::lock_guard guard{mutex_};
    pass();
    now_ += by;
  }
  size_t now() {
    std::lock_guard guard{mutex_};
    return static_cast<size_t>(now_);
  }
  double average() {
    std::lock_guard guard{mutex_};
    pass();
    return average_;
  }

private:
  void pass() {
    const auto at = clock::now();
    const std::chrono::duration<double> passed = at - at_;
    average_ = now_ + (average_ - now_) * std::exp(-passed / memory_);
    at_ = at;
  }

  std::mutex mutex_;
  std::chrono::duration<double> memory_;
  clock::time_point at_ = clock::now();
  int now_ = 0;
  double average_ = 0;
};

/// Is counted as long as a copy of it lives.
class counted {
public:
  explicit counted(const std::shared_ptr<gauge>& in) {
    if (!in)
      return;
    in->change(1);
    hold_ = std::shared_ptr<gauge>(in.get(), [in](gauge* x) { x->change(-1); });
  }

private:
  std::shared_ptr<gauge> hold_;
};

} // namespace igl
