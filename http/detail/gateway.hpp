#pragma once

#include "http/detail/exchange.hpp"
#include "messages/errors.hpp"
#include "messages/gauge.hpp"
#include "messages/timeouts.hpp"

#include <caf/actor_cast.hpp>
#include <caf/actor_clock.hpp>
#include <caf/monitorable_actor.hpp>
#include <caf/response_type.hpp>
#include <caf/typed_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

namespace igl {

/// Asks other actors on behalf of threads that are none. An actor without a mailbox: a question
/// leaves on the thread that has it, and what follows from the answer runs on the thread of the
/// actor that gives it. So nobody is woken in between.
class gateway_actor : public caf::monitorable_actor {
public:
  /// What follows from an answer, which is an error or what the asked actor's type says.
  using continuation = std::function<void(caf::type_erased_tuple&)>;

  explicit gateway_actor(caf::actor_config& config) : caf::monitorable_actor(config) {}

  /// The answer to the question with this id goes to `then`; one that does not come within
  /// `patience` is request_timeout. Not valid: the gateway is closed.
  caf::message_id expect(std::chrono::seconds patience, continuation then, counted one);
  /// Whoever waits for an answer is forgotten, and nobody can wait for one any more. False: that
  /// was so before.
  bool close();
  /// Whoever waits too long hears request_timeout.
  void end_overdue();

  using caf::monitorable_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;
  const char* name() const override { return "http-gateway"; }
  void on_destroy() override;

private:
  using time_point = caf::actor_clock::time_point;
  struct waiting {
    time_point until;
    continuation then;
    counted one;
  };

  std::mutex mutex_;
  std::unordered_map<uint64_t, waiting> under_way_;
  uint64_t last_number_ = 0;
  bool closed_ = false;
};

/// A GATEWAY WATCH lets a gateway look regularly for those who wait too long.
using gateway_watch_actor = caf::typed_actor<
    // INTERNAL: it is time.
    caf::reacts_to<caf::tick_atom>>;

/// Runs what follows for somebody. What it throws is logged and becomes `internal`: whoever gave
/// the answer must not end with it.
caf::error contained(const std::function<void()>& piece);

/// What an actor answers to an order.
template <class Handle, class Order>
using answer_of =
    typename caf::detail::tl_head<caf::response_type_t<typename Handle::signatures, Order>>::type;

/// The way from cpprestsdk's threads to the APIs' actors and back. No thread waits for an answer.
class gateway {
public:
  /// `waiting` counts the requests whose patience is timeouts::api at most. Who waits too long is
  /// looked for as often as `look` says.
  gateway(caf::actor_system& sys, std::shared_ptr<gauge> waiting,
          std::chrono::milliseconds look = std::chrono::seconds{1});
  gateway(const gateway&) = delete;
  gateway& operator=(const gateway&) = delete;
  ~gateway() { stop(); }

  /// Whoever waits too long hears request_timeout. The gateway looks for them itself, unless what
  /// runs actors hangs: then somebody else has to.
  void end_overdue() const { actor().end_overdue(); }
  /// What is asked from now on gets no answer but broken_promise.
  void stop() const;

  /// Has `whom` asked; `then` gets the answer, `otherwise` the error, on any thread. If `then`
  /// throws, `otherwise` hears `internal`; what `otherwise` throws is logged.
  template <class Handle, class Order, class Then, class Otherwise>
  void request(const Handle& whom, std::chrono::seconds patience, Order order, Then then,
               Otherwise otherwise) const {
    using said_well = answer_of<Handle, Order>;
    auto fail = [otherwise = std::move(otherwise)](const caf::error& why) {
      contained([&] { otherwise(why); });
    };
    auto heard = [fail, then = std::move(then)](caf::type_erased_tuple& said) {
      if (said.match_elements<caf::error>())
        return fail(said.get_as<caf::error>(0));
      if (!said.match_elements<said_well>())
        return fail(make_problem(errc::internal, "an actor answered something else"));
      if (auto why = contained([&] { then(said.get_mutable_as<said_well>(0)); }))
        fail(why);
    };
    auto question =
        actor().expect(patience, heard, counted(patience <= timeouts::api ? waiting_ : nullptr));
    if (!question.is_request())
      return fail(make_problem(errc::broken_promise));
    caf::actor_cast<caf::abstract_actor*>(whom)->enqueue(
        caf::make_mailbox_element(actor_, question, {}, std::move(order)), nullptr);
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
  gateway_actor& actor() const;

  caf::strong_actor_ptr actor_;
  gateway_watch_actor watch_;
  std::shared_ptr<gauge> waiting_;
};

} // namespace igl
