#pragma once

#include "actors/supervised_ref.hpp"
#include "messages/interfaces.hpp"
#include "messages/promise.hpp"

#include <caf/actor_system.hpp>
#include <caf/exit_reason.hpp>
#include <caf/scheduled_actor.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace igl {

/// Who is started again when a child dies.
enum class restart_strategy : uint8_t {
  one_for_one,  ///< that child
  rest_for_one, ///< that child and those started after it, which may rest on it
  one_for_all,  ///< all
};

/// For `max_restarts`: of no use is only the child that dies, and the others go on.
inline constexpr uint32_t never_gives_up = std::numeric_limits<uint32_t>::max();

struct supervisor_options {
  std::string name;
  restart_strategy strategy = restart_strategy::one_for_one;
  uint32_t max_restarts = 5; ///< more within `within`: the supervisor gives up
  std::chrono::seconds within{60};
  std::chrono::milliseconds first_pause{20}; ///< before the first restart; doubles
  std::chrono::milliseconds longest_pause{
      5000}; ///< a child that ran this long starts anew at first_pause
  std::chrono::milliseconds stop_within{5000}; ///< a child that has not ended by then is killed
  std::function<caf::timestamp()> now{};       ///< wall clock, for the tree that people read
  /// Pauses are shortened by up to half, so that what died together does not start together; none:
  /// they are not.
  std::function<uint64_t()> chance{};
  /// Called in the supervisor when it gives up, before it ends; what a root's owner hears. It must
  /// not block.
  std::function<void(const caf::error&)> on_give_up{};
};

/// A child: how it is started, and the reference that stands for it.
struct child_spec {
  std::string name;
  /// Starts an incarnation and binds the reference to it.
  std::function<caf::strong_actor_ptr(caf::scheduled_actor*)> start;
  std::function<void()> unbind;
  supervisor_actor subtree;                 ///< for a child that is a supervisor
  std::chrono::milliseconds stop_within{0}; ///< 0: as the supervisor says
};

/// `spawn` is called with the supervisor (`caf::scheduled_actor*`) or with the actor system and
/// returns the new actor; it may throw.
template <class Handle, class Spawn>
child_spec child(std::string name, Handle ref, Spawn spawn) {
  child_spec x;
  x.name = std::move(name);
  x.start = [ref, spawn](caf::scheduled_actor* parent) {
    auto started = [&]() -> Handle {
      if constexpr (std::is_invocable_v<Spawn, caf::scheduled_actor*>)
        return spawn(parent);
      else
        return spawn(parent->system());
    }();
    bind(ref, started);
    return caf::actor_cast<caf::strong_actor_ptr>(started);
  };
  x.unbind = [ref] {
    unbind(ref);
  };
  if constexpr (std::is_same_v<Handle, supervisor_actor>)
    x.subtree = ref;
  return x;
}

/// A child that is a supervisor with children of its own. If it gives up, its parent restarts all
/// of it, within the parent's own bounds.
child_spec subtree(caf::actor_system& system, supervisor_options options,
                   std::vector<child_spec> children);

/// The same with children that are listed anew at each start, in the supervisor above. All of them
/// together have `stop_within` for their end.
child_spec subtree(caf::actor_system& system, supervisor_options options,
                   std::function<std::vector<child_spec>()> list,
                   std::chrono::milliseconds stop_within);

/// A child as its supervisor sees it.
struct supervised_child {
  enum class phase : uint8_t { waiting, running, stopping, killed };

  child_spec spec;
  phase now = phase::waiting;
  bool condemned = false;               ///< has to end before anything else happens
  caf::strong_actor_ptr actor;          ///< while running, stopping or killed
  caf::actor_clock::time_point due;     ///< waiting: start then
  caf::actor_clock::time_point kill_at; ///< stopping: kill then
  caf::actor_clock::time_point up_since;
  std::chrono::milliseconds pause{0}; ///< the last one
  uint32_t restarts = 0;
  std::string last_error;
  caf::timestamp last_error_at;
  caf::timestamp started;
  caf::optional<caf::actor_clock::time_point> asked; ///< how it does; it has not answered
  actor_probed said;                                 ///< when it was asked last
  /// Who wants to hear that it has started anew; none: nobody asked for that.
  std::vector<std::shared_ptr<guarded_promise<child_renewed>>> renewing;
};

/// A tree that is being put together.
struct described_tree {
  std::shared_ptr<guarded_promise<supervision_node>> answer;
  size_t missing = 0;                       ///< subtrees that have not answered
  std::map<size_t, supervision_node> below; ///< by place of the child
};

struct supervisor_state {
  static inline const char* name = "supervisor";

  std::vector<std::shared_ptr<described_tree>> descriptions; ///< under way
  supervisor_options options;
  std::vector<supervised_child> children;
  std::deque<caf::actor_clock::time_point> deaths; ///< within the window
  bool leaving = false;                            ///< stopping for good
  bool gave_up = false;
  caf::timestamp started;
  caf::error leaves_with;

  /// Children do not outlive their supervisor, even when it is killed.
  ~supervisor_state();
};

/// Keeps its children running.
///
/// Starts them in order; starts a child that ended, for whatever reason, again after a growing
/// pause; gives up when that happens too often: then it stops all of them and ends with an error
/// that says why, which its own supervisor sees. Stops them in reverse order.
///
/// Answers: supervision_query with the tree below it, and what each actor in it is doing. One that
///          does not look at its mailbox for half a second is shown as busy, and since when;
///          renew_child when that child runs anew, which is no fault and counts for nothing
supervisor_actor::behavior_type
supervisor(supervisor_actor::stateful_pointer<supervisor_state> self, supervisor_options options,
           std::vector<child_spec> children);

/// Stops a whole tree and waits until it is down, for the thread of `main` (it blocks). `root` is
/// the supervisor itself, not a reference to it. False: it was still not down after `within`; the
/// process should then end without further ado. `meanwhile` is called with what is waited for, and
/// returns when it is there; empty: others get there by themselves.
bool stop(caf::actor_system& system, const supervisor_actor& root, std::chrono::milliseconds within,
          caf::exit_reason why = caf::exit_reason::user_shutdown,
          const std::function<void(const std::function<bool()>&)>& meanwhile = {});

/// Lets an actor that dies of an exception end, and answer, with `runtime_error` and what().
void name_exceptions(caf::scheduled_actor* self);

} // namespace igl
