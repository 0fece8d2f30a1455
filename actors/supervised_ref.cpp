#include "actors/supervised_ref.hpp"

#include <caf/actor_config.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/sec.hpp>

#include <utility>

namespace igl {

supervised_ref::supervised_ref(caf::actor_config& config, std::set<std::string> message_types)
    : caf::monitorable_actor(config), message_types_(std::move(message_types)) {}

void supervised_ref::bind(caf::strong_actor_ptr incarnation) {
  // The old one is released after the lock: its destruction may end in a call of ours.
  std::lock_guard guard{mutex_};
  incarnation_.swap(incarnation);
}

caf::strong_actor_ptr supervised_ref::incarnation() const {
  std::lock_guard guard{mutex_};
  return incarnation_;
}

void supervised_ref::enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) {
  if (auto target = incarnation())
    target->enqueue(std::move(what), host);
  else
    bounce(what, caf::make_error(caf::sec::request_receiver_down));
}

std::set<std::string> supervised_ref::message_types() const {
  return message_types_;
}

const char* supervised_ref::name() const {
  return "supervised-ref";
}

void supervised_ref::on_destroy() {
  bind(nullptr);
  // Whoever monitors the reference hears that it is gone.
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::unreachable, nullptr);
  caf::monitorable_actor::on_destroy();
}

} // namespace igl
