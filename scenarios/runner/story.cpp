#include "scenarios/runner/story.hpp"

#include "messages/errors.hpp"

namespace igl::scenario {

story::story(std::unique_ptr<world> in, std::string beside)
    : owned_(std::move(in)), world_(*owned_), invariants_(world_), beside_(std::move(beside)) {
  add_declarations();
  add_time();
  add_business();
  add_looking();
  add_faults();
  add_moments();
  world_.on_hop = [this](const hop& x) {
    invariants_.saw(x);
    // What a story tells of is what follows from what it let happen.
    if (world_.begun() && shown_ != detail::nothing)
      if (auto line = told_of(x); !line.empty())
        tell(x.at.is, line);
  };
  world_.on_forgotten = [this](const process& x, const std::string& message) {
    invariants_.forgotten(x, message);
  };
  world_.on_told = [this](const subscriber& who, const subscriber::told& what) {
    invariants_.saw(who, what);
    if (shown_ != detail::nothing)
      tell(process::kind::node, told_of(who, what));
  };
}

void story::tell(process::kind of, const std::string& line) {
  if (shown_ == detail::later)
    untold_.emplace_back(of, line);
  else if (of == process::kind::node || shown_ == detail::everything)
    say(line);
}

void story::say(const std::string& line) {
  out_.push_back(world_.in_the_story(line));
  if (on_line)
    on_line(out_.back());
}

std::vector<std::string> story::take() {
  if (out_.empty())
    say("ok");
  return std::exchange(out_, {});
}

void story::declare(std::string form, std::vector<std::string> options, std::string meaning,
                    std::function<caf::error(const call&)> act) {
  phrases_.push_back({std::move(form), std::move(options), std::move(meaning), std::move(act)});
}

void story::add(std::string form, std::vector<std::string> options, std::string meaning,
                std::function<caf::error(const call&)> act) {
  declare(std::move(form), std::move(options), std::move(meaning),
          [this, act = std::move(act)](const call& x) {
            auto why = world_.begin();
            return why ? why : act(x);
          });
}

caf::expected<http_response> story::answer_of(const std::string& nation, http_request x) {
  if (!world_.has_nation(nation))
    return make_problem(errc::bad_request, "there is no nation " + nation);
  return world_.ask(nation, std::move(x));
}

caf::expected<std::vector<process*>> story::processes_of(const std::string& name) {
  std::vector<process*> all;
  for (auto& x : world_.processes())
    if (x->label == name || x->nation == name)
      all.push_back(x.get());
  if (all.empty())
    return make_problem(errc::bad_request, "there is neither a nation nor an endpoint " + name);
  return all;
}

caf::expected<std::shared_ptr<ledger>> story::book_of(const std::string& where) {
  auto found = processes_of(where);
  if (!found)
    return found.error();
  for (auto* x : *found)
    if (x->label == where) {
      auto book = x->book.lock();
      if (!book || !x->running)
        return make_problem(errc::bad_request, where + " is down");
      return book;
    }
  return make_problem(errc::bad_request, "there is no " + where);
}

caf::error story::run(detail shown, caf::timespan at_most) {
  const auto before = std::exchange(shown_, shown);
  for (auto& [of, line] : std::exchange(untold_, {}))
    if (shown != detail::nothing)
      tell(of, line);
  world_.rest(at_most);
  shown_ = before;
  if (world_.time().stuck())
    say("NOT TRUE: it comes to rest: actors send messages to each other for ever");
  if (world_.is_live())
    return caf::none;
  for (auto& wrong : invariants_.broken())
    say("NOT TRUE: " + wrong);
  return caf::none;
}

void story::add_declarations() {
  declare("nation {NATION}", {"*"},
          "a government with a node; options as in its configuration file",
          [this](const call& x) { return world_.add_nation(x.slots[0], x.options); });
  declare(
      "channel {NAME}", {"*"},
      "a channel: medium=memory, shared-database, chain or api; between=AU,SG; other options as in "
      "[[channels]] of a node, medium.… and endpoint.… as in an endpoint's file",
      [this](const call& x) -> caf::error {
        channel_plan plan;
        plan.name = x.slots[0];
        plan.medium = "memory";
        for (auto& [name, value] : x.options) {
          if (name == "medium") {
            plan.medium = value;
          } else if (name == "between") {
            for (size_t at = 0; at <= value.size();) {
              auto end = std::min(value.find(',', at), value.size());
              plan.between.push_back(value.substr(at, end - at));
              at = end + 1;
            }
          } else {
            plan.how.emplace_back(name, value);
          }
        }
        return world_.add_channel(std::move(plan));
      });
  declare("subscriber {NAME} at {NATION}", {"topic", "lease"},
          "somebody who wants to be told of messages at a node",
          [this](const call& x) -> caf::error {
            subscriber who;
            who.name = x.slots[0];
            who.at = x.slots[1];
            who.topic = x.has("topic") ? x.option("topic") : "*";
            if (x.has("lease")) {
              auto time = parse_time(x.option("lease"));
              if (!time)
                return make_problem(errc::bad_request, "lease is a time, such as 1h");
              who.lease =
                  std::to_string(std::chrono::duration_cast<std::chrono::seconds>(*time).count());
            }
            return world_.add_subscriber(std::move(who));
          });
}

void story::add_time() {
  add("run", {}, "until nothing is left to do; shows what happens at the nodes",
      [this](const call&) { return run(detail::nations, std::chrono::minutes{10}); });
  add("run in detail", {}, "the same; shows the endpoints too",
      [this](const call&) { return run(detail::everything, std::chrono::minutes{10}); });
  add("run quietly", {}, "the same; shows nothing of it",
      [this](const call&) { return run(detail::nothing, std::chrono::minutes{10}); });
  add("recover", {},
      "everything that goes wrong ends, and time goes by until nobody has anything to do, at most "
      "a "
      "day; who then still has, or was forgotten, is named",
      [this](const call&) -> caf::error {
        const auto before = std::exchange(shown_, detail::nothing);
        auto why = world_.recover();
        shown_ = before;
        if (why)
          return why;
        for (auto& wrong : invariants_.broken(true))
          say("NOT TRUE: " + wrong);
        return caf::none;
      });
  phrases_.back().simulated = true;
  auto wait = [this](const call& x, detail shown) -> caf::error {
    const auto before = std::exchange(shown_, shown);
    world_.pass(*parse_time(x.slots[0]));
    shown_ = before;
    return run(shown, std::chrono::minutes{10});
  };
  add("wait {TIME}", {}, "time goes by; then as run",
      [wait](const call& x) { return wait(x, detail::nations); });
  add("wait {TIME} quietly", {}, "the same; shows nothing of it",
      [wait](const call& x) { return wait(x, detail::nothing); });
}

} // namespace igl::scenario
