#pragma once

#include "http/detail/exchange.hpp"
#include "messages/errors.hpp"
#include "messages/gauge.hpp"
#include "messages/timeouts.hpp"

#include <caf/actor_clock.hpp>
#include <caf/response_type.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

namespace igl {

struct gateway_work;

/// A GATEWAY makes requests to other actors for threads that are none.
using gateway_actor = caf::typed_actor<caf::reacts_to<gateway_work>,
                                       // INTERNAL: looks for requests that wait too long.
                                       caf::reacts_to<caf::tick_atom>>;

struct gateway_state {
  static inline const char* name = "http-gateway";

  /// A request under way.
  struct waiting {
    caf::actor_clock::time_point until;
    std::function<void(caf::error&)> otherwise;
    counted one;
  };
  std::unordered_map<uint64_t, waiting> under_way;
  uint64_t last_number = 0;
  bool watching = false;
};
using gateway_pointer = gateway_actor::stateful_pointer<gateway_state>;

/// What a gateway does next. Local only.
struct gateway_work {
  std::function<void(gateway_pointer)> run;
};

/// Runs what a gateway does for somebody. What it throws is logged and becomes `internal`: many
/// other requests are under way in the same actor, and must not end with it.
caf::error contained(const std::function<void()>& piece);

/// From now on `otherwise` hears request_timeout unless `end_request` is called within `patience`.
uint64_t begin_request(gateway_pointer self, std::chrono::seconds patience,
                       std::function<void(caf::error&)> otherwise, counted one);
/// Whether somebody still waits for the answer.
bool end_request(gateway_pointer self, uint64_t number);

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
  /// `waiting` counts the requests whose patience is timeouts::api at most.
  gateways(caf::actor_system& sys, size_t count, std::shared_ptr<gauge> waiting);
  gateways(const gateways&) = delete;
  gateways& operator=(const gateways&) = delete;
  ~gateways() { stop(); }

  /// Ends the actors; what is asked from now on gets no answer but broken_promise.
  void stop() const;

  /// Has `whom` asked; `then` gets the answer, `otherwise` the error, on an actor's thread. If
  /// `then` throws, `otherwise` hears `internal`; what `otherwise` throws is logged.
  template <class Handle, class Order, class Then, class Otherwise>
  void request(const Handle& whom, std::chrono::seconds patience, Order order, Then then,
               Otherwise otherwise) const {
    counted one(patience <= timeouts::api ? waiting_ : nullptr);
    auto fail = [=](const caf::error& why) {
      contained([&] { otherwise(why); });
    };
    run([=, order = std::move(order)](gateway_pointer self) {
      const auto number = begin_request(self, patience, fail, one);
      self->request(whom, caf::infinite, order)
          .then(
              [=](answer_of<Handle, Order>& x) {
                if (!end_request(self, number))
                  return;
                if (auto why = contained([&] { then(x); }))
                  fail(why);
              },
              [=](const caf::error& why) {
                if (end_request(self, number))
                  fail(why);
              });
    });
  }

  /// The same for an exchange: an error, and what `then` throws, is its answer. An empty handle
  /// is a part that is not there.
  template <class Handle, class Order, class Then>
  void ask(std::shared_ptr<exchange> x, const Handle& whom, Order order, Then then,
           std::chrono::seconds patience = timeouts::api) const {
    ask_or(x, whom, patience, std::move(order), std::move(then),
           [=](const caf::error& why) { x->fail(why); });
  }

  /// The same, and `otherwise` answers when there is an error.
  template <class Handle, class Order, class Then, class Otherwise>
  void ask_or(std::shared_ptr<exchange> x, const Handle& whom, std::chrono::seconds patience,
              Order order, Then then, Otherwise otherwise) const {
    if (!whom)
      return otherwise(make_problem(errc::unavailable));
    request(
        whom, patience, std::move(order),
        [=](answer_of<Handle, Order>& y) { x->guarded([&] { then(y); }); },
        [=](const caf::error& why) { x->guarded([&] { otherwise(why); }); });
  }

private:
  void run(std::function<void(gateway_pointer)> work) const;

  std::vector<gateway_actor> actors_;
  std::shared_ptr<gauge> waiting_;
  mutable std::atomic<size_t> next_{0};
};

} // namespace igl
