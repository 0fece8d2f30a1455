#include "tests/actors/supervised_world.hpp"

#include <thread>

using namespace igl;
using namespace igl::supervised;

TEST_SUITE_BEGIN("supervisor");

TEST_CASE_FIXTURE(supervised_world, "a reference survives the restart of its actor") {
  start_abc(restart_strategy::one_for_one);
  CHECK(starts("b") == "1");
  crash("b");
  CHECK(starts("b") == "unavailable");
  CHECK(starts("a") == "1");
  pass(100ms);
  CHECK(starts("b") == "2");
  CHECK(starts("a") == "1");
}

TEST_CASE_FIXTURE(supervised_world, "a child that is renewed starts at once, and it is no fault") {
  auto root = start_abc(restart_strategy::one_for_one);
  written();
  for (int i = 2; i < 12; ++i) { // more often than faults are allowed
    CHECK(ask(root, renew_child{"b"}).answer<child_renewed>());
    CHECK(starts("b") == std::to_string(i));
  }
  CHECK(starts("a") == "1");
  CHECK(starts("c") == "1");
  auto shown = tree(root).children[1];
  CHECK(shown.restarts == 0);
  CHECK(shown.last_error.empty());
  CHECK(shown.state == "running");
  CHECK_FALSE(heard);
  crash("b");
  CHECK(tree(root).children[1].restarts == 0);
  pass(100ms);
  CHECK(tree(root).children[1].restarts == 1);
}

TEST_CASE_FIXTURE(supervised_world,
                  "a child that waits for its restart is renewed without waiting") {
  auto root = start_abc(restart_strategy::one_for_one);
  crash("b");
  CHECK(ask(root, renew_child{"b"}).answer<child_renewed>());
  CHECK(starts("b") == "2");
  pass(200ms);
  CHECK(starts("b") == "2");
}

TEST_CASE_FIXTURE(supervised_world, "a child that does not end is killed before it is renewed") {
  auto root = start_abc(restart_strategy::one_for_one);
  book->deaf.insert("b");
  crash("b");
  pass(100ms);
  auto renewed = ask(root, renew_child{"b"});
  CHECK_FALSE(renewed.answered());
  book->deaf.clear();
  pass(500ms);
  CHECK(renewed.answer<child_renewed>());
  CHECK(starts("b") == "3");
}

TEST_CASE_FIXTURE(supervised_world, "nobody renews a child that is not there") {
  auto root = start_abc(restart_strategy::one_for_one);
  CHECK(code_of(ask(root, renew_child{"d"}).answer<child_renewed>().error()) == errc::unavailable);
}

TEST_CASE_FIXTURE(supervised_world, "children of a subtree are listed anew at each of its starts") {
  std::vector<std::string> names{"x"};
  auto list = [&] {
    std::vector<child_spec> children;
    for (auto& name : names)
      children.push_back(puppet_child(name));
    return children;
  };
  auto root = start(options(restart_strategy::one_for_one),
                    {subtree(system, options(restart_strategy::one_for_one, "below"), list, 1s)});
  CHECK(written() == lines{"+x"});
  names = {"y", "z"};
  CHECK(ask(root, renew_child{"below"}).answer<child_renewed>());
  CHECK(written() == lines{"-x", "+y", "+z"});
  auto below = tree(root).children[0];
  CHECK(below.restarts == 0);
  REQUIRE(below.children.size() == 2);
  CHECK(below.children[1].name == "z");
}

TEST_CASE_FIXTURE(supervised_world, "a reference says which messages it takes") {
  auto ref = make_supervised_ref<puppet_actor>(system);
  CHECK(caf::actor_cast<caf::abstract_actor*>(ref)->message_types() ==
        system.message_types<puppet_actor>());
}

TEST_CASE_FIXTURE(supervised_world, "who monitors a reference hears when nobody holds it") {
  auto ref = make_supervised_ref<puppet_actor>(system);
  self->monitor(ref);
  ref = nullptr;
  REQUIRE(!self->mailbox().empty());
  bool down = false;
  self->receive([&](const caf::down_msg&) { down = true; });
  CHECK(down);
}

TEST_CASE_FIXTURE(supervised_world, "requests that wait in a dying actor's mailbox are refused") {
  start_abc(restart_strategy::one_for_one);
  self->send(refs["a"], drop_dead_letter{1, "first"});
  CHECK(starts("a") == "unavailable");
}

