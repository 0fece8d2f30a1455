#include "actors/reloader.hpp"

#include "actors/settling.hpp"
#include "messages/orders.hpp"
#include "messages/probes.hpp"

#include <caf/all.hpp>
#include <spdlog/spdlog.h>

namespace igl {

// -- decisions ------------------------------------------------------------------------------------

configuration_reload judge(const node_settings& in_force, const loaded<node_settings>& read) {
  configuration_reload result;
  result.result = reload_result::refused;
  for (auto& x : read.mistakes)
    result.said.push_back(to_string(x));
  if (!read.good())
    return result;
  auto found = difference_between(in_force, read.settings);
  for (auto& x : found.restarts)
    result.said.push_back(x + " needs a restart; nothing was changed");
  if (!found.restarts.empty())
    return result;
  result.result = found.none() ? reload_result::unchanged : reload_result::reloaded;
  result.said = std::move(found.reloads);
  return result;
}

std::set<std::string> channels_gone(const node_settings& before, const node_settings& after) {
  std::set<std::string> ids;
  for (auto& x : before.channels)
    ids.insert(x.id);
  for (auto& x : after.channels)
    ids.erase(x.id);
  return ids;
}

std::string left_behind(const std::string& channel_id, size_t messages) {
  return "of " + std::to_string(messages) + (messages == 1 ? " message" : " messages") +
         " on channel " + channel_id +
         ", which is gone, nobody will hear what becomes of them: their jobs end as dead letters; "
         "a reload with the channel, and then a replay, ask it";
}

settlement record_of(const configuration_reload& x) {
  std::string what;
  for (auto& line : x.said)
    what += (what.empty() ? ": " : "; ") + line;
  settlement result;
  result.events.push_back(
      {0, {}, event_kind::configuration_reloaded, "configuration", "by " + x.who + what});
  return result;
}

// -- the actor ------------------------------------------------------------------------------------

namespace {

using reloader_pointer = reloader_actor::stateful_pointer<reloader_state>;
using reload_ptr = std::shared_ptr<reload_in_progress>;

/// A channel that hangs does not keep the others waiting for longer.
constexpr std::chrono::seconds patience_with_jobs{3};
constexpr uint32_t jobs_at_once = 512;

/// What every step needs.
struct reloading {
  reloader_pointer self;
  surroundings around;
  reloadable_node node;
};
using reloading_ptr = std::shared_ptr<const reloading>;

void begin(const reloading_ptr& x);

void finish(const reloading_ptr& x, const reload_ptr& what) {
  auto& st = x->self->state;
  const auto& told = what->result;
  for (auto& line : told.said)
    if (told.result == reload_result::refused)
      spdlog::error("reload by {}: {}", told.who, line);
    else
      spdlog::info("reload by {}: {}", told.who, line);
  if (told.result == reload_result::refused)
    spdlog::error("reload by {} refused: the configuration that was in force stays so", told.who);
  else
    spdlog::info("reload by {}: {}", told.who,
                 told.result == reload_result::unchanged ? "nothing is different" : "done");
  st.last = told;
  what->answer->deliver(told);
  st.waiting.pop_front();
  if (!st.waiting.empty())
    begin(x);
}

void record(const reloading_ptr& x, const reload_ptr& what) {
  settle(x->self, x->around, record_of(what->result), [=](caf::expected<settled> result) {
    if (!result)
      what->result.said.push_back("the ledger did not take the event of it: " +
                                  sentence_of(result.error()));
    finish(x, what);
  });
}

/// What was listed by the old settings ends, and is listed by the new ones.
void renew(const reloading_ptr& x, const reload_ptr& what) {
  if (what->next.log_level != x->node.settings.now()->log_level)
    spdlog::set_level(spdlog::level::from_str(what->next.log_level));
  x->node.settings.replace(std::make_shared<const node_settings>(what->next));
  x->self->request(x->node.root, timeouts::work, renew_child{x->node.part})
      .then([=](const child_renewed&) { record(x, what); },
            [=](const caf::error& why) {
              what->result.said.push_back(x->node.part +
                                          " has not started again yet: " + sentence_of(why));
              record(x, what);
            });
}

/// Jobs that are in hand are finished; what takes longer comes again.
void drain_sources(const reloading_ptr& x, const reload_ptr& what) {
  auto missing = std::make_shared<size_t>(x->node.sources.size() + 1);
  auto one_less = [=] {
    if (--*missing == 0)
      renew(x, what);
  };
  for (const auto& source : x->node.sources)
    x->self->request(source, patience_with_jobs, drain{})
        .then([=](const drained&) { one_less(); },
              [=](const caf::error& why) {
                spdlog::warn("reload by {}: jobs in hand are given back, they did not end in time: "
                             "{}",
                             what->result.who, sentence_of(why));
                one_less();
              });
  one_less();
}

/// Says how many messages are under way on channels that are gone.
void count_left_behind(const reloading_ptr& x, const reload_ptr& what, const due_place& after) {
  // Whenever they are due.
  constexpr auto any_time = caf::timestamp::max();
  x->self
      ->request(x->around.reader, timeouts::read,
                due_jobs{stream::channel_pending, after, any_time, jobs_at_once})
      .then(
          [=](const found_due_jobs& found) {
            for (auto& job : found.jobs) {
              auto order = parse_order<check_delivery>(job.order.body);
              auto gone = order ? what->under_way.find(order->channel_id) : what->under_way.end();
              if (gone != what->under_way.end())
                ++gone->second;
            }
            if (!found.jobs.empty())
              return count_left_behind(x, what, found.last);
            for (auto& [id, messages] : what->under_way)
              if (messages > 0)
                what->result.said.push_back(left_behind(id, messages));
            drain_sources(x, what);
          },
          [=](const caf::error& why) {
            what->result.said.push_back("what is under way on channels that are gone was not "
                                        "counted: " +
                                        sentence_of(why));
            drain_sources(x, what);
          });
}

void begin(const reloading_ptr& x) {
  auto what = x->self->state.waiting.front();
  auto in_force = x->node.settings.now();
  auto read = x->node.read();
  auto who = what->result.who;
  what->result = judge(*in_force, read);
  what->result.who = std::move(who);
  what->result.at = x->around.now();
  if (what->result.result != reload_result::reloaded)
    return finish(x, what);
  what->next = std::move(read.settings);
  for (auto& id : channels_gone(*in_force, what->next))
    what->under_way[id] = 0;
  if (what->under_way.empty())
    return drain_sources(x, what);
  count_left_behind(x, what, {});
}

} // namespace

reloader_actor::behavior_type reloader(reloader_pointer self, surroundings around,
                                       reloadable_node node) {
  auto x = std::make_shared<const reloading>(reloading{self, std::move(around), std::move(node)});
  answer_probes(self, [self] {
    return self->state.waiting.empty() ? std::string{} : std::string{"reads the configuration"};
  });
  return {
      [=](const reload_configuration& asked) -> caf::result<configuration_reload> {
        if (!x->node.read)
          return make_problem(errc::conflict, "this node was not started from a file");
        auto what = std::make_shared<reload_in_progress>();
        what->result.who = asked.who;
        what->answer = promise_of<configuration_reload>(self);
        self->state.waiting.push_back(what);
        if (self->state.waiting.size() == 1)
          begin(x);
        return what->answer->unguarded();
      },
      [=](const last_reload_query&) { return self->state.last; },
  };
}

} // namespace igl
