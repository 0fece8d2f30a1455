#include "tests/actors/supervised_world.hpp"

using namespace igl;
using namespace igl::supervised;

TEST_SUITE_BEGIN("supervision tree");

TEST_CASE_FIXTURE(supervised_world,
                  "a child that always dies ends its group and the root, within two minutes") {
  auto ref = make_supervised_ref<puppet_actor>(system);
  auto hopeless = child("hopeless", ref, [](caf::actor_system&) -> puppet_actor {
    throw std::runtime_error("the disk is gone");
  });
  supervisor_options group;
  group.name = "ledger";
  group.now = now();
  group.chance = random();
  auto how = group;
  how.name = "igl-node AU";
  how.max_restarts = 10;
  how.within = std::chrono::minutes{10};
  how.on_give_up = [this](const caf::error& err) {
    heard = err;
  };
  start(how, {subtree(system, group, {hopeless})});
  pass(5s);
  CHECK_FALSE(heard);
  pass(std::chrono::minutes{2}, 100ms);
  REQUIRE(heard);
  auto said = sentence_of(*heard);
  for (auto part :
       {"igl-node AU gave up", "supervisor ledger gave up", "hopeless", "the disk is gone"})
    CHECK_MESSAGE(said.find(part) != std::string::npos, said);
}

TEST_CASE_FIXTURE(supervised_world,
                  "a worker that a poisoned job kills again and again ends nothing else") {
  supervisor_options group;
  group.name = "pipeline";
  group.now = now();
  group.max_restarts = never_gives_up;
  auto how = options(restart_strategy::one_for_one);
  how.max_restarts = 0;
  auto root = start(how, {subtree(system, group, {puppet_child("a"), puppet_child("b")})});
  for (int i = 0; i < 500; ++i) {
    crash("a");
    pass(100ms);
  }
  CHECK_FALSE(heard);
  CHECK(starts("b") == "1");
  CHECK(tree(root).children.at(0).restarts == 0);
  pass(5s);
  CHECK(starts("a") != "unavailable");
}

TEST_CASE_FIXTURE(supervised_world, "the tree shows restarts, the last error and since when") {
  auto root = start_abc(restart_strategy::one_for_one);
  auto begun = now()();
  pass(1s);
  crash("c");
  auto failed = now()();
  pass(1s);
  auto seen = tree(root);
  CHECK(seen.name == "root");
  CHECK(seen.state == "running");
  CHECK(seen.started == begun);
  REQUIRE(seen.children.size() == 3);
  CHECK(seen.children[0].restarts == 0);
  CHECK(seen.children[0].last_error.empty());
  CHECK(seen.children[0].started == begun);
  CHECK(seen.children[2].name == "c");
  CHECK(seen.children[2].restarts == 1);
  CHECK(seen.children[2].last_error_at == failed);
  CHECK(seen.children[2].last_error.find("the c stumbled") != std::string::npos);
  CHECK(seen.children[2].started == failed + 100ms);
}

TEST_CASE_FIXTURE(supervised_world, "the tree shows what each is doing and what waits for it") {
  auto root = start(options(restart_strategy::one_for_one),
                    {puppet_child("a"), subtree(system, options(restart_strategy::one_for_one, "x"),
                                                {puppet_child("b")})});
  auto seen = tree(root);
  CHECK(seen.children.at(0).doing == "being a");
  CHECK(seen.children.at(0).mailbox == 0);
  CHECK(seen.children.at(1).children.at(0).doing == "being b");
  self->send(refs["a"], drop_dead_letter{1, "x"});
  crash("a");
  CHECK(tree(root).children.at(0).doing == "");
}

TEST_CASE_FIXTURE(supervised_world, "a child that does not look at its mailbox is shown as busy") {
  book->deafened = {"b"};
  auto root = start(options(restart_strategy::one_for_one),
                    {puppet_child("a"), subtree(system, options(restart_strategy::one_for_one, "x"),
                                                {puppet_child("b"), puppet_child("c")})});
  auto question = ask(root, supervision_query{});
  CHECK_FALSE(question.answered());
  pass(500ms);
  auto seen = question.answer<supervision_node>();
  REQUIRE(seen);
  CHECK(seen->children.at(0).doing == "being a");
  REQUIRE(seen->children.at(1).children.size() == 2);
  CHECK(seen->children.at(1).children.at(0).doing == "busy: has not looked at its mailbox for 0 s");
  CHECK(seen->children.at(1).children.at(1).doing == "being c");
  pass(12s);
  // The question that it still has is not put again, and nobody waits for it any more.
  CHECK(tree(root).children.at(1).children.at(0).doing ==
        "busy: has not looked at its mailbox for 12 s");
  crash("b");
  book->deafened = {};
  pass(100ms);
  CHECK(tree(root).children.at(1).children.at(0).doing == "being b");
}

TEST_SUITE_END();