TEST_CASE_FIXTURE(supervised_world, "one for one restarts the dead child alone") {
  start_abc(restart_strategy::one_for_one);
  written();
  crash("a");
  pass(100ms);
  CHECK(written() == lines{"-a", "+a"});
}

TEST_CASE_FIXTURE(supervised_world, "rest for one restarts it and those after it, in order") {
  start_abc(restart_strategy::rest_for_one);
  CHECK(written() == lines{"+a", "+b", "+c"});
  crash("b");
  CHECK(written() == lines{"-b", "-c"});
  pass(100ms);
  CHECK(written() == lines{"+b", "+c"});
}

TEST_CASE_FIXTURE(supervised_world, "one for all restarts everybody, in order") {
  start_abc(restart_strategy::one_for_all);
  written();
  crash("b");
  CHECK(written() == lines{"-b", "-c", "-a"});
  pass(90ms);
  CHECK(written() == lines{});
  pass(10ms);
  CHECK(written() == lines{"+a", "+b", "+c"});
}

TEST_CASE_FIXTURE(supervised_world,
                  "waits for a child that ends slowly before it restarts the rest") {
  book->deaf = {"c"};
  start_abc(restart_strategy::rest_for_one);
  written();
  crash("b");
  pass(490ms);
  CHECK(written() == lines{"-b"});
  pass(10ms); // killed
  CHECK(written() == lines{"-c", "+b", "+c"});
}

TEST_CASE_FIXTURE(supervised_world, "the pauses grow, and start anew after a quiet time") {
  auto how = options(restart_strategy::one_for_one);
  how.max_restarts = 100;
  start(how, {puppet_child("a")});
  for (auto pause : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms}) {
    crash("a");
    pass(pause - 10ms);
    CHECK(starts("a") == "unavailable");
    pass(10ms);
    CHECK(starts("a") != "unavailable");
  }
  pass(1000ms);
  crash("a");
  pass(100ms);
  CHECK(starts("a") == "8");
}

TEST_CASE_FIXTURE(supervised_world, "with chance a pause is shortened, by half at most") {
  auto how = options(restart_strategy::one_for_one);
  how.max_restarts = 1000;
  how.longest_pause = 100ms;
  how.chance = random();
  start(how, {puppet_child("a")});
  std::set<int> pauses;
  for (int i = 0; i < 20; ++i) {
    const auto before = book->starts["a"];
    crash("a");
    int passed = 0;
    for (; passed < 100 && book->starts["a"] == before; ++passed)
      pass(1ms, 1ms);
    CHECK(book->starts["a"] == before + 1);
    CHECK(passed >= 50);
    pauses.insert(passed);
  }
  CHECK(pauses.size() > 5);
}

TEST_CASE_FIXTURE(supervised_world, "gives up after too many restarts, stops all and says why") {
  auto root = start_abc(restart_strategy::one_for_one);
  self->monitor(root);
  for (int i = 0; i < 3; ++i) {
    crash("b");
    pass(1s);
    CHECK_FALSE(heard);
  }
  written();
  crash("b");
  REQUIRE(heard);
  CHECK(sentence_of(*heard).find("supervisor root gave up: more than 3 restarts within 60 s") !=
        std::string::npos);
  CHECK(written() == lines{"-b", "-c", "-a"});
  caf::error reason;
  REQUIRE(!self->mailbox().empty());
  self->receive([&](const caf::down_msg& x) { reason = x.reason; });
  CHECK(reason == *heard);
  CHECK(starts("a") == "unavailable");
}

TEST_CASE_FIXTURE(supervised_world, "restarts that lie far apart are no reason to give up") {
  start_abc(restart_strategy::one_for_one);
  for (int i = 0; i < 10; ++i) {
    crash("b");
    pass(21s, 1s);
  }
  CHECK_FALSE(heard);
  CHECK(starts("b") == "11");
}

