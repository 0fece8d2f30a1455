#include "channels/entry_text.hpp"
#include "channels/open_medium.hpp"
#include "channels/shared_database.hpp"
#include "messages/text.hpp"
#include "storage/ledger.hpp"
#include "storage/lmdb.hpp"
#include "tests/channels/planted_entry.hpp"
#include "tests/contracts/medium_contract.hpp"
#include "tests/storage/folder_content.hpp"
#include "tests/support/sanitized.hpp"
#include "tests/support/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sys/wait.h>
#include <unistd.h>

using namespace igl;

namespace {

std::unique_ptr<medium> opened(const std::string& path, size_t map_bytes = size_t{1} << 30) {
  auto x = open_shared_database_medium(path, map_bytes);
  REQUIRE_MESSAGE(x, sentence_of(x.error()));
  return std::move(*x);
}

/// Another process that appends entries `<name>-0`, `<name>-1`, … one by one. Made before this
/// process opens anything: an LMDB environment must not be taken across a fork.
class appending_process {
public:
  appending_process(const std::string& path, const std::string& name, int count, size_t padding = 0,
                    size_t map_bytes = size_t{1} << 30) {
    id_ = fork();
    if (id_ != 0)
      return;
    auto own = open_shared_database_medium(path, map_bytes);
    if (!own)
      _exit(1);
    for (int i = 0; i < count; ++i) {
      auto x = entry_about(name + "-" + std::to_string(i));
      x.content.subject += std::string(padding, 'x');
      if ((*own)->append({x}))
        _exit(2);
    }
    _exit(0);
  }
  appending_process(const appending_process&) = delete;
  appending_process& operator=(const appending_process&) = delete;
  ~appending_process() {
    if (id_ > 0)
      kill_and_wait();
  }

