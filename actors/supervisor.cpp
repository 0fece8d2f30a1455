#include "actors/supervisor.hpp"

#include "messages/errors.hpp"
#include "messages/promise.hpp"
#include "messages/timeouts.hpp"

#include <caf/exit_reason.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>

namespace igl {

namespace {

using supervisor_ptr = supervisor_actor::stateful_pointer<supervisor_state>;
using phase = supervised_child::phase;

/// How long the children may take to say how they do. Whoever asks a supervisor waits longer.
constexpr auto patience = std::chrono::milliseconds{timeouts::status} / 4;

void start_due(supervisor_ptr self);
void leave(supervisor_ptr self, caf::error reason);

std::chrono::milliseconds jittered(std::chrono::milliseconds pause,
                                   const std::function<uint64_t()>& chance) {
  if (!chance || pause.count() < 2)
    return pause;
  return pause - std::chrono::milliseconds{
                     static_cast<int64_t>(chance() % static_cast<uint64_t>(pause.count() / 2 + 1))};
}

/// One after the other, the last first. True: nobody has to be waited for.
bool stop_condemned(supervisor_ptr self) {
  auto& children = self->state.children;
  for (auto i = children.rbegin(); i != children.rend(); ++i) {
    if (!i->condemned || !i->actor)
      continue;
    if (i->now == phase::running) {
      i->now = phase::stopping;
      i->kill_at = self->clock().now() + i->spec.stop_within;
      i->spec.unbind();
      caf::anon_send_exit(i->actor, caf::exit_reason::user_shutdown);
      self->delayed_send(self, i->spec.stop_within, restart_child{i->spec.name});
    }
    return false;
  }
  return true;
}

/// Goes on with whatever is under way: leaving, or restarting together.
void proceed(supervisor_ptr self) {
  if (!stop_condemned(self))
    return;
  if (self->state.leaving)
    self->quit(self->state.leaves_with);
  else
    start_due(self);
}

void give_up(supervisor_ptr self, const supervised_child& last) {
  const auto& options = self->state.options;
  auto reason = make_problem(errc::unavailable,
                             "supervisor " + options.name + " gave up: more than " +
                                 std::to_string(options.max_restarts) + " restarts within " +
                                 std::to_string(options.within.count()) + " s, the last of " +
                                 last.spec.name + ": " + last.last_error);
  spdlog::critical("supervisor {} gives up after more than {} restarts within {} s; the last was "
                   "{}: {}",
                   options.name, options.max_restarts, options.within.count(), last.spec.name,
                   last.last_error);
  self->state.gave_up = true;
  if (options.on_give_up)
    options.on_give_up(reason);
  leave(self, std::move(reason));
}

/// Counts the death; decides who is started again, and when.
void bury(supervisor_ptr self, size_t index, const caf::error& reason) {
  auto& st = self->state;
  auto& dead = st.children[index];
  const auto now = self->clock().now();
  dead.last_error = reason ? sentence_of(reason) : "it ended without being asked to";
  dead.last_error_at = st.options.now();
  const bool ran_long = dead.actor != nullptr && now - dead.up_since >= st.options.longest_pause;
  dead.pause = ran_long
                   ? st.options.first_pause
                   : std::clamp(dead.pause * 2, st.options.first_pause, st.options.longest_pause);
  dead.actor = nullptr;
  dead.now = phase::waiting;
  dead.asked = caf::none;
  const auto pause = jittered(dead.pause, st.options.chance);
  dead.due = now + pause;
  spdlog::warn("supervisor {} starts {} again in {} ms: {}", st.options.name, dead.spec.name,
               pause.count(), dead.last_error);

  st.deaths.push_back(now);
  while (st.deaths.front() + st.options.within < now)
    st.deaths.pop_front();
  if (st.deaths.size() > st.options.max_restarts)
    return give_up(self, dead);

  self->delayed_send(self, pause, restart_child{dead.spec.name});
  if (st.options.strategy == restart_strategy::one_for_one)
    return;
  const size_t first = st.options.strategy == restart_strategy::one_for_all ? 0 : index + 1;
  for (size_t i = first; i < st.children.size(); ++i) {
    auto& other = st.children[i];
    if (i == index)
      continue;
    other.condemned = other.actor != nullptr;
    other.due = dead.due;
  }
  stop_condemned(self);
}

void start(supervisor_ptr self, size_t index) {
  auto& st = self->state;
  auto& child = st.children[index];
  try {
    child.actor = child.spec.start(self);
  } catch (const std::exception& e) {
    return bury(self, index, make_problem(errc::unavailable, e.what()));
  }
  auto renewing = std::exchange(child.renewing, {});
  child.restarts += child.started == caf::timestamp{} || !renewing.empty() ? 0 : 1;
  child.now = phase::running;
  child.up_since = self->clock().now();
  child.started = st.options.now();
  self->monitor(caf::actor_cast<caf::actor>(child.actor));
  for (auto& asked : renewing)
    asked->deliver(child_renewed{});
}

/// Starts, in order, those whose pause is over. Where children rest on those before them, nobody
/// overtakes.
void start_due(supervisor_ptr self) {
  auto& st = self->state;
  const auto now = self->clock().now();
  for (size_t i = 0; i < st.children.size() && !st.leaving; ++i) {
    auto& child = st.children[i];
    if (child.now == phase::waiting && child.due <= now)
      start(self, i);
    if (child.now == phase::waiting && st.options.strategy != restart_strategy::one_for_one)
      return;
  }
}

void leave(supervisor_ptr self, caf::error reason) {
  auto& st = self->state;
  if (st.leaving)
    return;
  st.leaving = true;
  st.leaves_with = std::move(reason);
  for (auto& child : st.children)
    child.condemned = true;
  proceed(self);
}

void on_down(supervisor_ptr self, const caf::down_msg& down) {
  auto& children = self->state.children;
  auto i = std::find_if(children.begin(), children.end(), [&](const supervised_child& x) {
    return x.actor && x.actor->address() == down.source;
  });
  if (i == children.end())
    return;
  i->spec.unbind();
  if (!i->condemned)
    return bury(self, static_cast<size_t>(i - children.begin()), down.reason);
  i->actor = nullptr;
  i->asked = caf::none;
  i->now = phase::waiting;
  i->condemned = false;
  proceed(self);
}

/// The timer of one child has run out: it is late with its end, or due to start.
void on_timer(supervisor_ptr self, const std::string& name) {
  auto& children = self->state.children;
  auto i = std::find_if(children.begin(), children.end(),
                        [&](const supervised_child& x) { return x.spec.name == name; });
  if (i == children.end())
    return;
  if (i->now == phase::stopping && i->kill_at <= self->clock().now()) {
    spdlog::warn("supervisor {} kills {}, which did not end within {} ms", self->state.options.name,
                 name, i->spec.stop_within.count());
    i->now = phase::killed;
    caf::anon_send_exit(i->actor, caf::exit_reason::kill);
  }
  proceed(self);
}

/// Has a child end, and start at once with what has changed for it.
caf::typed_response_promise<child_renewed> renew(supervisor_ptr self, const std::string& name) {
  auto& st = self->state;
  auto answer = promise_of<child_renewed>(self);
  auto child = std::find_if(st.children.begin(), st.children.end(),
                            [&](const supervised_child& x) { return x.spec.name == name; });
  if (child == st.children.end() || st.leaving) {
    answer->deliver(make_problem(errc::unavailable, "supervisor " + st.options.name + " has no " +
                                                        name + " that it could start anew"));
    return answer->unguarded();
  }
  child->renewing.push_back(answer);
  child->condemned = child->actor != nullptr;
  child->due = self->clock().now();
  proceed(self);
  return answer->unguarded();
}

std::string state_of(const supervisor_state& st, const supervised_child& x) {
  if (x.now == phase::running)
    return "running";
  return st.leaving ? "stopped" : "restarting";
}

/// A child that does not answer is at something that takes long, or hangs.
std::string doing_of(const supervised_child& x, caf::actor_clock::time_point now) {
  if (x.now != phase::running)
    return {};
  if (!x.asked)
    return x.said.doing;
  auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - *x.asked);
  return "busy: has not looked at its mailbox for " + std::to_string(waited.count()) + " s";
}

supervision_node node_of(const supervisor_state& st, caf::actor_clock::time_point now) {
  supervision_node node;
  node.name = st.options.name;
  node.state = st.gave_up ? "gave up" : st.leaving ? "stopped" : "running";
  node.started = st.started;
  for (const auto& child : st.children)
    node.children.push_back({child.spec.name,
                             state_of(st, child),
                             child.restarts,
                             child.last_error,
                             child.last_error_at,
                             child.started,
                             child.said.mailbox,
                             doing_of(child, now),
                             {}});
  return node;
}

/// Answers as soon as everybody has said how they do, or is late.
void answer_if_complete(supervisor_ptr self) {
  auto& st = self->state;
  const auto now = self->clock().now();
  const bool asking =
      std::any_of(st.children.begin(), st.children.end(), [&](const supervised_child& child) {
        return child.asked && now - *child.asked < patience;
      });
  std::erase_if(st.descriptions, [&](const std::shared_ptr<described_tree>& x) {
    if (asking || x->missing > 0)
      return false;
    auto node = node_of(st, now);
    node.mailbox = self->mailbox().count();
    for (auto& [i, below] : x->below) {
      auto& shown = node.children[i];
      shown.children = std::move(below.children);
      shown.state = below.state;
      shown.mailbox = below.mailbox;
    }
    x->answer->deliver(std::move(node));
    return true;
  });
}

/// Asks a child how it does, unless it still has the question: whoever hangs is not heaped with
/// them.
void probe(supervisor_ptr self, size_t index) {
  auto& child = self->state.children[index];
  if (child.asked)
    return;
  child.asked = self->clock().now();
  auto heard = [=](const caf::strong_actor_ptr& who, actor_probed said) {
    auto& asked = self->state.children[index];
    if (asked.actor != who)
      return;
    asked.asked = caf::none;
    asked.said = std::move(said);
    answer_if_complete(self);
  };
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(child.actor);
  self->request(caf::actor_cast<caf::actor>(child.actor), caf::infinite, actor_probe{})
      .then([=](actor_probed& x) { heard(weak.lock(), std::move(x)); },
            [=](const caf::error&) { heard(weak.lock(), {}); });
}

/// The tree below. What is not known in time is shown as it was known last.
caf::typed_response_promise<supervision_node> describe(supervisor_ptr self) {
  auto x = std::make_shared<described_tree>();
  x->answer = promise_of<supervision_node>(self);
  auto& st = self->state;
  st.descriptions.push_back(x);
  for (size_t i = 0; i < st.children.size(); ++i) {
    if (!st.children[i].actor)
      continue;
    if (!st.children[i].spec.subtree) {
      probe(self, i);
      continue;
    }
    ++x->missing;
    auto one_less = [=] {
      --x->missing;
      answer_if_complete(self);
    };
    self->request(st.children[i].spec.subtree, timeouts::status / 2, supervision_query{})
        .then(
            [=](supervision_node& below) {
              x->below[i] = std::move(below);
              one_less();
            },
            [=](const caf::error&) { one_less(); });
  }
  self->delayed_send(self, patience, caf::tick_atom_v);
  answer_if_complete(self);
  return x->answer->unguarded();
}

} // namespace

