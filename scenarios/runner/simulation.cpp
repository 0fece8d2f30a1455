#include "scenarios/runner/simulation.hpp"

#include "messages/type_ids.hpp"
#include "scenarios/runner/interruption.hpp"

#include <algorithm>
#include <utility>

namespace igl::scenario {

namespace {

constexpr caf::timestamp beginning{std::chrono::seconds{1767225600}};

/// Ten thousand messages that are posted at once need fewer steps.
constexpr uint64_t most_at_once = 20'000'000;

/// The finalizer of splitmix64: every bit of the result depends on every bit of the input.
uint64_t stirred(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

/// FNV-1a: the same on every machine.
uint64_t number_of(const std::string& name) {
  uint64_t x = 0xcbf29ce484222325ull;
  for (unsigned char c : name)
    x = (x ^ c) * 0x100000001b3ull;
  return x;
}

} // namespace

simulation::config::config() {
  add_to(*this);
  set("scheduler.policy", caf::atom("testing"));
}

simulation::simulation(uint64_t seed)
    : scheduler_(dynamic_cast<caf::scheduler::test_coordinator&>(system.scheduler())), seed_(seed) {
}

simulation::~simulation() {
  finish();
  later_.clear();
  while (step())
    ;
}

caf::timestamp simulation::now() const {
  return beginning +
         std::chrono::duration_cast<caf::timespan>(scheduler_.clock().now().time_since_epoch());
}

std::function<uint64_t()> simulation::chance_for(const std::string& name) const {
  return [x = stirred(seed_ ^ number_of(name))]() mutable {
    return stirred(x += 0x9e3779b97f4a7c15ull);
  };
}

void simulation::finish() {
  finishing_ = true;
  stuck_ = false;
  steps_at_once_ = 0;
}

bool simulation::step() {
  stuck_ |= !finishing_ && interruption::came();
  if (stuck_)
    return false;
  ++depth_;
  // CAF would write down in its log, which nobody has here, who is at work.
  caf::logger::set_current_actor_system(nullptr);
  const bool ran = scheduler_.try_run_once();
  --depth_;
  if (!ran)
    return false;
  ++steps_;
  stuck_ = ++steps_at_once_ > most_at_once;
  // Not while an actor waits in the middle of a step for what others do meanwhile.
  if (after_step && depth_ == 0)
    after_step();
  return true;
}

bool simulation::next_timer(caf::timestamp until) {
  auto& clock = scheduler_.clock();
  const auto theirs = clock.schedule().empty()
                          ? caf::timestamp::max()
                          : beginning + std::chrono::duration_cast<caf::timespan>(
                                            clock.schedule().begin()->first.time_since_epoch());
  const auto ours = later_.empty() ? caf::timestamp::max() : later_.begin()->first;
  const auto next = std::min(theirs, ours);
  const auto at = std::min(next, until);
  if (at != caf::timestamp::max() && at > now())
    clock.current_time += at - now();
  steps_at_once_ = 0;
  if (next > until || next == caf::timestamp::max())
    return false;
  ++timers_;
  if (theirs < ours) {
    clock.trigger_timeout();
  } else {
    auto what = std::move(later_.extract(later_.begin()).mapped());
    what();
  }
  if (after_step && depth_ == 0)
    after_step();
  return true;
}

void simulation::after(caf::timespan pause, std::function<void()> what) {
  later_.emplace(now() + pause, std::move(what));
}

bool simulation::go_on(const std::function<bool()>& done, caf::timestamp until) {
  for (;;) {
    if (done())
      return true;
    if (stuck_)
      return false;
    if (step())
      continue;
    if (!next_timer(until))
      return done();
  }
}

} // namespace igl::scenario