  int exit_status() {
    int status = 0;
    waitpid(std::exchange(id_, 0), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  void kill_and_wait() {
    kill(id_, SIGKILL);
    waitpid(std::exchange(id_, 0), nullptr, 0);
  }

private:
  pid_t id_ = 0;
};

/// How many entries there are, as a reader's cursor has it.
uint64_t entries_in(medium& from, const std::string& cursor = {}) {
  auto page = from.read(cursor, 1000000);
  REQUIRE_MESSAGE(page, sentence_of(page.error()));
  return parse_number(std::string_view{page->cursor}.substr(page->cursor.rfind(':') + 1)).value();
}

std::string identity_of(medium& from) {
  auto cursor = from.read("", 1)->cursor;
  return cursor.substr(0, cursor.rfind(':'));
}

std::function<medium_place()> places_in(const temporary_folder& folder) {
  return [&folder, places = std::make_shared<int>()] {
    auto path = folder.path("medium-" + std::to_string(++*places));
    return medium_place{[path] { return opened(path); }, [] {},
                        [path](const std::string& data) {
                          plant_entry(path, data);
                        }};
  };
}

} // namespace

TEST_SUITE_BEGIN("shared database");

TEST_CASE("keeps the promises of a medium") {
  temporary_folder folder;
  medium_contract(places_in(folder));
}

TEST_CASE("keeps the promises of a medium that does not take back") {
  temporary_folder folder;
  lasting_medium_contract(places_in(folder));
}

TEST_CASE("is written and read by several processes at once, in one order") {
  temporary_folder folder;
  constexpr int each = 300;
  appending_process au{folder.path("m"), "au", each};
  appending_process sg{folder.path("m"), "sg", each};
  auto here = opened(folder.path("m"));
  std::vector<std::string> seen;
  for (int i = 0; i < each; ++i)
    CHECK(!here->append({entry_about("here-" + std::to_string(i))}));
  std::string cursor;
  while (seen.size() < 3 * each)
    for (auto& x : next_of(*here, cursor, 64)) {
      seen.push_back(x.about.id);
      CHECK(x.where == "at place " + std::to_string(seen.size()));
    }
  CHECK(au.exit_status() == 0);
  CHECK(sg.exit_status() == 0);
  CHECK(entries_in(*here) == 3 * each);
  CHECK(std::set<std::string>(seen.begin(), seen.end()).size() == 3 * each);
  CHECK(ids_in(all_of(*opened(folder.path("m")))) == seen);
}

TEST_CASE("goes on after another process was killed in the middle of an append") {
  temporary_folder folder;
  for (int round = 0; round < 5; ++round) {
    appending_process victim{folder.path("m"), "victim-" + std::to_string(round), 1000000};
    auto here = opened(folder.path("m"));
    auto before = entries_in(*here);
    while (entries_in(*here) < before + 20)
      std::this_thread::yield();
    victim.kill_and_wait();
    CHECK(!here->append({entry_about("survivor-" + std::to_string(round))}));
    auto all = all_of(*here, 100);
    CHECK(all.back().about.id == "survivor-" + std::to_string(round));
    CHECK(all.back().where == "at place " + std::to_string(all.size()));
  }
}

TEST_CASE("goes on when another process made the map larger") {
  temporary_folder folder;
  constexpr size_t small = 256 * 1024;
  constexpr int count = 200;
  appending_process growing{folder.path("m"), "big", count, 16 * 1024, small};
  auto here = opened(folder.path("m"), small);
  while (true) {
    auto page = here->read("", 1000);
    if (!page || page->changes.size() == count)
      break;
    std::this_thread::yield();
  }
  CHECK(growing.exit_status() == 0);
  CHECK(all_of(*here).size() == count);
  CHECK(!here->append({entry_about("here")}));
  CHECK(entries_in(*here) == count + 1);
}

TEST_CASE("is the same after it was closed") {
  temporary_folder folder;
  std::string identity;
  {
    auto first = opened(folder.path("m"));
    identity = identity_of(*first);
    CHECK(!first->append({entry_about("a")}));
  }
  auto again = opened(folder.path("m"));
  CHECK(identity_of(*again) == identity);
  CHECK(ids_in(all_of(*again)) == std::vector<std::string>{"a"});
  CHECK(!again->append({entry_about("a")}));
  CHECK(entries_in(*again) == 1);
}

TEST_CASE("asks for what is newest at next to no cost") {
  if (skipped_when_sanitized())
    return;
  temporary_folder folder;
  auto here = opened(folder.path("m"));
  CHECK(!here->append({entry_about("a")}));
  auto end = here->read("", 10)->cursor;
  constexpr int questions = 5000;
  auto best = std::chrono::nanoseconds::max();
  // The best of several rounds: the machine may have other things to do during some of them.
  for (int round = 0; round < 20; ++round) {
    auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < questions; ++i)
      if (!here->read(end, 10))
        FAIL("no answer");
    auto took = std::chrono::steady_clock::now() - start;
    best = std::min(best, std::chrono::nanoseconds{took} / questions);
  }
  MESSAGE("one question takes " << best.count() << " ns");
  // At one question every 5 ms this would still be a tenth of a percent of one core.
  CHECK(best < std::chrono::microseconds{5});
}

TEST_CASE("refuses a folder of another format") {
  temporary_folder folder;
  opened(folder.path("m")).reset();
  {
    auto env = std::move(*lmdb::environment::open({folder.path("m"), {"about"}}));
    auto about = env->named("about");
    REQUIRE(!env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(about, "format", "2");
      return caf::none;
    }));
  }
  auto x = open_shared_database_medium(folder.path("m"));
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_format);
  CHECK(sentence_of(x.error()).find("format 2") != std::string::npos);
}

TEST_CASE("refuses the folder of a ledger, says so and leaves it as it was") {
  temporary_folder folder;
  ledger::options how;
  how.path = folder.path("ledger");
  how.owner = "AU";
  {
    auto owned = ledger::open(how);
    REQUIRE(owned);
    CHECK(!open_shared_database_medium(how.path)); // while its node runs
  }
  auto before = content_of(how.path);
  auto x = open_shared_database_medium(how.path);
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_format);
  auto sentence = sentence_of(x.error());
  CHECK(sentence.find(how.path) != std::string::npos);
  CHECK(sentence.find("a ledger (format igl-ledger") != std::string::npos);
  CHECK(content_of(how.path) == before);
  CHECK(ledger::open(how));
}

