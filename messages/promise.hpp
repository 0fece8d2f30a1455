#pragma once

#include "messages/errors.hpp"

#include <caf/expected.hpp>
#include <caf/typed_response_promise.hpp>

#include <memory>
#include <utility>

namespace igl {

/// A response promise that is always answered: if nobody did, the requester hears broken_promise
/// when the last handler that holds it is destroyed (CAF 0.17 would leave it waiting for its
/// time-out).
template <class T>
class guarded_promise {
public:
  explicit guarded_promise(caf::typed_response_promise<T> promise) : promise_(std::move(promise)) {}
  guarded_promise(const guarded_promise&) = delete;
  guarded_promise& operator=(const guarded_promise&) = delete;
  ~guarded_promise() {
    if (!done_ && promise_.pending())
      promise_.deliver(make_problem(errc::broken_promise));
  }

  template <class U>
  void deliver(U&& x) {
    if (done_)
      return;
    done_ = true;
    promise_.deliver(std::forward<U>(x));
  }

  void deliver(caf::expected<T> x) {
    if (x)
      deliver(std::move(*x));
    else
      deliver(std::move(x.error()));
  }

  /// What a message handler returns.
  const caf::typed_response_promise<T>& unguarded() const { return promise_; }

private:
  caf::typed_response_promise<T> promise_;
  bool done_ = false;
};

/// `auto answer = promise_of<settled>(self); …then(… answer->deliver(x) …); return
/// answer->unguarded();`
template <class T, class Self>
std::shared_ptr<guarded_promise<T>> promise_of(Self* self) {
  return std::make_shared<guarded_promise<T>>(
      self->template make_response_promise<caf::typed_response_promise<T>>());
}

} // namespace igl