supervisor_state::~supervisor_state() {
  for (auto& child : children)
    if (child.actor) {
      child.spec.unbind();
      caf::anon_send_exit(child.actor, caf::exit_reason::kill);
    }
}

supervisor_actor::behavior_type supervisor(supervisor_ptr self, supervisor_options options,
                                           std::vector<child_spec> children) {
  auto& st = self->state;
  if (!options.now)
    options.now = [] {
      return caf::make_timestamp();
    };
  st.options = std::move(options);
  st.started = st.options.now();
  for (auto& spec : children) {
    if (spec.stop_within.count() == 0)
      spec.stop_within = st.options.stop_within;
    st.children.push_back({});
    st.children.back().spec = std::move(spec);
    st.children.back().due = self->clock().now();
  }
  name_exceptions(self);
  self->set_down_handler([=](caf::down_msg& x) { on_down(self, x); });
  self->set_exit_handler([=](caf::exit_msg& x) { leave(self, x.reason); });
  start_due(self);
  return {
      [=](const supervision_query&) { return describe(self); },
      [=](const renew_child& x) { return renew(self, x.name); },
      [=](const restart_child& x) { on_timer(self, x.name); },
      [=](caf::tick_atom) { answer_if_complete(self); },
  };
}

child_spec subtree(caf::actor_system& system, supervisor_options options,
                   std::vector<child_spec> children) {
  auto ref = make_supervised_ref<supervisor_actor>(system);
  // Its children end one after the other, each within its time; then it ends itself.
  auto stop_within = options.stop_within;
  for (const auto& child : children)
    stop_within += child.stop_within.count() > 0 ? child.stop_within : options.stop_within;
  auto name = options.name;
  auto spec = child(
      name, ref, [=](caf::actor_system& sys) { return sys.spawn(supervisor, options, children); });
  spec.stop_within = stop_within;
  return spec;
}