TEST_CASE("refuses what is no folder, and a file that is no database") {
  temporary_folder folder;
  std::ofstream{folder.path("file")} << "not a folder";
  CHECK(!open_shared_database_medium(folder.path("file")));
  std::filesystem::create_directory(folder.path("m"));
  std::ofstream{folder.path("m/data.mdb")} << std::string(100000, 'x');
  auto x = open_shared_database_medium(folder.path("m"));
  REQUIRE(!x);
  CHECK(sentence_of(x.error()).find(folder.path("m")) != std::string::npos);
}

TEST_CASE("says so when entries were taken away") {
  temporary_folder folder;
  auto here = opened(folder.path("m"));
  CHECK(!here->append({entry_about("a")}));
  auto stuck = here->read(identity_of(*here) + ":2", 10);
  REQUIRE(!stuck);
  CHECK(code_of(stuck.error()) == errc::storage_format);
  CHECK(sentence_of(stuck.error()).find("ends at place 1, but was read up to 2") !=
        std::string::npos);
}

TEST_CASE("tells an entry that was damaged as such, and goes on") {
  temporary_folder folder;
  auto here = opened(folder.path("m"));
  CHECK(!here->append({entry_about("a"), entry_about("b"), entry_about("c")}));
  auto env = std::move(*lmdb::environment::open({folder.path("m"), {"entries"}}));
  auto entries = env->named("entries");
  auto second = std::string(7, '\0') + '\2';
  auto after_a = here->read("", 1)->cursor;
  auto damage = [&](const std::string& value) {
    REQUIRE(!env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(entries, second, value);
      return caf::none;
    }));
  };
  for (auto value : {"", "{", "[]", R"({"id": "b"})", R"({"id": 7, "message": {}})"}) {
    CAPTURE(value);
    damage(value);
    auto page = *here->read("", 10);
    CHECK(ids_in(page.changes) == std::vector<std::string>{"a", "c"});
    REQUIRE(page.unreadable.size() == 1);
    CHECK(page.unreadable[0].where == "at place 2");
    CHECK(page.unreadable[0].said == nlohmann::json(value).dump());
    CHECK(here->read(after_a, 1)->changes.empty());
    CHECK(here->read(after_a, 1)->unreadable.size() == 1);
  }
  CHECK(code_of(here->append({entry_about("b")})) == errc::bad_answer);
  damage(nlohmann::json{{"id", "b"},
                        {"message",
                         {{"sender", "AU"},
                          {"sender_ref", "ref-b"},
                          {"receiver", "SG"},
                          {"subject", "s"},
                          {"obj", "o"},
                          {"predicate", "p"}}}}
             .dump());
  CHECK(here->read(after_a, 10)->changes.size() == 2);
}

TEST_CASE("does not go on after a key that is no place") {
  temporary_folder folder;
  auto here = opened(folder.path("m"));
  CHECK(!here->append({entry_about("a")}));
  auto env = std::move(*lmdb::environment::open({folder.path("m"), {"entries"}}));
  auto entries = env->named("entries");
  REQUIRE(!env->write([&](lmdb::write_transaction& txn) -> caf::error {
    txn.put(entries, std::string(7, '\0') + "\1x", "x");
    txn.put(entries, std::string(7, '\0') + '\3', text_of(entry_about("c")));
    return caf::none;
  }));
  auto page = here->read("", 10);
  REQUIRE(page);
  CHECK(ids_in(page->changes) == std::vector<std::string>{"a"});
  auto stuck = here->read(page->cursor, 10);
  REQUIRE(!stuck);
  CHECK(code_of(stuck.error()) == errc::bad_answer);
  CHECK(sentence_of(stuck.error()).find("after place 1") != std::string::npos);
}

TEST_CASE("opens where the settings say") {
  temporary_folder folder;
  endpoint_settings how;
  how.medium = medium_kind::shared_database;
  how.medium_path = folder.path("m");
  auto x = opener_of(how, "au-sg")();
  REQUIRE(x);
  CHECK((*x)->description() == "shared database " + folder.path("m"));
  how.medium_path = "/proc/no/such/folder";
  CHECK(code_of(opener_of(how, "au-sg")().error()) == errc::storage_failed);
}

TEST_SUITE_END();
