#include "http/detail/gateway.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

namespace igl {

namespace {

constexpr std::chrono::seconds look{1};

void watch(gateway_pointer self) {
  auto& st = self->state;
  st.watching = !st.under_way.empty();
  if (st.watching)
    self->delayed_send(self, look, caf::tick_atom_v);
}

void end_overdue(gateway_pointer self) {
  auto& all = self->state.under_way;
  const auto now = self->clock().now();
  std::vector<std::function<void(caf::error&)>> overdue;
  for (auto i = all.begin(); i != all.end();) {
    if (i->second.until <= now) {
      overdue.push_back(std::move(i->second.otherwise));
      i = all.erase(i);
    } else {
      ++i;
    }
  }
  for (auto& otherwise : overdue) {
    auto why = caf::make_error(caf::sec::request_timeout);
    otherwise(why);
  }
}

gateway_actor::behavior_type gateway(gateway_pointer self) {
  return {
      [=](const gateway_work& work) { contained([&] { work.run(self); }); },
      [=](caf::tick_atom) {
        end_overdue(self);
        watch(self);
      },
  };
}

} // namespace

caf::error contained(const std::function<void()>& piece) {
  std::string what = "something that is no exception";
  try {
    piece();
    return caf::none;
  } catch (const std::exception& failure) {
    what = failure.what();
  } catch (...) {
    // Whatever it is: CAF would end the actor.
  }
  spdlog::error("http-gateway goes on after a failure: {}", what);
  return make_problem(errc::internal);
}

uint64_t begin_request(gateway_pointer self, std::chrono::seconds patience,
                       std::function<void(caf::error&)> otherwise, counted one) {
  auto& st = self->state;
  st.under_way.emplace(
      ++st.last_number,
      gateway_state::waiting{self->clock().now() + patience, std::move(otherwise), std::move(one)});
  if (!st.watching)
    watch(self);
  return st.last_number;
}

bool end_request(gateway_pointer self, uint64_t number) {
  return self->state.under_way.erase(number) > 0;
}

gateways::gateways(caf::actor_system& sys, size_t count, std::shared_ptr<gauge> waiting)
    : waiting_(std::move(waiting)) {
  for (size_t i = 0; i < count; ++i)
    actors_.push_back(sys.spawn(gateway));
}

void gateways::stop() const {
  for (auto& actor : actors_)
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
}

void gateways::run(std::function<void(gateway_pointer)> work) const {
  auto& actor = actors_[next_++ % actors_.size()];
  caf::anon_send(actor, gateway_work{std::move(work)});
}

} // namespace igl
