#include "http/detail/gateway.hpp"

#include <caf/all.hpp>

namespace igl {

namespace {

struct gateway_state {
  static inline const char* name = "http-gateway";
};

gateway_actor::behavior_type gateway(gateway_actor::stateful_pointer<gateway_state> self) {
  return {[=](const gateway_work& work) {
    work.run(self);
  }};
}

} // namespace

gateways::gateways(caf::actor_system& sys, size_t count) {
  for (size_t i = 0; i < count; ++i)
    actors_.push_back(sys.spawn(gateway));
}

void gateways::stop() const {
  for (auto& actor : actors_)
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

void gateways::run(std::function<void(gateway_actor::pointer)> work) const {
  auto& actor = actors_[next_++ % actors_.size()];
  caf::anon_send(actor, gateway_work{std::move(work)});
}

} // namespace igl