TEST_CASE_FIXTURE(supervised_world, "a child that cannot be started is tried again") {
  auto ref = make_supervised_ref<puppet_actor>(system);
  auto attempts = std::make_shared<int>(0);
  auto root = start(options(restart_strategy::one_for_one),
                    {child("late", ref, [=, book = book](caf::scheduled_actor* parent) {
                      if (++*attempts < 3)
                        throw std::runtime_error("the port is taken");
                      return parent->system().spawn(puppet, book, std::string{"late"});
                    })});
  auto seen = tree(root).children.at(0);
  CHECK(seen.state == "restarting");
  CHECK(seen.last_error.find("the port is taken") != std::string::npos);
  pass(300ms);
  CHECK(tree(root).children.at(0).state == "running");
}

TEST_CASE_FIXTURE(supervised_world,
                  "the order of a chain holds when its first child cannot start") {
  auto ref = make_supervised_ref<puppet_actor>(system);
  auto attempts = std::make_shared<int>(0);
  auto first = child("first", ref, [=, book = book](caf::actor_system& sys) {
    if (++*attempts < 2)
      throw std::runtime_error("not yet");
    return sys.spawn(puppet, book, std::string{"first"});
  });
  start(options(restart_strategy::rest_for_one), {first, puppet_child("second")});
  CHECK(written() == lines{});
  pass(100ms);
  CHECK(written() == lines{"+first", "+second"});
}

TEST_CASE_FIXTURE(supervised_world, "stops its children in reverse order and kills the deaf") {
  book->deaf = {"b"};
  auto root = start_abc(restart_strategy::one_for_one);
  written();
  self->monitor(root);
  caf::anon_send_exit(root, caf::exit_reason::user_shutdown);
  run();
  CHECK(written() == lines{"-c"});
  CHECK(self->mailbox().empty());
  pass(500ms);
  CHECK(written() == lines{"-b", "-a"});
  CHECK_FALSE(self->mailbox().empty());
}

TEST_CASE_FIXTURE(supervised_world, "children do not outlive a supervisor that is killed") {
  auto root = start_abc(restart_strategy::one_for_one);
  caf::anon_send_exit(root, caf::exit_reason::kill);
  run();
  CHECK(starts("a") == "unavailable");
  CHECK(book->lines.size() == 6);
}

TEST_CASE_FIXTURE(supervised_world,
                  "a subtree that gives up is restarted by its parent, within bounds") {
  auto root =
      start(options(restart_strategy::one_for_one),
            {puppet_child("a"), subtree(system, options(restart_strategy::one_for_one, "pipeline"),
                                        {puppet_child("b"), puppet_child("c")})});
  for (int i = 0; i < 4; ++i) {
    crash("b");
    pass(1s);
  }
  CHECK(starts("b") == "5");
  auto seen = tree(root);
  REQUIRE(seen.children.size() == 2);
  auto& below = seen.children[1];
  CHECK(below.name == "pipeline");
  CHECK(below.state == "running");
  CHECK(below.restarts == 1);
  CHECK(below.last_error.find("pipeline gave up") != std::string::npos);
  CHECK(below.children.size() == 2);
  heard = {};
  for (int i = 0; i < 12; ++i) {
    crash("b");
    pass(1s);
  }
  REQUIRE(heard);
  CHECK(sentence_of(*heard).find("supervisor root gave up") != std::string::npos);
  CHECK(starts("a") == "unavailable");
}

TEST_CASE("main stops a tree and knows whether it is down") {
  struct config : caf::actor_system_config {
    config() { add_to(*this); }
  } config;
  caf::actor_system system{config};
  auto book = std::make_shared<diary>();
  auto ref = make_supervised_ref<puppet_actor>(system);
  supervisor_options how;
  how.name = "root";
  auto root = system.spawn(supervisor, how,
                           std::vector<child_spec>{child("a", ref, [=](caf::actor_system& sys) {
                             return sys.spawn<caf::detached>(puppet, book, std::string{"a"});
                           })});
  CHECK(stop(system, root, 30s));
  CHECK(book->lines == lines{"+a", "-a"});

  book->deaf = {"a"};
  how.stop_within = 200ms;
  root = system.spawn(supervisor, how,
                      std::vector<child_spec>{child("a", ref, [=](caf::actor_system& sys) {
                        return sys.spawn<caf::detached>(puppet, book, std::string{"a"});
                      })});
  CHECK_FALSE(stop(system, root, 1ms));
  CHECK(stop(system, root, 30s));
}

TEST_SUITE_END();
