#include "actors/backup.hpp"

#include "tests/support/ledger_world.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

struct backed_up : ledger_world {
  temporary_folder elsewhere;
  backup_actor it =
      keep(caf::actor_cast<backup_actor>(system.spawn(backup, around, on_disk, threading::none)));

  caf::expected<backup_state> begin(const std::string& to) {
    return ask(it, back_up_ledger{to, "an operator"}).answer<backup_state>();
  }
  backup_state how() { return *ask(it, backup_query{}).answer<backup_state>(); }
};

/// Whose copy ends by an exception, as a file system may throw one that nobody expects.
struct breaking_ledger : recording_ledger {
  using recording_ledger::recording_ledger;
  caf::expected<ledger_copied> back_up(const std::string&, copy_progress&) override {
    throw std::runtime_error("a stale file handle");
  }
};

} // namespace

TEST_SUITE_BEGIN("backup");

TEST_CASE_FIXTURE(backed_up, "a copy that breaks off has failed, and the next one may begin") {
  std::shared_ptr<ledger> breaking = std::make_shared<breaking_ledger>(on_disk);
  it = keep(caf::actor_cast<backup_actor>(system.spawn(backup, around, breaking, threading::none)));
  for (int i = 0; i < 2; ++i) {
    REQUIRE(begin(elsewhere.path("backup")));
    run();
    CHECK(how().state == "failed");
    CHECK(how().error.find("a stale file handle") != std::string::npos);
  }
}

TEST_CASE_FIXTURE(backed_up, "makes one, tells how it went, and leaves an event with who did it") {
  CHECK(how().state == "none");
  settlement something;
  event happened;
  happened.about = "AU:1";
  something.events.push_back(happened);
  write(something);
  REQUIRE(begin(elsewhere.path("backup")));
  run();
  CHECK(how().state == "done");
  CHECK(how().last_event == 1);
  CHECK(how().entries > 0);
  auto events = on_disk->read(find_events{})->events;
  REQUIRE(events.size() == 2);
  CHECK(events.back().what == event_kind::ledger_backed_up);
  CHECK(events.back().detail ==
        "by an operator into " + elsewhere.path("backup") + ", up to event 1");
  CHECK(std::filesystem::exists(elsewhere.path("backup/backup.json")));
}

TEST_CASE_FIXTURE(backed_up, "refuses a folder that is there, or is not named from the root on") {
  CHECK(code_of(begin(elsewhere.path()).error()) == errc::conflict);
  CHECK(code_of(begin("backup").error()) == errc::bad_request);
  CHECK(how().state == "none");
}

TEST_CASE_FIXTURE(backed_up, "tells why it failed") {
  REQUIRE(begin("/proc/nowhere/backup"));
  run();
  CHECK(how().state == "failed");
  CHECK(how().error.find("/proc/nowhere") != std::string::npos);
  REQUIRE(begin(elsewhere.path("backup")));
  run();
  CHECK(how().state == "done");
}

TEST_SUITE_END();
