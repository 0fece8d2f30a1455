#include "scenarios/runner/world.hpp"

#include "actors/callback_deliverer.hpp"
#include "config/config.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/text.hpp"
#include "messages/topic.hpp"
#include "scenarios/runner/grammar.hpp"
#include "scenarios/runner/simulated_machine.hpp"
#include "scenarios/runner/telling.hpp"
#include "storage/memory_streams.hpp"

#include <algorithm>
#include <set>
#include <sstream>
#include <stdexcept>

namespace igl::scenario {

namespace {

/// A business posted a message, and has no answer yet.
bool is_post(const settlement& x) {
  return std::any_of(x.events.begin(), x.events.end(),
                     [](auto& event) { return event.what == event_kind::message_posted; });
}

/// `[a]\nb.c = 1` has `b.c` in line 2.
std::string key_in(const std::string& config, uint32_t line) {
  std::istringstream in(config);
  std::string text;
  for (uint32_t i = 0; i < line; ++i)
    std::getline(in, text);
  return text.substr(0, text.find(" = "));
}

std::string value_in(const http_request& x, std::string_view header) {
  for (auto& h : x.headers)
    if (equal_ignoring_case(h.name, header))
      return h.value;
  return {};
}

/// The topic of a callback: what its Link header calls self.
std::string topic_of(const http_request& x) {
  auto link = value_in(x, "Link");
  auto self = link.find(">; rel=\"self\"");
  if (self == std::string::npos)
    return {};
  auto start = link.rfind('<', self);
  return link.substr(start + 1, self - start - 1);
}

} // namespace

subscriber::told told_in(const http_request& x, caf::timestamp at) {
  subscriber::told result{at, topic_of(x), {}, {}, x.body};
  result.number = parse_number(value_in(x, event_number_header));
  auto said = text_members(x.body);
  auto& sender = said["sender"];
  result.predicate = said["predicate"];
  result.about = (sender.empty() ? "" : sender + ":") + said["sender_ref"];
  return result;
}

world::world(uint64_t seed, std::string folder) : time_(seed), folder_(std::move(folder)) {
  businesses_->party = "businesses";
  time_.after_step = [this] {
    end_and_revive();
  };
  last_change_ = time_.now();
}

world::~world() {
  time_.finish();
  time_.after_step = nullptr;
  on_hop = nullptr;
  on_told = nullptr;
  on_forgotten = nullptr;
  for (auto& x : processes_)
    if (x->running)
      kill(*x);
}

// -- who there is --------------------------------------------------------------------------------

caf::error world::add_nation(const std::string& name, settings how) {
  wrong_option_.clear();
  if (starting_)
    return make_problem(errc::bad_request, "nations are named before anything happens");
  if (!nations_.emplace(name, std::move(how)).second)
    return make_problem(errc::bad_request, "there is a nation " + name + " already");
  auto why = claim("node-" + lower_case(name), "the node of " + name);
  if (!why)
    why = check_nation(name);
  if (why)
    nations_.erase(name);
  else
    nation_order_.push_back(name);
  return why;
}

caf::error world::add_channel(channel_plan x) {
  wrong_option_.clear();
  if (starting_)
    return make_problem(errc::bad_request, "channels are named before anything happens");
  wrong_option_ = x.between.empty() ? "" : "between";
  std::set<std::string> sides;
  for (auto& nation : x.between) {
    if (!has_nation(nation))
      return make_problem(errc::bad_request,
                          with_suggestion("there is no nation " + nation, nation, nation_order_));
    if (!sides.insert(nation).second)
      return make_problem(errc::bad_request, "a channel has " + nation + " on it once");
  }
  if (sides.size() < 2)
    return make_problem(errc::bad_request,
                        "a channel is between two nations or more: between=AU,SG");
  wrong_option_.clear();
  if (channels_.count(x.name) != 0)
    return make_problem(errc::bad_request, "there is a channel " + x.name + " already");
  for (auto& nation : x.between)
    if (auto why =
            claim(x.name + "-" + lower_case(nation), "the endpoint " + x.name + "/" + nation))
      return why;
  if (x.medium == "memory" || x.medium == "stream")
    x.log = make_memory_log(x.name);
  auto name = x.name;
  auto& added = channels_.emplace(name, std::move(x)).first->second;
  channel_order_.push_back(name);
  auto why = check_channel(added);
  if (why) {
    channels_.erase(name);
    channel_order_.pop_back();
  }
  return why;
}

caf::error world::add_subscriber(subscriber x) {
  wrong_option_.clear();
  if (!has_nation(x.at))
    return make_problem(errc::bad_request, "there is no nation " + x.at);
  auto name = x.name;
  if (subscribers_.count(name) != 0)
    return make_problem(errc::bad_request, "there is a subscriber " + name + " already");
  if (auto why = claim(name, "the subscriber " + name))
    return why;
  if (auto topic = subscribed_topic(x.topic); !topic) {
    wrong_option_ = "topic";
    return make_problem(errc::bad_request, problem_of(topic.error()).detail);
  }
  x.who = std::make_shared<presence>(presence{name, name});
  auto added = subscribers_.emplace(name, std::move(x)).first;
  listen(added->second);
  return begun_ ? subscribe(added->second) : caf::error{};
}

caf::error world::claim(const std::string& host, const std::string& whose) {
  auto [has, fresh] = hosts_.emplace(host, whose);
  return fresh || has->second == whose
             ? caf::error{}
             : make_problem(errc::bad_request, host + " is the host of " + has->second +
                                                   " already; choose another name");
}

/// The first mistake in a configuration, and the option that it is about.
template <class Settings>
caf::error world::checked(const loaded<Settings>& x, const std::string& config) {
  if (x.good())
    return caf::none;
  wrong_option_ = key_in(config, x.mistakes.front().line);
  return make_problem(errc::bad_request, x.mistakes.front().what);
}

caf::error world::check_nation(const std::string& name) {
  auto config = node_config(name);
  return checked(parse_node(config, name, {}), config);
}

caf::error world::check_channel(const channel_plan& x) {
  for (auto& nation : x.between) {
    auto config = endpoint_config(x, nation);
    if (auto why = checked(parse_endpoint(config, x.name, {}), config))
      return why;
    if (auto why = check_nation(nation))
      return why;
  }
  return caf::none;
}

void world::posted_to(const std::string& channel, const std::string& id) {
  called_.call(id, channel + ":" + std::to_string(++channel_messages_[channel]));
}

std::shared_ptr<streams> world::new_streams() {
  return make_memory_streams({std::chrono::seconds{30}, [this] {
                                return time_.now();
                              }});
}

process& world::add_process(process x) {
  x.carried = new_streams();
  processes_.push_back(std::make_unique<process>(std::move(x)));
  return *processes_.back();
}

process& world::add_endpoint(const channel_plan& of, const std::string& nation) {
  process x;
  x.is = process::kind::endpoint;
  x.label = of.name + "/" + nation;
  x.party = of.name;
  x.nation = nation;
  x.channel = of.name;
  x.host = of.name + "-" + lower_case(nation);
  x.config = endpoint_config(of, nation);
  return add_process(std::move(x));
}

caf::error world::begin() {
  if (std::exchange(starting_, true))
    return caf::none;
  for (auto& name : channel_order_)
    for (auto& nation : channels_.at(name).between)
      add_endpoint(channels_.at(name), nation);
  for (auto& nation : nation_order_) {
    process x;
    x.label = x.party = x.nation = nation;
    x.host = "node-" + lower_case(nation);
    x.config = node_config(nation);
    add_process(std::move(x));
  }
  for (auto& x : processes_)
    if (auto why = start(*x))
      return why;
  for (auto& [name, x] : subscribers_)
    if (auto why = subscribe(x))
      return why;
  rest();
  begun_ = true;
  return caf::none;
}

// -- processes ------------------------------------------------------------------------------------

process* world::node_of(const std::string& nation) {
  for (auto& x : processes_)
    if (x->is == process::kind::node && x->nation == nation)
      return x.get();
  return nullptr;
}

process* world::endpoint_of(const std::string& channel, const std::string& nation) {
  for (auto& x : processes_)
    if (x->is == process::kind::endpoint && x->channel == channel && x->nation == nation)
      return x.get();
  return nullptr;
}

caf::expected<std::unique_ptr<service>> world::started(process& x) {
  x.who = std::make_shared<presence>(presence{x.party, x.label});
  x.who->under = x.under;
  // What has not happened to it yet may happen to it now.
  auto next = x.plan ? std::move(x.plan->next) : std::vector<planned>{};
  x.plan = std::make_shared<crash_plan>();
  x.plan->next = std::move(next);
  x.plan->otherwise = [this, &x] {
    if (x.under->frailty > 0 && x.who->alive && share_out_of(frailty_()) < x.under->frailty)
      condemn(x);
  };
  x.who->on_answer = [plan = x.plan] {
    plan->answered();
  };
  x.actors.clear();
  machine_parts parts;
  parts.in = &time_;
  parts.through = &wires_;
  parts.who = x.who;
  parts.host = x.host;
  parts.name = x.label;
  parts.carried = watched_streams(x.carried, x.who, x.plan, [this, &x](const std::string& message) {
    if (on_forgotten)
      on_forgotten(x, message);
  });
  parts.accepted = [this, &x](const settlement& what, const settled& result) {
    last_change_ = time_.now();
    for (auto& change : what.channel_records)
      if (change.record.half == channel_half::posting && change.expects == 0)
        posted_to(x.channel, change.record.said.id);
    if (on_hop)
      on_hop({x, what, result});
    if (what.job)
      x.plan->reach(crash_point::after_commit, stream_of(what.job->ticket));
    else if (is_post(what))
      x.plan->reach(crash_point::after_commit, caf::none);
  };
  parts.spawned = [&x](const std::string& name, const caf::strong_actor_ptr& actor) {
    x.actors[name] = caf::actor_cast<caf::weak_actor_ptr>(actor);
  };
  parts.opened = [&x](std::weak_ptr<ledger> book) {
    x.book = std::move(book);
  };
  parts.memory_medium = [this, &x](const endpoint_settings&) -> medium_opener {
    return [log = channels_.at(x.channel).log]() -> caf::expected<std::unique_ptr<medium>> {
      return make_memory_medium(log);
    };
  };
  if (x.is == process::kind::node) {
    auto how = parse_node(x.config, x.label, {});
    if (auto why = checked(how, x.config))
      return why;
    return start_node_on(simulate_machine(std::move(parts)), std::move(how.settings));
  }
  auto how = parse_endpoint(x.config, x.label, {});
  if (auto why = checked(how, x.config))
    return why;
  return start_endpoint_on(simulate_machine(std::move(parts)), std::move(how.settings));
}

caf::error world::start(process& x) {
  if (x.running)
    return make_problem(errc::bad_request, x.label + " runs already");
  // Who was killed a moment ago lets go of its ledger first.
  while (time_.step())
    ;
  auto up = started(x);
  if (!up)
    return up.error();
  x.running = std::move(*up);
  // It may have died as soon as it began.
  end_and_revive();
  if (begun_)
    disturbed();
  // Its actors come up one after the other.
  while (time_.step())
    ;
  return caf::none;
}

void world::stop(process& x) {
  if (!x.running)
    return;
  // Whatever kills it now comes too late.
  auto ending = std::move(x.running);
  ending->stop();
  x.who->alive = false;
  std::erase(condemned_, &x);
}

void world::kill(process& x) {
  if (!x.running)
    return;
  x.who->alive = false;
  x.running->abandon();
  x.running.reset();
  std::erase(condemned_, &x);
}

world::happened world::plan(process& x, crash_point when, caf::optional<stream> where,
                            std::function<void()> what) {
  auto came = std::make_shared<bool>(false);
  x.plan->next.push_back({when, where, [came, what = std::move(what)] {
                            *came = true;
                            what();
                          }});
  return came;
}

world::happened world::kill_at(process& x, crash_point when, caf::optional<stream> where) {
  return plan(x, when, where, [this, &x] { condemn(x); });
}

void world::condemn(process& x) {
  x.who->alive = false;
  condemned_.push_back(&x);
}

void world::end_and_revive() {
  for (auto* x : std::exchange(condemned_, {})) {
    // It has not come up yet.
    if (!x->running) {
      condemned_.push_back(x);
      continue;
    }
    kill(*x);
    if (x->under->frailty <= 0)
      continue;
    ++waiting_for_life_;
    time_.after(std::chrono::seconds{1}, [this, x] { revived_.push_back(x); });
  }
  for (auto* x : std::exchange(revived_, {})) {
    --waiting_for_life_;
    if (!x->running)
      start(*x);
  }
}

void world::weaken(process& x, double share) {
  x.under->frailty = share;
}

void world::lose_streams(process& x) {
  x.carried = new_streams();
  // Until the ledger is compared with them.
  disturbed(std::chrono::minutes{6});
}

namespace {

/// It throws as soon as it is its turn, out of a handler, with all it holds.
void let_throw(const caf::strong_actor_ptr& actor) {
  auto* x = dynamic_cast<caf::scheduled_actor*>(caf::actor_cast<caf::abstract_actor*>(actor));
  x->set_default_handler(
      [](caf::scheduled_actor*, caf::message_view&) -> caf::result<caf::message> {
        throw std::runtime_error("the story has it throw");
      });
  caf::anon_send<caf::message_priority::high>(caf::actor_cast<caf::actor>(actor), actor_probe{});
}

} // namespace

caf::error world::kill_actor(process& x, const std::string& name, death how) {
  auto found = x.actors.find(name);
  auto actor = found == x.actors.end() ? caf::strong_actor_ptr{}
                                       : caf::actor_cast<caf::strong_actor_ptr>(found->second);
  if (!actor)
    return make_problem(errc::not_found, x.label + " has no actor " + name);
  if (how == death::exception)
    let_throw(actor);
  else
    caf::anon_send_exit(actor, how == death::kill ? caf::exit_reason::kill
                                                  : caf::exit_reason::user_shutdown);
  return caf::none;
}

world::happened world::kill_actor_at(process& x, const std::string& name, crash_point when,
                                     stream where, death how) {
  return plan(x, when, where, [this, &x, name, how] { kill_actor(x, name, how); });
}

} // namespace igl::scenario
