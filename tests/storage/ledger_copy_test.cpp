#include "storage/ledger_copy.hpp"

#include "full_ledger.hpp"
#include "storage/ledger_check.hpp"

#include <atomic>
#include <thread>

using namespace igl;
using namespace igl::test;

namespace {

struct copied_ledger : full_ledger {
  temporary_folder elsewhere;
  std::string backup = elsewhere.path("backup");
  copy_progress progress;

  ledger_copied back_up() { return value_of(it->back_up(backup, progress)); }

  restoration restoring() {
    return {backup, elsewhere.path("data"), "AU", false, "a tester", clock.now()};
  }
  std::shared_ptr<ledger> opened(const std::string& data_dir) {
    auto how = options();
    how.path = data_dir + "/ledger";
    return value_of(ledger::open(how));
  }
};

void check_good(const std::string& folder) {
  auto x = value_of(check_ledger(folder, [](const std::string&) {}));
  for (const auto& fault : x.faults)
    MESSAGE(fault);
  CHECK(x.good());
}

} // namespace

TEST_SUITE("ledger copy") {
  TEST_CASE_FIXTURE(copied_ledger, "a backup is whole, by itself, and says what it is") {
    auto made = back_up();
    CHECK(made.last_event == events().back().number);
    auto note = value_of(read_backup_note(backup));
    CHECK(note.owner == "AU");
    CHECK(note.last_event == made.last_event);
    CHECK(note.entries == made.entries);
    CHECK(std::filesystem::file_size(backup + "/data.mdb") == note.bytes);
    CHECK_FALSE(std::filesystem::exists(backup + ".tmp"));
    CHECK_FALSE(std::filesystem::exists(backup + "/journal.0"));
    check_good(backup);
    // What was accepted a moment ago was in the journal only.
    auto restored = value_of(restore_ledger(restoring()));
    CHECK(restored.moved_aside.empty());
    auto copy = opened(restoring().data_dir);
    for (int i = 0; i < messages; ++i)
      CHECK(value_of(copy->read(find_message{{"AU", std::to_string(i)}})).record ==
            read(find_message{{"AU", std::to_string(i)}}).record);
    CHECK(value_of(copy->read(read_piece{upload, 2})).bytes ==
          document.substr(2 * document_piece_size));
    CHECK(value_of(copy->read(find_dead_letters{})).letters.size() == 1);
    CHECK(value_of(copy->read(find_cursor{"a-cursor"})).value == "17");
    copy.reset();
    check_good(restoring().data_dir + "/ledger");
  }

  TEST_CASE_FIXTURE(copied_ledger, "a backup that is made while others write is of one moment") {
    std::atomic<bool> ends = false;
    std::atomic<int> written = 0;
    std::thread writer([&] {
      for (int i = 0; !ends; ++i) {
        auto x = putting(record_of("w-" + std::to_string(i)), 0);
        x.opens.push_back(order("w-job-" + std::to_string(i)));
        value_of(settle(x));
        ++written;
      }
    });
    while (written < 50)
      std::this_thread::yield();
    const int before = written;
    back_up();
    const int after = written;
    ends = true;
    writer.join();
    check_good(backup);
    value_of(restore_ledger(restoring()));
    auto copy = opened(restoring().data_dir);
    int there = 0;
    for (int i = 0; i <= after; ++i)
      there += value_of(copy->read(find_message{{"AU", "w-" + std::to_string(i)}})).record ? 1 : 0;
    CHECK(there >= before);
    CHECK(there <= after + 1);
  }

  TEST_CASE_FIXTURE(copied_ledger, "a backup does not take a folder that is there, nor damage") {
    back_up();
    auto again = it->back_up(backup, progress);
    CHECK(test::code_of(again) == errc::conflict);
    it.reset();
    REQUIRE(flip_in(file(), document.substr(300000, 64), 10));
    it = value_of(ledger::open(options()));
    auto damaged = it->back_up(elsewhere.path("second"), progress);
    CHECK(test::code_of(damaged) == errc::storage_damaged);
    CHECK(sentence_of(damaged.error()).find("pieces") != std::string::npos);
    CHECK_FALSE(std::filesystem::exists(elsewhere.path("second")));
    CHECK_FALSE(std::filesystem::exists(elsewhere.path("second.tmp")));
  }

  TEST_CASE_FIXTURE(copied_ledger, "a copy that is to end ends, and leaves nothing") {
    progress.cancelled = true;
    CHECK(test::code_of(it->back_up(backup, progress)) == errc::unavailable);
    CHECK_FALSE(std::filesystem::exists(backup));
    CHECK_FALSE(std::filesystem::exists(backup + ".tmp"));
  }

  TEST_CASE_FIXTURE(copied_ledger, "a restored ledger counts on above what its other life told") {
    back_up();
    // The other life goes on.
    settlement told;
    told.tells.push_back({"AU:17", "cause", {{"a.b", "{}"}}});
    value_of(settle(told));
    value_of(settle(putting(record_of("later"), 0)));
    open_job_named("the-same-id");
    auto old_job = due().back();
    auto old_events = events().back().number;
    auto old_hub = read(find_hub_events{"a"}).events.back().number;
    value_of(restore_ledger(restoring()));
    it = opened(restoring().data_dir);
    auto first = events().back();
    CHECK(first.what == event_kind::ledger_restored);
    CHECK(first.detail.find("by a tester from " + backup) != std::string::npos);
    CHECK(first.number > old_events);
    CHECK_FALSE(read(find_message{{"AU", "later"}}).record);
    open_job_named("the-same-id");
    // A delivery of the other life is not good for it.
    CHECK(test::code_of(end(ticket_of(old_job), job_end::done)) == errc::job_not_open);
    value_of(settle(told));
    CHECK(read(find_hub_events{"a", old_hub}).events.size() == 1);
    it.reset();
    check_good(restoring().data_dir + "/ledger");
  }

  TEST_CASE_FIXTURE(copied_ledger, "a ledger that is there is moved aside, and only if asked") {
    back_up();
    auto how = restoring();
    value_of(restore_ledger(how));
    CHECK(test::code_of(restore_ledger(how)) == errc::conflict);
    {
      auto running = opened(how.data_dir);
      how.replace = true;
      CHECK(test::code_of(restore_ledger(how)) == errc::storage_locked);
    }
    std::filesystem::create_directories(how.data_dir + "/nats/jetstream");
    how.now += std::chrono::seconds{5};
    auto second = value_of(restore_ledger(how));
    REQUIRE_FALSE(second.moved_aside.empty());
    check_good(second.moved_aside);
    check_good(how.data_dir + "/ledger");
    // Its streams have jobs of the other life.
    CHECK_FALSE(std::filesystem::exists(how.data_dir + "/nats"));
  }

  TEST_CASE_FIXTURE(copied_ledger, "what is no backup, or another's, or was changed, is refused") {
    auto how = restoring();
    CHECK(test::code_of(restore_ledger(how)) == errc::storage_format);
    back_up();
    how.owner = "SG";
    CHECK(test::code_of(restore_ledger(how)) == errc::storage_format);
    how.owner = "AU";
    REQUIRE(flip_in(backup + "/data.mdb", document.substr(300000, 64), 10));
    CHECK(test::code_of(restore_ledger(how)) == errc::storage_damaged);
    CHECK_FALSE(std::filesystem::exists(how.data_dir + "/ledger"));
  }
}