child_spec subtree(caf::actor_system& system, supervisor_options options,
                   std::function<std::vector<child_spec>()> list,
                   std::chrono::milliseconds stop_within) {
  auto ref = make_supervised_ref<supervisor_actor>(system);
  auto name = options.name;
  auto spec = child(name, ref,
                    [options = std::move(options), list = std::move(list)](caf::actor_system& sys) {
                      return sys.spawn(supervisor, options, list());
                    });
  spec.stop_within = stop_within;
  return spec;
}

bool stop(caf::actor_system& system, const supervisor_actor& root, std::chrono::milliseconds within,
          caf::exit_reason why,
          const std::function<void(const std::function<bool()>&)>& meanwhile) {
  bool down = false;
  caf::scoped_actor self{system};
  self->monitor(root);
  self->send_exit(root, why);
  if (meanwhile)
    meanwhile([&] { return !self->mailbox().empty(); });
  self->receive([&](const caf::down_msg&) { down = true; }, caf::after(within) >> [] {});
  return down;
}

void name_exceptions(caf::scheduled_actor* self) {
  self->set_exception_handler([](std::exception_ptr& thrown) -> caf::error {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& e) {
      return caf::make_error(caf::sec::runtime_error, std::string{e.what()});
    } catch (...) {
      return caf::make_error(caf::sec::runtime_error, std::string{"an exception of unknown type"});
    }
  });
}

} // namespace igl
