#pragma once

#include "config/settings.hpp"

#include <memory>
#include <mutex>
#include <utility>

namespace igl {

/// Something that may be replaced while others read it. Copies share it; thread-safe.
template <class T>
class replaceable {
public:
  replaceable(T first = {}) : shared_(std::make_shared<place>()) {
    shared_->what = std::move(first);
  }

  T now() const {
    std::lock_guard guard{shared_->mutex};
    return shared_->what;
  }
  void replace(T next) const {
    // The old one is released after the lock.
    std::lock_guard guard{shared_->mutex};
    std::swap(shared_->what, next);
  }

private:
  struct place {
    std::mutex mutex;
    T what;
  };
  std::shared_ptr<place> shared_;
};

/// A node's settings as they are in force: a reload replaces them.
using current_settings = replaceable<std::shared_ptr<const node_settings>>;

} // namespace igl
