#include "http/detail/gateway.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

#include <utility>
#include <vector>

namespace igl {

namespace {

/// Who waits too long is looked for as often as this.
constexpr std::chrono::seconds look{1};

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
  const auto until = home_system().clock().now() + patience;
  std::lock_guard guard(mutex_);
  if (closed_)
    return {};
  const auto number = ++last_number_;
  under_way_.emplace(number, waiting{until, std::move(then), std::move(one)});
  if (!std::exchange(watching_, true))
    look_later();
  return caf::make_message_id(number);
}

void gateway_actor::close() {
  std::unordered_map<uint64_t, waiting> forgotten;
  std::lock_guard guard(mutex_);
  closed_ = true;
  forgotten.swap(under_way_);
}

void gateway_actor::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!what->mid.is_response())
    return end_overdue();
  std::unique_lock lock(mutex_);
  auto asked = under_way_.extract(what->mid.request_id().integer_value());
  lock.unlock();
  if (asked)
    asked.mapped().then(what->content());
}

void gateway_actor::look_later() {
  home_system().clock().schedule_message(
      home_system().clock().now() + look, caf::strong_actor_ptr{ctrl()},
      caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, caf::tick_atom_v));
}

void gateway_actor::end_overdue() {
  const auto now = home_system().clock().now();
  std::vector<waiting> overdue;
  {
    std::lock_guard guard(mutex_);
    for (auto i = under_way_.begin(); i != under_way_.end();) {
      auto at = i++;
      if (at->second.until <= now)
        overdue.push_back(std::move(under_way_.extract(at).mapped()));
    }
    watching_ = !under_way_.empty();
    if (watching_)
      look_later();
  }
  for (auto& x : overdue) {
    auto why = caf::make_message(caf::make_error(caf::sec::request_timeout));
    x.then(why);
  }
}

void gateway_actor::on_destroy() {
  if (!getf(is_cleaned_up_flag))
    cleanup(caf::exit_reason::unreachable, nullptr);
  caf::monitorable_actor::on_destroy();
}

// -- handle --------------------------------------------------------------------------------------

gateway::gateway(caf::actor_system& sys, std::shared_ptr<gauge> waiting)
    : waiting_(std::move(waiting)) {
  caf::actor_config config;
  actor_ = caf::make_actor<gateway_actor, caf::strong_actor_ptr>(sys.next_actor_id(), sys.node(),
                                                                 &sys, config);
}

gateway_actor& gateway::actor() const {
  return static_cast<gateway_actor&>(*caf::actor_cast<caf::abstract_actor*>(actor_));
}

} // namespace igl
