#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace igl {

/// Bytes of memory that many use together, up to a bound. Thread-safe.
class byte_budget {
public:
  explicit byte_budget(uint64_t most) : most_(most) {}

  /// What one of them uses; given back when it ends.
  class share {
  public:
    explicit share(std::shared_ptr<byte_budget> of) : of_(std::move(of)) {}
    share(const share&) = delete;
    share& operator=(const share&) = delete;
    ~share() { of_->used_ -= bytes_; }

    /// It uses so many bytes now. False: together they use more than the bound.
    bool uses(uint64_t bytes) {
      auto together = of_->used_ += bytes - bytes_;
      bytes_ = bytes;
      if (together <= of_->most_)
        return true;
      of_->was_exceeded_ = true;
      return false;
    }

  private:
    std::shared_ptr<byte_budget> of_;
    uint64_t bytes_ = 0;
  };

  /// Since somebody asked last one of them was told that there is no more.
  bool was_exceeded() { return was_exceeded_.exchange(false); }

private:
  uint64_t most_;
  std::atomic<uint64_t> used_{0};
  std::atomic<bool> was_exceeded_{false};
};

} // namespace igl
