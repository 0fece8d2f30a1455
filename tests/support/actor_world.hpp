#pragma once

#include "messages/surroundings.hpp"
#include "messages/type_ids.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <doctest/doctest.h>
#include <spdlog/spdlog.h>

#include <chrono>
#include <memory>
#include <vector>

namespace igl {

/// An actor system whose messages run when a test says so, on a clock that a test moves.
///
/// `TEST_CASE_FIXTURE(igl::actor_world, "…")`: spawn (through `keep`, so that it ends with the
/// case), `ask(actor, question).answer<settled>()`, `pass(2s)`.
class actor_world {
  struct config : caf::actor_system_config {
    config() {
      add_to(*this);
      set("scheduler.policy", caf::atom("testing"));
    }
  };

  config config_;

public:
  caf::actor_system system{config_};
  caf::scheduler::test_coordinator& scheduler =
      dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler());
  caf::scoped_actor self{system, true};

  actor_world() { spdlog::set_level(spdlog::level::off); }
  actor_world(const actor_world&) = delete;
  actor_world& operator=(const actor_world&) = delete;
  ~actor_world() {
    // In reverse order: whoever was spawned later may rest on what was there before.
    for (auto i = kept_.rbegin(); i != kept_.rend(); ++i)
      caf::anon_send_exit(*i, caf::exit_reason::kill);
    run();
  }

  /// Ends the actor with the case; actors that nobody ends would keep the system waiting.
  template <class Handle>
  Handle keep(Handle actor) {
    kept_.push_back(caf::actor_cast<caf::strong_actor_ptr>(actor));
    return actor;
  }

  /// Everything that can be done now.
  void run() { scheduler.run(); }
  /// Time goes by, in steps, so that what a timer causes has its own timers in time.
  void pass(std::chrono::milliseconds time,
            std::chrono::milliseconds step = std::chrono::milliseconds{10}) {
    run();
    for (auto passed = std::chrono::milliseconds{0}; passed < time; passed += step) {
      scheduler.advance_time(std::min(step, time - passed));
      run();
    }
  }
  /// The wall clock: 2026-11-21T00:00:00Z and what has passed.
  std::function<caf::timestamp()> now() {
    return [this] {
      return caf::timestamp{std::chrono::seconds{1795219200}} +
             std::chrono::duration_cast<caf::timespan>(scheduler.clock().now().time_since_epoch());
    };
  }
  /// Chance without chance: always the same sequence.
  std::function<uint64_t()> random() {
    return [x = std::make_shared<uint64_t>(88172645463325252ull)] {
      *x ^= *x << 13, *x ^= *x >> 7, *x ^= *x << 17;
      return *x;
    };
  }

  /// A question that was put; everything that can be done has been done. One day of the test's
  /// time until it fails by itself.
  template <class Handle, class... Question>
  auto ask(const Handle& actor, Question&&... question) {
    auto response =
        self->request(actor, std::chrono::seconds{86400}, std::forward<Question>(question)...);
    run();
    return asked<decltype(response)>{*this, std::move(response)};
  }

  template <class Response>
  struct asked {
    actor_world& world;
    Response response;

    /// Whether there is an answer or an error by now.
    bool answered() {
      world.run();
      return !world.self->mailbox().empty();
    }
    template <class Answer>
    caf::expected<Answer> answer() {
      REQUIRE_MESSAGE(answered(), "there is no answer");
      caf::expected<Answer> result{caf::sec::runtime_error};
      response.receive([&](Answer& x) { result = std::move(x); },
                       [&](caf::error& err) { result = std::move(err); });
      return result;
    }
  };

private:
  std::vector<caf::strong_actor_ptr> kept_;
};

} // namespace igl
