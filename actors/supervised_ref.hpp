#pragma once

#include <caf/actor_cast.hpp>
#include <caf/actor_config.hpp>
#include <caf/actor_control_block.hpp>
#include <caf/actor_system.hpp>
#include <caf/make_actor.hpp>
#include <caf/monitorable_actor.hpp>

#include <mutex>
#include <set>
#include <string>

namespace igl {

/// The address of a supervised actor that outlives its incarnations: hand this to everybody.
///
/// It has no mailbox: what is sent to it lands at once in the mailbox of the present incarnation,
/// and the answer goes straight to whoever asked. While there is none (it crashed and is not yet
/// started again), requests are answered with `request_receiver_down` and other messages are lost:
/// workers therefore ask, they do not send. It can be published over the network like any actor.
class supervised_ref : public caf::monitorable_actor {
public:
  supervised_ref(caf::actor_config& config, std::set<std::string> message_types);

  /// Null: there is no incarnation.
  void bind(caf::strong_actor_ptr incarnation);
  caf::strong_actor_ptr incarnation() const;

  using caf::monitorable_actor::enqueue;
  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override;
  std::set<std::string> message_types() const override;
  const char* name() const override;
  void on_destroy() override;

private:
  mutable std::mutex mutex_;
  caf::strong_actor_ptr incarnation_;
  std::set<std::string> message_types_;
};

/// A reference to an actor of this interface that is not running yet.
template <class Handle>
Handle make_supervised_ref(caf::actor_system& system) {
  caf::actor_config config;
  auto ref = caf::make_actor<supervised_ref, caf::strong_actor_ptr>(
      system.next_actor_id(), system.node(), &system, config, system.message_types<Handle>());
  return caf::actor_cast<Handle>(std::move(ref));
}

/// Lets a supervised reference speak for an incarnation. Throws std::bad_cast if it is the actor
/// itself.
template <class Handle>
void bind(const Handle& ref, const Handle& incarnation) {
  dynamic_cast<supervised_ref&>(*caf::actor_cast<caf::abstract_actor*>(ref))
      .bind(caf::actor_cast<caf::strong_actor_ptr>(incarnation));
}

/// Until it is bound again, requests bounce.
template <class Handle>
void unbind(const Handle& ref) {
  dynamic_cast<supervised_ref&>(*caf::actor_cast<caf::abstract_actor*>(ref)).bind(nullptr);
}

} // namespace igl
