#include "actors/operator_api.hpp"

#include "tests/support/fake_streams.hpp"
#include "tests/support/ledger_world.hpp"
#include "tests/support/temporary_folder.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <filesystem>

using namespace igl;
using namespace std::chrono_literals;

namespace {

/// A node of which a test decides what works.
struct probed_node : ledger_world {
  std::shared_ptr<fake_streams> carried_by = std::make_shared<fake_streams>();
  bool listening = true;
  operator_api_actor api = keep(caf::actor_cast<operator_api_actor>(system.spawn(
      operator_api, around, operator_view{"igl-node", "AU", {}, carried_by, {}, {}, [this] {
                                            return listening;
                                          }})));

  /// The checks of an answer, "ledger" first; true: ready.
  std::vector<bool> probe() {
    auto found = ask(api, readiness_query{}).answer<readiness>();
    REQUIRE(found);
    std::vector<bool> ready;
    for (auto& check : found->checks)
      ready.push_back(check.ready);
    REQUIRE(found->checks[0].what == "ledger");
    return ready;
  }
  /// How often the ledger was written to.
  size_t writes() const { return on_disk->asked.size(); }
};

const std::vector<bool> all_ready{true, true, true};

} // namespace

TEST_SUITE_BEGIN("operator API");

TEST_CASE_FIXTURE(probed_node, "probes write to the ledger once per second, however many come") {
  for (int i = 0; i < 100; ++i)
    CHECK(probe() == all_ready);
  CHECK(writes() == 1);
  pass(990ms);
  CHECK(probe() == all_ready);
  CHECK(writes() == 1);
  pass(20ms);
  CHECK(probe() == all_ready);
  CHECK(probe() == all_ready);
  CHECK(writes() == 2);
}

TEST_CASE_FIXTURE(probed_node, "probes that come while the ledger is looked at share the look") {
  auto first = self->request(api, 86400s, readiness_query{});
  auto second = self->request(api, 86400s, readiness_query{});
  run();
  size_t answers = 0;
  auto count = [&](const readiness& x) {
    CHECK(x.checks[0].ready);
    ++answers;
  };
  first.receive(count, [](const caf::error&) {});
  second.receive(count, [](const caf::error&) {});
  CHECK(answers == 2);
  CHECK(writes() == 1);
}

TEST_CASE_FIXTURE(probed_node, "a ledger that fails is told, and looked at again after a second") {
  on_disk->fails_with = make_problem(errc::storage_full);
  CHECK(probe() == std::vector<bool>{false, true, true});
  on_disk->fails_with = {};
  CHECK(probe() == std::vector<bool>{false, true, true});
  pass(1010ms);
  CHECK(probe() == all_ready);
}

TEST_CASE_FIXTURE(probed_node, "streams and listeners are told as they are now") {
  CHECK(probe() == all_ready);
  carried_by->there = false;
  CHECK(probe() == std::vector<bool>{true, false, true});
  listening = false;
  CHECK(probe() == std::vector<bool>{true, false, false});
  CHECK(writes() == 1);
}

TEST_CASE("a backup goes nowhere inside the data folder") {
  for (auto inside : {"/var/igl", "/var/igl/", "/var/igl/ledger/x", "/var/./igl//backup",
                      "/var/other/../igl/x"}) {
    CAPTURE(inside);
    CHECK(is_inside(inside, "/var/igl"));
    CHECK(is_inside(inside, "/var/igl/"));
    CHECK(code_of(refuse_inside(inside, "/var/igl")) == errc::bad_request);
  }
  for (auto outside : {"/var", "/var/igl-backup", "/srv/igl", "/var/igl/../backup"}) {
    CAPTURE(outside);
    CHECK_FALSE(is_inside(outside, "/var/igl"));
    CHECK_FALSE(refuse_inside(outside, "/var/igl"));
  }
  CHECK(is_inside((std::filesystem::current_path() / "data/x").string(), "data"));
  temporary_folder folder;
  std::filesystem::create_directories(folder.path("data/ledger"));
  std::filesystem::create_directory_symlink(folder.path("data/ledger"), folder.path("alias"));
  CHECK(is_inside(folder.path("alias/backup"), folder.path("data")));
}

TEST_CASE_FIXTURE(probed_node, "a backup inside the data folder is refused before it begins") {
  operator_view view{"igl-node", "AU", {}, carried_by, {}, {}, [] {
                       return true;
                     }};
  view.data_dir = "/var/igl";
  auto careful =
      keep(caf::actor_cast<operator_api_actor>(system.spawn(operator_api, around, view)));
  auto said = ask(careful, back_up_ledger{"/var/igl/ledger/x", "me"}).answer<backup_state>();
  REQUIRE(!said);
  CHECK(code_of(said.error()) == errc::bad_request);
}

TEST_SUITE_END();
