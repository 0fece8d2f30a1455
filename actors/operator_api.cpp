#include "actors/operator_api.hpp"

#include "messages/errors.hpp"
#include "messages/probes.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iterator>
#include <utility>

namespace igl {

namespace {

using self_pointer = operator_api_self::stateful_pointer<operator_api_state>;

/// How long it is believed that the ledger is as it was when somebody looked. A look writes and
/// syncs, and anybody may send probes.
constexpr std::chrono::seconds look_lasts{1};

void answer_if_complete(self_pointer self, const std::shared_ptr<status_in_progress>& x) {
  if (x->awaited > 0 || self->state.measuring)
    return;
  for (auto& row : x->result.streams.streams) {
    auto level = self->state.levels.find(row.id);
    if (level == self->state.levels.end())
      continue;
    row.waiting = level->second.waiting;
    row.in_flight = level->second.in_flight;
  }
  x->answer->deliver(std::move(x->result));
}

void measured(self_pointer self) {
  self->state.measuring = false;
  auto waiting = std::move(self->state.waiting);
  self->state.waiting.clear();
  for (const auto& x : waiting) {
    answer_if_complete(self, x);
    if (x->awaited > 0)
      self->state.waiting.push_back(x);
  }
}

/// Asks each stream how full it is; the answers come as messages.
void measure(self_pointer self, const operator_view& view) {
  if (self->state.measuring)
    return;
  self->state.measuring = true;
  self->state.levels.clear();
  self->state.unmeasured = view.used.size();
  auto me = caf::actor_cast<caf::weak_actor_ptr>(self);
  for (auto id : view.used)
    view.carried_by->level(id, [me, id](caf::expected<stream_level> level) {
      if (auto still_here = me.lock())
        caf::anon_send(caf::actor_cast<caf::actor>(still_here),
                       level ? stream_measured{id, {}, *level}
                             : stream_measured{id, level.error(), {}});
    });
  self->delayed_send(self, timeouts::status, caf::tick_atom::value);
}

/// Asks an actor for its part of a status. A part that does not come is left as it is.
template <class Actor, class Question, class Use>
void gather(self_pointer self, const std::shared_ptr<status_in_progress>& x, const Actor& whom,
            Question question, Use use) {
  ++x->awaited;
  self->request(whom, timeouts::status, std::move(question))
      .then(
          [=](typename Use::answer& part) mutable {
            use(part);
            --x->awaited;
            answer_if_complete(self, x);
          },
          [=](caf::error& why) {
            use.failed(sentence_of(why));
            --x->awaited;
            answer_if_complete(self, x);
          });
}

struct use_figures {
  using answer = ledger_figures;
  std::shared_ptr<status_in_progress> x;
  void operator()(ledger_figures& part) {
    for (auto& row : x->result.streams.streams)
      for (const auto& counted : part.streams)
        if (counted.id == row.id)
          row.open = counted.open;
    x->result.ledger = std::move(part);
  }
  void failed(const std::string& why) const { x->result.streams.detail += "; ledger: " + why; }
};

struct use_tree {
  using answer = supervision_node;
  std::shared_ptr<status_in_progress> x;
  void operator()(supervision_node& part) { x->result.tree = std::move(part); }
  void failed(const std::string& why) const { x->result.tree.last_error = why; }
};

struct use_reload {
  using answer = configuration_reload;
  std::shared_ptr<status_in_progress> x;
  void operator()(configuration_reload& part) { x->result.last_reload = std::move(part); }
  void failed(const std::string&) const {}
};

struct use_traffic {
  using answer = channel_health;
  std::shared_ptr<status_in_progress> x;
  size_t index;
  void operator()(channel_health& part) {
    auto until = x->result.channels[index].subscribed_until;
    part.bad_signatures = std::max(part.bad_signatures, x->result.channels[index].bad_signatures);
    x->result.channels[index] = std::move(part);
    if (until.time_since_epoch().count() != 0)
      x->result.channels[index].subscribed_until = until;
  }
  void failed(const std::string& why) const { x->result.channels[index].last_error = why; }
};

struct use_subscription {
  using answer = channel_health;
  std::shared_ptr<status_in_progress> x;
  size_t index;
  void operator()(channel_health& part) {
    x->result.channels[index].subscribed_until = part.subscribed_until;
    x->result.channels[index].bad_signatures = part.bad_signatures;
  }
  void failed(const std::string&) const {}
};

caf::result<node_status> tell_status(self_pointer self, const surroundings& with,
                                     const operator_view& view) {
  auto x = std::make_shared<status_in_progress>();
  x->answer = promise_of<node_status>(self);
  x->result.service = view.service;
  x->result.name = view.name;
  x->result.version = IGL_VERSION;
  x->result.started = self->state.started;
  x->result.streams.connected = view.carried_by->connected();
  x->result.streams.detail = view.carried_by->description();
  for (auto id : view.used)
    x->result.streams.streams.push_back({id, 0, 0, 0});
  auto channels = view.channels.now();
  x->result.channels.resize(channels.size());
  self->state.waiting.push_back(x);
  measure(self, view);
  gather(self, x, with.reader, ledger_figures_query{}, use_figures{x});
  gather(self, x, view.root, supervision_query{}, use_tree{x});
  if (view.reloader)
    gather(self, x, view.reloader, last_reload_query{}, use_reload{x});
  for (size_t i = 0; i < channels.size(); ++i) {
    gather(self, x, channels[i].traffic, channel_health_query{}, use_traffic{x, i});
    if (channels[i].subscription)
      gather(self, x, channels[i].subscription, channel_health_query{}, use_subscription{x, i});
  }
  return x->answer->unguarded();
}

caf::result<configuration_reload> reload(self_pointer self, const operator_view& view,
                                         reload_configuration& asked) {
  if (view.reloader)
    return self->delegate(view.reloader, std::move(asked));
  return make_problem(errc::conflict, "only a node takes a changed configuration while it runs; " +
                                          view.service + " " + view.name +
                                          " takes it when it is started again");
}

/// The ledger as it was when somebody looked, and everything else as it is.
readiness readiness_of(const readiness_check& ledger, const operator_view& view) {
  auto listening = view.listening();
  return {{ledger,
           {"streams", view.carried_by->connected(), view.carried_by->description()},
           {"listeners", listening, listening ? "all are open" : "not all are open"}}};
}

void looked_at_ledger(self_pointer self, const operator_view& view, readiness_check found) {
  auto& st = self->state;
  st.ledger = std::move(found);
  st.looked = self->clock().now();
  for (const auto& answer : std::exchange(st.probes, {}))
    answer->deliver(readiness_of(st.ledger, view));
}

/// What is damaged is told, and does not make the rest of the ledger unready.
void look_for_damage(self_pointer self, const surroundings& with, const operator_view& view) {
  self->request(with.reader, timeouts::status, ledger_figures_query{})
      .then(
          [=](const ledger_figures& found) {
            auto detail = std::string{"reads and writes"};
            if (found.damaged > 0)
              detail += "; DAMAGED: " + found.damage + " (" + std::to_string(found.damaged) +
                        " found so far; igl ledger check finds all)";
            looked_at_ledger(self, view, {"ledger", true, std::move(detail)});
          },
          [=](caf::error& why) {
            looked_at_ledger(self, view, {"ledger", false, sentence_of(why)});
          });
}

/// Ready: the ledger writes and reads, the streams' server is there, the listeners are open.
caf::result<readiness> tell_readiness(self_pointer self, const surroundings& with,
                                      const operator_view& view) {
  auto answer = promise_of<readiness>(self);
  auto& st = self->state;
  if (st.looked && self->clock().now() - *st.looked < look_lasts) {
    answer->deliver(readiness_of(st.ledger, view));
    return answer->unguarded();
  }
  st.probes.push_back(answer);
  if (st.probes.size() > 1)
    return answer->unguarded();
  settlement probe;
  probe.cursors.push_back({"readiness-probe", IGL_VERSION});
  self->request(with.ledger, timeouts::status, std::move(probe))
      .then([=](settled&) { look_for_damage(self, with, view); },
            [=](caf::error& why) {
              looked_at_ledger(self, view, {"ledger", false, sentence_of(why)});
            });
  return answer->unguarded();
}

} // namespace

bool is_inside(const std::string& folder, const std::string& of) {
  namespace fs = std::filesystem;
  // Whatever names lead there.
  auto whole = [](const std::string& name) {
    std::error_code failed;
    auto found = fs::weakly_canonical(fs::absolute(name), failed);
    return ((failed ? fs::absolute(name) : found) / "").lexically_normal();
  };
  auto inner = whole(folder);
  auto outer = whole(of);
  // Both end in a separator, which is an empty part.
  auto last = std::prev(outer.end());
  return std::mismatch(outer.begin(), last, inner.begin(), inner.end()).first == last;
}

caf::error refuse_inside(const std::string& folder, const std::string& data_dir) {
  if (data_dir.empty() || !is_inside(folder, data_dir))
    return caf::none;
  return make_problem(errc::bad_request,
                      folder + " is inside the data folder " + data_dir +
                          ", and would go with it: name a folder elsewhere",
                      R"(["folder"])");
}

operator_api_self::behavior_type operator_api(self_pointer self, surroundings with,
                                              operator_view view) {
  self->state.started = with.now();
  answer_probes(self);
  return {
      [=](node_status_query&) { return tell_status(self, with, view); },
      [=](readiness_query&) { return tell_readiness(self, with, view); },
      [=](find_events& question) { return self->delegate(with.reader, std::move(question)); },
      [=](supervision_query& question) { return self->delegate(view.root, std::move(question)); },
      [=](find_dead_letters& question) { return self->delegate(with.reader, std::move(question)); },
      [=](find_dead_letter_groups& question) {
        return self->delegate(with.reader, std::move(question));
      },
      [=](find_job& question) { return self->delegate(with.reader, std::move(question)); },
      [=](replay_dead_letter& act) { return self->delegate(with.ledger, std::move(act)); },
      [=](drop_dead_letter& act) { return self->delegate(with.ledger, std::move(act)); },
      [=](back_up_ledger& act) -> caf::result<backup_state> {
        if (auto why = refuse_inside(act.folder, view.data_dir))
          return why;
        return self->delegate(view.backup, std::move(act));
      },
      [=](backup_query& question) { return self->delegate(view.backup, question); },
      [=](reload_configuration& asked) { return reload(self, view, asked); },
      [=](stream_measured& x) {
        if (!self->state.measuring)
          return;
        if (!x.why)
          self->state.levels[x.of] = x.level;
        if (--self->state.unmeasured == 0)
          measured(self);
      },
      [=](caf::tick_atom) {
        if (self->state.measuring)
          measured(self);
      },
  };
}

} // namespace igl
