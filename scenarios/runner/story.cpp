#include "scenarios/runner/story.hpp"

#include "messages/errors.hpp"

#include <algorithm>

namespace igl::scenario {

story::story(std::unique_ptr<world> in, std::string beside)
    : owned_(std::move(in)), world_(*owned_), invariants_(world_), beside_(std::move(beside)) {
  add_declarations();
  add_time();
  add_business();
  add_looking();
  add_operation();
  add_faults();
  add_moments();
  world_.on_hop = [this](const hop& x) {
    invariants_.saw(x);
    // What a story tells of is what follows from what it let happen.
    if (world_.begun() && (shown_ != detail::nothing || on_line))
      if (auto line = told_of(x); !line.empty())
        tell(x.at.is, line);
  };
  world_.on_forgotten = [this](const process& x, const std::string& message) {
    invariants_.forgotten(x, message);
  };
  world_.on_told = [this](const subscriber& who, const subscriber::told& what) {
    invariants_.saw(who, what);
    tell(process::kind::node, told_of(who, what));
  };
}

void story::tell(process::kind of, const std::string& line) {
  if (on_line)
    on_line(world_.in_the_story(line));
  if (shown_ == detail::later)
    untold_.emplace_back(of, line);
  else if (shown_ == detail::everything || (shown_ == detail::nations && of == process::kind::node))
    out_.push_back(world_.in_the_story(line));
}

void story::say(const std::string& line) {
  out_.push_back(world_.in_the_story(line));
  // What comes out is lines of text, whatever a peer has said.
  for (char& c : out_.back())
    if (static_cast<unsigned char>(c) < 0x20)
      c = ' ';
  if (on_line)
    on_line(out_.back());
}

// -- a line ---------------------------------------------------------------------------------------

caf::error story::blame(uint32_t column, const std::string& what) {
  blamed_ = column;
  return make_problem(errc::bad_request, what);
}

caf::error story::blamed_on_option(const call& x, const caf::error& why) {
  auto& option = world_.wrong_option();
  blamed_ = x.column_of(x.has(option) ? option : "endpoint." + option);
  return why;
}

std::vector<std::string> story::known(std::string_view kind) const {
  auto any_of = [&](std::initializer_list<std::string_view> all) {
    return std::find(all.begin(), all.end(), kind) != all.end();
  };
  std::vector<std::string> names;
  if (any_of({"NATION", "PROCESS", "SIDE"}))
    names = world_.nations();
  for (auto& [name, x] : world_.channels()) {
    if (any_of({"CHANNEL", "SIDE"}))
      names.push_back(name);
    if (any_of({"PROCESS", "SIDE"}))
      for (auto& nation : x.between)
        names.push_back(name + "/" + nation);
  }
  if (any_of({"SUBSCRIBER", "SIDE"}))
    for (auto& [name, x] : world_.subscribers())
      names.push_back(name);
  return names;
}

caf::error story::resolve(const understood& x) {
  if (x.what->form.starts_with("nation "))
    return caf::none;
  const std::map<std::string_view, std::string> nobody{
      {"NATION", "there is no nation "},
      {"PROCESS", "there is neither a nation nor an endpoint "},
      {"CHANNEL", "there is no channel "},
      {"SUBSCRIBER", "there is no subscriber "},
      {"SIDE", "there is no nation, channel, endpoint or subscriber "}};
  auto kinds = slots_of(x.what->form);
  for (size_t i = 0; i < kinds.size(); ++i) {
    auto refusal = nobody.find(kinds[i]);
    if (refusal == nobody.end())
      continue;
    auto& name = x.with.slots[i];
    auto names = known(kinds[i]);
    if (std::find(names.begin(), names.end(), name) == names.end())
      return blame(x.with.slot_columns[i], with_suggestion(refusal->second + name, name, names));
  }
  return caf::none;
}

caf::error story::act(const understood& x, uint32_t line) {
  blamed_ = 1;
  if (auto why = resolve(x))
    return why;
  auto why = x.what->act(x.with);
  if (planned_)
    plans_.emplace_back(line, std::exchange(planned_, nullptr));
  return why;
}

std::vector<uint32_t> story::never_came() const {
  std::vector<uint32_t> lines;
  for (auto& [line, came] : plans_)
    if (!*came)
      lines.push_back(line);
  return lines;
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

void story::add_simulated(std::string form, std::vector<std::string> options, std::string meaning,
                          std::function<caf::error(const call&)> act) {
  add(std::move(form), std::move(options), std::move(meaning), std::move(act));
  phrases_.back().simulated = true;
}

caf::expected<http_response> story::answer_of(const std::string& nation, http_request x) {
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
    if (shown == detail::everything || (shown == detail::nations && of == process::kind::node))
      out_.push_back(world_.in_the_story(line));
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
          "a government with a node; options as in its configuration file", [this](const call& x) {
            return blamed_on_option(x, world_.add_nation(x.slots[0], x.options));
          });
  declare(
      "channel {NAME}", {"*"},
      "a channel: medium=memory, shared-database, chain, stream or api; between=AU,SG; other "
      "options as in [[channels]] of a node, medium.… and endpoint.… as in an endpoint's file",
      [this](const call& x) -> caf::error {
        channel_plan plan;
        plan.name = x.slots[0];
        plan.medium = "memory";
        for (auto& [name, value] : x.options) {
          if (name == "medium") {
            plan.medium = value;
          } else if (name == "between") {
            plan.between = parts_of(value);
          } else {
            plan.how.emplace_back(name, value);
          }
        }
        const std::vector<std::string> media{"memory", "shared-database", "chain", "stream", "api"};
        if (std::find(media.begin(), media.end(), plan.medium) == media.end())
          return blame(x.column_of("medium"),
                       with_suggestion("medium is memory, shared-database, chain, stream or api, "
                                       "not \"" +
                                           plan.medium + "\"",
                                       plan.medium, media));
        return blamed_on_option(x, world_.add_channel(std::move(plan)));
      });
  declare("subscriber {NAME} at {NATION}", {"topic", "lease={TIME}"},
          "somebody who wants to be told of messages at a node",
          [this](const call& x) -> caf::error {
            subscriber who;
            who.name = x.slots[0];
            who.at = x.slots[1];
            who.topic = x.has("topic") ? x.option("topic") : "*";
            if (x.has("lease"))
              who.lease = std::to_string(
                  std::chrono::duration_cast<std::chrono::seconds>(*parse_time(x.option("lease")))
                      .count());
            return blamed_on_option(x, world_.add_subscriber(std::move(who)));
          });
}

void story::add_time() {
  add("run", {}, "until nothing is left to do; shows what happens at the nodes",
      [this](const call&) { return run(detail::nations, std::chrono::minutes{10}); });
  add("run in detail", {}, "the same; shows the endpoints too",
      [this](const call&) { return run(detail::everything, std::chrono::minutes{10}); });
  add("run quietly", {}, "the same; shows nothing of it",
      [this](const call&) { return run(detail::nothing, std::chrono::minutes{10}); });
  add_simulated(
      "recover", {},
      "everything that goes wrong ends, and time goes by until nobody has anything to do, at most "
      "a day; who then still has, or was forgotten, is named",
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
