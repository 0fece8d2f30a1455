#pragma once

#include "actors/supervisor.hpp"
#include "messages/probes.hpp"
#include "tests/support/actor_world.hpp"

#include <map>
#include <optional>
#include <set>
#include <stdexcept>

/// Supervisors and children that die when a test says so.
namespace igl::supervised {

using namespace std::chrono_literals;

/// A child of the tests: says how often it was started, dies when told to. The order in which
/// children start and end is written into a diary.
using puppet_actor = caf::typed_actor<caf::replies_to<find_cursor>::with<found_cursor>,
                                      caf::reacts_to<drop_dead_letter>>;

struct diary {
  std::vector<std::string> lines;
  std::map<std::string, int> starts;
  std::set<std::string> deaf;     ///< these do not end when asked to
  std::set<std::string> deafened; ///< these do not say how they do
};

struct puppet_state {
  std::shared_ptr<diary> book;
  std::string which;
  ~puppet_state() {
    if (book)
      book->lines.push_back("-" + which);
  }
};

inline puppet_actor::behavior_type puppet(puppet_actor::stateful_pointer<puppet_state> self,
                                          std::shared_ptr<diary> book, std::string which) {
  name_exceptions(self);
  if (book->deaf.count(which) > 0)
    self->set_exit_handler([](const caf::exit_msg&) {});
  self->state.book = book;
  self->state.which = which;
  book->lines.push_back("+" + which);
  answer_probes(self, [which] { return "being " + which; });
  if (book->deafened.count(which) > 0)
    self->set_default_handler(caf::skip);
  const int start = ++book->starts[which];
  return {
      [=](const find_cursor&) { return found_cursor{std::to_string(start)}; },
      [=](const drop_dead_letter& how) { throw std::runtime_error(how.who); },
  };
}

struct supervised_world : actor_world {
  std::shared_ptr<diary> book = std::make_shared<diary>();
  std::map<std::string, puppet_actor> refs;
  std::optional<caf::error> heard;

  child_spec puppet_child(const std::string& which) {
    refs[which] = make_supervised_ref<puppet_actor>(system);
    return child(which, refs[which], [book = book, which](caf::actor_system& sys) {
      return sys.spawn(puppet, book, which);
    });
  }
  supervisor_options options(restart_strategy strategy, std::string name = "root") {
    supervisor_options x;
    x.name = std::move(name);
    x.strategy = strategy;
    x.max_restarts = 3;
    x.within = 60s;
    x.first_pause = 100ms;
    x.longest_pause = 1000ms;
    x.stop_within = 500ms;
    x.now = now();
    x.on_give_up = [this](const caf::error& err) {
      heard = err;
    };
    return x;
  }
  supervisor_actor start(supervisor_options how, std::vector<child_spec> children) {
    auto root = keep(system.spawn(supervisor, std::move(how), std::move(children)));
    run();
    return root;
  }
  supervisor_actor start_abc(restart_strategy strategy) {
    return start(options(strategy), {puppet_child("a"), puppet_child("b"), puppet_child("c")});
  }
  void crash(const std::string& which) {
    self->send(refs[which], drop_dead_letter{1, "the " + which + " stumbled"});
    run();
  }
  std::string starts(const std::string& which) {
    auto x = ask(refs[which], find_cursor{"x"}).answer<found_cursor>();
    return x ? x->value : to_string(code_of(x.error()));
  }
  supervision_node tree(const supervisor_actor& root) {
    auto x = ask(root, supervision_query{}).answer<supervision_node>();
    REQUIRE(x);
    return *x;
  }
  std::vector<std::string> written() { return std::exchange(book->lines, {}); }
};

using lines = std::vector<std::string>;

} // namespace igl::supervised
