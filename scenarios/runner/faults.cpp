#include "channels/chain.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "scenarios/runner/story.hpp"

#include <cstdlib>

namespace igl::scenario {

namespace {

/// A share from 0 to 1; none: it is not one.
caf::optional<double> share_of(const std::string& text) {
  char* end = nullptr;
  auto share = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || share < 0 || share > 1)
    return caf::none;
  return share;
}

} // namespace

void story::add_faults() {
  auto each = [this](const std::string& name, const std::function<caf::error(process&)>& what) {
    auto found = processes_of(name);
    if (!found)
      return found.error();
    for (auto* x : *found)
      if (auto why = what(*x))
        return why;
    return caf::error{};
  };
  add("stop {PROCESS}", {}, "ends a nation's node and endpoints, or one endpoint, in order",
      [=, this](const call& x) {
        return each(x.slots[0], [this](process& y) {
          world_.stop(y);
          return caf::error{};
        });
      });
  add("kill {PROCESS}", {}, "the same, as if the power had failed", [=, this](const call& x) {
    return each(x.slots[0], [this](process& y) {
      world_.kill(y);
      return caf::error{};
    });
  });
  auto one = [this](const std::string& name) -> caf::expected<process*> {
    auto found = processes_of(name);
    if (!found)
      return found.error();
    for (auto* x : *found)
      if (x->label == name && x->running)
        return x;
    return make_problem(errc::bad_request, name + " is down");
  };
  add("kill {PROCESS} {POINT} of {STREAM}", {},
      "the same to its node, or to an endpoint, at that moment in the life of the stream's next "
      "job",
      [=, this](const call& x) -> caf::error {
        auto which = one(x.slots[0]);
        if (!which)
          return which.error();
        world_.kill_at(**which, *parse_crash_point(x.slots[1]), *parse_stream(x.slots[2]));
        return caf::none;
      });
  add("kill actor {NAME} of {PROCESS}", {}, "ends one actor; its supervisor starts it again",
      [=, this](const call& x) -> caf::error {
        auto which = one(x.slots[1]);
        return which ? world_.kill_actor(**which, x.slots[0]) : which.error();
      });
  add("kill actor {NAME} of {PROCESS} {POINT} of {STREAM}", {}, "the same at such a moment",
      [=, this](const call& x) -> caf::error {
        auto which = one(x.slots[1]);
        return which ? world_.kill_actor_at(**which, x.slots[0], *parse_crash_point(x.slots[2]),
                                            *parse_stream(x.slots[3]))
                     : which.error();
      });
  add("start {PROCESS}", {}, "starts it again with what is on its disk", [=, this](const call& x) {
    return each(x.slots[0],
                [this](process& y) { return y.running ? caf::error{} : world_.start(y); });
  });

  auto stoppable = [=, this](std::string form, std::string meaning,
                             const std::function<caf::error(process&, const call&)>& what) {
    add(std::move(form), {}, std::move(meaning),
        [=](const call& x) { return each(x.slots[0], [&](process& y) { return what(y, x); }); });
  };
  stoppable("fill disk of {PROCESS}", "nothing more can be written there",
            [](process& y, const call&) {
              y.under->disk_full = true;
              return caf::error{};
            });
  stoppable("clear disk of {PROCESS}", "there is room again", [this](process& y, const call&) {
    y.under->disk_full = false;
    world_.disturbed();
    return caf::error{};
  });
  stoppable("clock of {PROCESS} is ahead {TIME}", "its clock is wrong",
            [](process& y, const call& x) {
              y.under->ahead = *parse_time(x.slots[1]);
              return caf::error{};
            });
  stoppable("clock of {PROCESS} is behind {TIME}", "its clock is wrong",
            [](process& y, const call& x) {
              y.under->ahead = -*parse_time(x.slots[1]);
              return caf::error{};
            });
  stoppable("clock of {PROCESS} is right", "as everybody's again", [this](process& y, const call&) {
    y.under->ahead = {};
    world_.disturbed(std::chrono::minutes{15});
    return caf::error{};
  });
  add("{PROCESS} loses its streams", {},
      "those of a nation or an endpoint that are down: their nats-server's folder is gone",
      [this](const call& x) -> caf::error {
        auto found = processes_of(x.slots[0]);
        if (!found)
          return found.error();
        auto& all = *found;
        std::erase_if(all, [](process* y) { return bool(y->running); });
        if (all.empty())
          return make_problem(errc::bad_request, x.slots[0] + " runs; stop or kill it first, for "
                                                              "this happens to who is down");
        for (auto* y : all)
          world_.lose_streams(*y);
        return caf::none;
      });
  add("{PROCESS} is frail", {"rate"},
      "it dies at a share of all moments of its jobs, such as rate=0.01, and starts again a second "
      "later",
      [=, this](const call& x) -> caf::error {
        auto rate = share_of(x.option("rate"));
        if (!rate)
          return make_problem(errc::bad_request, "rate is a share from 0 to 1, such as 0.01");
        return each(x.slots[0], [&](process& y) {
          world_.weaken(y, *rate);
          return caf::error{};
        });
      });
  add("{PROCESS} is sound", {}, "it does not die of itself any more", [=, this](const call& x) {
    return each(x.slots[0], [this](process& y) {
      world_.weaken(y, 0);
      world_.disturbed();
      return caf::error{};
    });
  });

  add("between {SIDE} and {SIDE}", {"lost", "doubled", "garbled", "delay"},
      "a share of what travels is lost, arrives twice or is altered, each way takes up to "
      "delay=3s; "
      "a node speaks to another one, to a channel, to a subscriber",
      [this](const call& x) -> caf::error {
        auto& weather = world_.wires().between(x.slots[0], x.slots[1]);
        for (auto& [name, value] : x.options) {
          auto share = share_of(value);
          auto time = parse_time(value);
          if (name == "delay" ? !time : !share)
            return make_problem(errc::bad_request,
                                name + (name == "delay" ? " is a time, such as 3s"
                                                        : " is a share from 0 to 1, such as 0.2"));
          if (name == "delay")
            weather.delay = *time;
          else
            (name == "lost"      ? weather.lost
             : name == "doubled" ? weather.doubled
                                 : weather.garbled) = *share;
        }
        return caf::none;
      });
  add("cut {SIDE} from {SIDE}", {}, "they do not reach each other any more",
      [this](const call& x) -> caf::error {
        world_.wires().between(x.slots[0], x.slots[1]).cut = true;
        return caf::none;
      });
  add("heal {SIDE} and {SIDE}", {}, "everything between them is as it should be again",
      [this](const call& x) -> caf::error {
        world_.wires().between(x.slots[0], x.slots[1]) = {};
        world_.disturbed();
        return caf::none;
      });
  add("{NAME} is down", {}, "nobody listens at a subscriber's any more",
      [this](const call& x) -> caf::error {
        auto found = world_.subscribers().find(x.slots[0]);
        if (found == world_.subscribers().end())
          return make_problem(errc::bad_request, "there is no subscriber " + x.slots[0]);
        world_.set_listening(found->second, false);
        return caf::none;
      });
  add("{NAME} is up", {}, "it listens again", [this](const call& x) -> caf::error {
    auto found = world_.subscribers().find(x.slots[0]);
    if (found == world_.subscribers().end())
      return make_problem(errc::bad_request, "there is no subscriber " + x.slots[0]);
    world_.set_listening(found->second, true);
    return caf::none;
  });
  for (bool ends : {false, true})
    add(ends ? "{NAME} unsubscribes" : "{NAME} subscribes", {},
        ends ? "a subscriber wants to be told no more" : "it wants to be told again",
        [this, ends](const call& x) -> caf::error {
          auto found = world_.subscribers().find(x.slots[0]);
          if (found == world_.subscribers().end())
            return make_problem(errc::bad_request, "there is no subscriber " + x.slots[0]);
          return world_.subscribe(found->second, ends);
        });
  add("{NAME} answers {NUMBER}", {}, "a subscriber answers with another status, such as 500 or 410",
      [this](const call& x) -> caf::error {
        auto found = world_.subscribers().find(x.slots[0]);
        if (found == world_.subscribers().end())
          return make_problem(errc::bad_request, "there is no subscriber " + x.slots[0]);
        found->second.answers = static_cast<uint16_t>(*parse_number(x.slots[1]));
        return caf::none;
      });
  for (auto& x : phrases_)
    for (std::string_view begins : {"between", "cut", "heal", "kill {PROCESS} {POINT}",
                                    "kill actor", "fill", "clear", "clock", "{PROCESS} is"})
      x.simulated |= x.form.starts_with(begins);
  auto leave_behind = [this](const call& x, chain& in, uint64_t depth) -> caf::error {
    auto what = x.option("transactions");
    if (x.has("transactions") && what != "waiting" && what != "mined-again" && what != "dropped")
      return make_problem(errc::bad_request, "transactions are waiting, mined-again or dropped");
    auto then = what == "dropped"       ? rewritten::dropped
                : what == "mined-again" ? rewritten::mined_again
                                        : rewritten::waiting;
    // What was confirmed may have to be taken back, and sent again.
    world_.disturbed(std::chrono::minutes{10});
    return in.fork(depth, depth + 1, then, world_.now());
  };
  add("fork {NAME}", {"depth", "transactions"},
      "leaves the newest blocks of a channel's chain behind; their messages are waiting, "
      "mined-again "
      "or dropped",
      [=, this](const call& x) -> caf::error {
        auto found = chain::open_existing(world_.medium_path(x.slots[0]));
        if (!found)
          return found.error();
        auto depth = parse_number(x.has("depth") ? x.option("depth") : "1");
        if (!depth)
          return make_problem(errc::bad_request, "depth is a number of blocks");
        return leave_behind(x, **found, *depth);
      });
  add("fork {NAME} at {MESSAGE}", {"transactions"},
      "leaves the block of a channel's message, such as au-sg:1, behind, and all on top of it",
      [=, this](const call& x) -> caf::error {
        auto found = chain::open_existing(world_.medium_path(x.slots[0]));
        if (!found)
          return found.error();
        auto place = (*found)->find(world_.called().real(x.slots[1]));
        if (!place)
          return place.error();
        if (place->kind != chain_place::on_chain)
          return make_problem(errc::bad_request, x.slots[1] + " is in no block of the chain");
        return leave_behind(x, **found, place->confirmations);
      });
}

} // namespace igl::scenario
