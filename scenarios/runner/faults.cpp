#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "scenarios/runner/story.hpp"

#include <algorithm>

namespace igl::scenario {

// What happens to processes, and to what they stand on. Networks, subscribers and media are in
// outside.cpp.

void story::add_faults() {
  add_ends();
  add_crashes();
  add_computers();
  add_weather();
  add_subscribers();
  add_media();
}

namespace {

caf::expected<process*> up(const std::vector<process*>& all, const std::string& name) {
  for (auto* x : all)
    if (x->label == name && x->running)
      return x;
  return make_problem(errc::bad_request, name + " is down");
}

/// The streams of which a process takes jobs.
std::vector<std::string> streams_of(const process& x) {
  std::vector<std::string> all;
  for (auto& entry : stream_catalogue())
    if (x.plan->is_consumed[static_cast<size_t>(entry.id)])
      all.emplace_back(entry.name);
  return all;
}

std::string listed(const std::vector<std::string>& all) {
  std::string text;
  for (auto& x : all)
    text += (text.empty() ? "" : ", ") + x;
  return text;
}

} // namespace

void story::add_ends() {
  // Those of them that are up, or down.
  auto add_end = [this](std::string form, std::string meaning, bool begins,
                        std::function<caf::error(process&)> what) {
    add(std::move(form), {}, std::move(meaning), [=, this](const call& x) -> caf::error {
      auto all = processes_of(x.slots[0]);
      if (!all)
        return all.error();
      std::erase_if(*all, [begins](process* y) { return bool(y->running) == begins; });
      if (all->empty())
        return blame(x.slot_columns[0],
                     x.slots[0] + (begins ? " runs; nothing of it is down" : " is down already"));
      for (auto* y : *all)
        if (auto why = what(*y))
          return why;
      return caf::none;
    });
  };
  add_end("stop {PROCESS}", "ends a nation's node and endpoints, or one endpoint, in order", false,
          [this](process& x) {
            world_.stop(x);
            return caf::error{};
          });
  add_end("kill {PROCESS}", "the same, as if the power had failed", false, [this](process& x) {
    world_.kill(x);
    return caf::error{};
  });
  add_end("start {PROCESS}", "starts it again with what is on its disk", true,
          [this](process& x) { return world_.start(x); });
  add("{PROCESS} loses its streams", {},
      "those of a nation or an endpoint that are down: their nats-server's folder is gone",
      [this](const call& x) -> caf::error {
        auto all = processes_of(x.slots[0]);
        if (!all)
          return all.error();
        std::erase_if(*all, [](process* y) { return bool(y->running); });
        if (all->empty())
          return blame(x.slot_columns[0],
                       x.slots[0] +
                           " runs; stop or kill it first, for this happens to who is down");
        for (auto* y : *all)
          world_.lose_streams(*y);
        return caf::none;
      });
}

void story::add_crashes() {
  // The process, if it takes jobs of that stream.
  auto whose = [this](const call& x, size_t who, size_t stream_slot) -> caf::expected<process*> {
    auto all = processes_of(x.slots[who]);
    if (!all)
      return all.error();
    auto found = up(*all, x.slots[who]);
    if (!found)
      return blame(x.slot_columns[who], problem_of(found.error()).detail);
    auto streams = streams_of(**found);
    if (stream_slot < x.slots.size() &&
        std::find(streams.begin(), streams.end(), x.slots[stream_slot]) == streams.end())
      return blame(x.slot_columns[stream_slot], x.slots[who] + " takes no jobs of " +
                                                    x.slots[stream_slot] + "; it does of " +
                                                    listed(streams));
    return *found;
  };
  constexpr size_t none = 100;
  add_simulated("kill {PROCESS} {POINT} of {STREAM}", {},
                "the same to its node, or to an endpoint, at that moment in the life of the "
                "stream's next job",
                [=, this](const call& x) -> caf::error {
                  auto which = whose(x, 0, 2);
                  if (!which)
                    return which.error();
                  planned_ = world_.kill_at(**which, *parse_crash_point(x.slots[1]),
                                            *parse_stream(x.slots[2]));
                  return caf::none;
                });
  add_simulated("kill {NATION} after-commit of message-api", {},
                "the same when its node has stored the next message that a business posts, and has "
                "not answered 201",
                [=, this](const call& x) -> caf::error {
                  auto which = whose(x, 0, none);
                  if (!which)
                    return which.error();
                  planned_ = world_.kill_at(**which, crash_point::after_commit, caf::none);
                  return caf::none;
                });
  auto with_actor = [=, this](const call& x, size_t stream_slot) -> caf::expected<process*> {
    auto which = whose(x, 1, stream_slot);
    if (!which)
      return which;
    std::vector<std::string> names;
    for (auto& [name, actor] : (*which)->actors)
      names.push_back(name);
    if ((*which)->actors.count(x.slots[0]) == 0)
      return blame(x.slot_columns[0],
                   with_suggestion(x.slots[1] + " has no actor " + x.slots[0], x.slots[0], names));
    return which;
  };
  add_simulated("kill actor {ACTOR} of {PROCESS}", {},
                "ends one actor; its supervisor starts it again",
                [=, this](const call& x) -> caf::error {
                  auto which = with_actor(x, none);
                  return which ? world_.kill_actor(**which, x.slots[0]) : which.error();
                });
  add_simulated("kill actor {ACTOR} of {PROCESS} {POINT} of {STREAM}", {},
                "the same at such a moment", [=, this](const call& x) -> caf::error {
                  auto which = with_actor(x, 3);
                  if (!which)
                    return which.error();
                  planned_ =
                      world_.kill_actor_at(**which, x.slots[0], *parse_crash_point(x.slots[2]),
                                           *parse_stream(x.slots[3]));
                  return caf::none;
                });
}

void story::add_computers() {
  auto add_each = [this](std::string form, std::vector<std::string> options, std::string meaning,
                         std::function<void(process&, const call&)> what) {
    add_simulated(std::move(form), std::move(options), std::move(meaning),
                  [=, this](const call& x) -> caf::error {
                    auto all = processes_of(x.slots[0]);
                    if (!all)
                      return all.error();
                    for (auto* y : *all)
                      what(*y, x);
                    return caf::none;
                  });
  };
  add_each("fill disk of {PROCESS}", {}, "nothing more can be written there",
           [](process& y, const call&) { y.under->disk_full = true; });
  add_each("clear disk of {PROCESS}", {}, "there is room again", [this](process& y, const call&) {
    y.under->disk_full = false;
    world_.disturbed();
  });
  add_each("clock of {PROCESS} is ahead {TIME}", {}, "its clock is wrong",
           [this](process& y, const call& x) { world_.set_clock(y, *parse_time(x.slots[1])); });
  add_each("clock of {PROCESS} is behind {TIME}", {}, "its clock is wrong",
           [this](process& y, const call& x) { world_.set_clock(y, -*parse_time(x.slots[1])); });
  add_each("clock of {PROCESS} is right", {}, "as everybody's again",
           [this](process& y, const call&) {
             y.under->ahead = {};
             world_.disturbed(std::chrono::minutes{15});
           });
  add_each("{PROCESS} is frail", {"rate={SHARE}"},
           "it dies at a share of all moments of its jobs, 0.01 or as rate=0.02, and starts "
           "again a second later",
           [this](process& y, const call& x) {
             auto rate = parse_share(x.option("rate"));
             world_.weaken(y, rate ? *rate : 0.01);
           });
  add_each("{PROCESS} is sound", {}, "it does not die of itself any more",
           [this](process& y, const call&) {
             world_.weaken(y, 0);
             world_.disturbed();
           });
}

} // namespace igl::scenario
