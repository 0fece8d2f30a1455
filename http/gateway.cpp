#include "http/detail/gateway.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

#include <memory>
#include <thread>
#include <utility>
#include <vector>

namespace igl {

namespace {

gateway_actor& behind(const caf::strong_actor_ptr& x) {
  return static_cast<gateway_actor&>(*caf::actor_cast<caf::abstract_actor*>(x));
}

struct gateway_watch_state {
  static inline const char* name = "http-gateway-watch";
};

/// Not the clock itself, which could tell a gateway directly: what follows from a time-out may set
/// timers, and CAF's clock waits for room in its own queue when that is full, for ever.
gateway_watch_actor::behavior_type
gateway_watch(gateway_watch_actor::stateful_pointer<gateway_watch_state> self,
              const caf::strong_actor_ptr& over, std::chrono::milliseconds look) {
  self->delayed_send(self, look, caf::tick_atom_v);
  return {
      [=](caf::tick_atom) {
        behind(over).end_overdue();
        self->delayed_send(self, look, caf::tick_atom_v);
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

// -- actor ---------------------------------------------------------------------------------------

caf::message_id gateway_actor::expect(std::chrono::seconds patience, continuation then,
                                      counted one) {
  std::lock_guard guard(mutex_);
  if (closed_) // and the actor system may be gone
    return {};
  const auto until = home_system().clock().now() + patience;
  const auto number = ++last_number_;
  under_way_.emplace(number, waiting{until, std::move(then), std::move(one)});
  return caf::make_message_id(number);
}

bool gateway_actor::close() {
  std::unordered_map<uint64_t, waiting> forgotten;
  std::lock_guard guard(mutex_);
  forgotten.swap(under_way_);
  return !std::exchange(closed_, true);
}

void gateway_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!what->mid.is_response())
    return;
  std::unique_lock lock(mutex_);
  auto asked = under_way_.extract(what->mid.request_id().integer_value());
  lock.unlock();
  if (asked)
    asked.mapped().then(what->content());
}

void gateway_actor::end_overdue() {
  const auto now = home_system().clock().now();
  auto overdue = std::make_shared<std::vector<waiting>>();
  {
    std::lock_guard guard(mutex_);
    for (auto i = under_way_.begin(); i != under_way_.end();) {
      auto at = i++;
      if (at->second.until <= now)
        overdue->push_back(std::move(under_way_.extract(at).mapped()));
    }
  }
  if (overdue->empty())
    return;
  for (auto& x : *overdue) {
    auto why = caf::make_message(caf::make_error(caf::sec::request_timeout));
    x.then(why);
  }
  // An upload's file ends with whoever waited for it, and a disk that hangs may hang that. Nobody
  // who looks regularly can wait for it.
  std::thread([overdue = std::move(overdue)] { overdue->clear(); }).detach();
}

void gateway_actor::on_destroy() {
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::unreachable, nullptr);
  caf::monitorable_actor::on_destroy();
}

// -- handle --------------------------------------------------------------------------------------

gateway::gateway(caf::actor_system& sys, std::shared_ptr<gauge> waiting,
                 std::chrono::milliseconds look)
    : waiting_(std::move(waiting)) {
  caf::actor_config config;
  actor_ = caf::make_actor<gateway_actor, caf::strong_actor_ptr>(sys.next_actor_id(), sys.node(),
                                                                 &sys, config);
  // Hidden: an actor system does not wait for it.
  watch_ = sys.spawn<caf::hidden>(gateway_watch, actor_, look);
}

void gateway::stop() const {
  if (actor().close())
    caf::anon_send_exit(watch_, caf::exit_reason::user_shutdown);
}

gateway_actor& gateway::actor() const {
  return behind(actor_);
}

} // namespace igl
