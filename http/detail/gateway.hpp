#pragma once

#include "http/detail/exchange.hpp"
#include "messages/errors.hpp"
#include "messages/timeouts.hpp"

#include <caf/response_type.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace igl {

struct gateway_work;

/// A GATEWAY makes requests to other actors for threads that are none.
using gateway_actor = caf::typed_actor<caf::reacts_to<gateway_work>>;

/// What a gateway does next. Local only.
struct gateway_work {
  std::function<void(gateway_actor::pointer)> run;
};

} // namespace igl

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(igl::gateway_work)

namespace igl {

/// What an actor answers to an order.
template <class Handle, class Order>
using answer_of =
    typename caf::detail::tl_head<caf::response_type_t<typename Handle::signatures, Order>>::type;

/// A few gateway actors: the way from cpprestsdk's threads to the APIs' actors and back. No thread
/// waits for an answer.
class gateways {
public:
  gateways(caf::actor_system& sys, size_t count);
  gateways(const gateways&) = delete;
  gateways& operator=(const gateways&) = delete;
  ~gateways() { stop(); }

  /// Ends the actors; what is asked from now on gets no answer but broken_promise.
  void stop() const;

  /// Has `whom` asked; `then` gets the answer, `otherwise` the error, on an actor's thread.
  template <class Handle, class Order, class Then, class Otherwise>
  void request(const Handle& whom, std::chrono::seconds patience, Order order, Then then,
               Otherwise otherwise) const {
    run([=, order = std::move(order)](gateway_actor::pointer self) {
      self->request(whom, patience, order)
          .then([=](answer_of<Handle, Order>& x) { then(x); },
                [=](caf::error& why) { otherwise(why); });
    });
  }

  /// The same for an exchange: an error, and what `then` throws, is its answer. An empty handle
  /// is a part that is not there.
  template <class Handle, class Order, class Then>
  void ask(std::shared_ptr<exchange> x, const Handle& whom, Order order, Then then,
           std::chrono::seconds patience = timeouts::api) const {
    if (!whom)
      return x->fail(make_problem(errc::unavailable));
    request(
        whom, patience, std::move(order),
        [=](answer_of<Handle, Order>& y) { x->guarded([&] { then(y); }); },
        [=](const caf::error& why) { x->fail(why); });
  }

private:
  void run(std::function<void(gateway_actor::pointer)> work) const;

  std::vector<gateway_actor> actors_;
  mutable std::atomic<size_t> next_{0};
};

} // namespace igl
