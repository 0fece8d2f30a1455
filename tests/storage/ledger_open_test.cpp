#include "ledger_fixture.hpp"

#include "storage/ledger_databases.hpp"
#include "storage/value_sums.hpp"
#include "tests/storage/folder_content.hpp"

#include <fstream>
#include <sys/wait.h>

using namespace igl;
using namespace igl::test;

namespace {

lmdb::options raw_options(const std::string& folder) {
  lmdb::options how;
  how.path = folder;
  how.databases = ledger_databases::names();
  return how;
}

/// A ledger as the format before had it.
void take_sums_away(const std::string& folder) {
  auto env = value_of(lmdb::environment::open(raw_options(folder)));
  CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
    for (const auto& name : ledger_databases::names()) {
      std::vector<std::pair<std::string, std::string>> all;
      auto in = env->named(name);
      {
        auto at = txn.walk(in);
        for (bool more = at.first(); more; more = at.next())
          all.emplace_back(at.key(), at.value());
      }
      for (const auto& [key, value] : all)
        if (key != "format" && key != "owner")
          txn.put(in, key, value.substr(0, value.size() - lmdb::value_sums::size));
    }
    txn.put(env->named("meta"), "format", "igl-ledger 4");
    return {};
  }));
}

std::string sentence_of_refusal(const caf::expected<std::shared_ptr<ledger>>& x) {
  return x ? "opened" : sentence_of(x.error());
}

} // namespace

TEST_SUITE("ledger folder") {
  TEST_CASE("is created, with those above it") {
    temporary_folder folder;
    ledger::options how;
    how.path = folder.path() + "/a/b";
    how.owner = "AU";
    how.now = [] {
      return caf::timestamp{};
    };
    CHECK(ledger::open(how));
    // It holds secrets: nobody else may read it.
    auto mode = std::filesystem::status(how.path + "/data.mdb").permissions();
    CHECK(mode == std::filesystem::perms{0600});
  }

  TEST_CASE("that cannot be created is a sentence") {
    ledger::options how;
    how.path = "/proc/nowhere";
    how.owner = "AU";
    how.now = [] {
      return caf::timestamp{};
    };
    auto x = ledger::open(how);
    CHECK(test::code_of(x) == errc::storage_failed);
    CHECK(sentence_of_refusal(x).find("/proc/nowhere") != std::string::npos);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "is refused to a second one in the same process") {
    auto x = ledger::open(options());
    CHECK(test::code_of(x) == errc::storage_locked);
    it.reset();
    CHECK(ledger::open(options()));
  }

  TEST_CASE("is refused to a second process, by its name and that of the first") {
    temporary_folder folder;
    int to_parent[2], to_child[2];
    REQUIRE(pipe(to_parent) == 0);
    REQUIRE(pipe(to_child) == 0);
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.now = [] {
      return caf::timestamp{};
    };
    auto child = fork();
    if (child == 0) {
      auto held = ledger::open(how);
      char byte = held ? 'y' : 'n';
      bool told = write(to_parent[1], &byte, 1) == 1 && read(to_child[0], &byte, 1) == 1;
      _exit(told ? 0 : 1);
    }
    char byte = 0;
    REQUIRE(read(to_parent[0], &byte, 1) == 1);
    CHECK(byte == 'y');
    auto x = ledger::open(how);
    CHECK(test::code_of(x) == errc::storage_locked);
    auto sentence = sentence_of_refusal(x);
    CHECK(sentence.find(folder.path()) != std::string::npos);
    CHECK(sentence.find("process " + std::to_string(child)) != std::string::npos);
    REQUIRE(write(to_child[1], &byte, 1) == 1);
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(ledger::open(how));
    for (int fd : {to_parent[0], to_parent[1], to_child[0], to_child[1]})
      close(fd);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "of another owner is refused and stays as it was") {
    value_of(settle(putting(record_of("1"), 0)));
    it.reset();
    auto how = options();
    how.owner = "SG";
    auto x = ledger::open(how);
    CHECK(test::code_of(x) == errc::storage_format);
    CHECK(sentence_of_refusal(x).find("belongs to AU, not to SG") != std::string::npos);
    reopen();
    CHECK(figures().messages == 1);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "of another format is refused") {
    it.reset();
    {
      lmdb::options env_options;
      env_options.path = folder.path();
      env_options.databases = {"meta"};
      auto env = value_of(lmdb::environment::open(env_options));
      auto meta = env->named("meta");
      CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
        CHECK(txn.find(meta, "format") == "igl-ledger 5");
        txn.put(meta, "format", "igl-ledger 6");
        return {};
      }));
    }
    auto x = ledger::open(options());
    CHECK(test::code_of(x) == errc::storage_format);
    CHECK(sentence_of_refusal(x).find("igl-ledger 6") != std::string::npos);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "of the format before is taken over") {
    value_of(settle(putting(record_of("1"), 0)));
    settlement subscribed;
    subscribed.subscriptions.push_back(
        {subscription_act::put, {"a", "a", "http://x", "s", clock.now() + 1h}});
    value_of(settle(subscribed));
    it.reset();
    auto format = [&](const char* expected, const char* then) {
      lmdb::options env_options;
      env_options.path = folder.path();
      env_options.databases = {"meta"};
      auto env = value_of(lmdb::environment::open(env_options));
      auto meta = env->named("meta");
      CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
        CHECK(txn.find(meta, "format") == expected);
        txn.put(meta, "format", then);
        return {};
      }));
    };
    take_sums_away(folder.path());
    format("igl-ledger 4", "igl-ledger 3");
    {
      lmdb::options env_options;
      env_options.path = folder.path();
      env_options.databases = {"subscriptions_of", "hub_wanted", "hub_wanted_ends"};
      auto env = value_of(lmdb::environment::open(env_options));
      CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
        for (auto& name : env_options.databases)
          for (auto in = env->named(name); txn.size(in) > 0;) {
            auto at = txn.walk(in);
            at.first();
            txn.erase(in, std::string{at.key()});
          }
        return {};
      }));
    }
    reopen();
    CHECK(figures().messages == 1);
    CHECK(read(find_subscriptions{"http://x"}).subscriptions.size() == 1);
    settlement told;
    told.tells.push_back({"AU:17", "cause", {{"a.b", "{}"}}});
    value_of(settle(told));
    CHECK(read(find_hub_events{"a"}).events.size() == 1);
    it.reset();
    format("igl-ledger 5", "igl-ledger 5");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "without sums gets them, in one go or in several") {
    for (int i = 0; i < 100; ++i)
      value_of(settle(putting(record_of(std::to_string(i)), 0)));
    open_job_named("job");
    auto before = events();
    it.reset();
    take_sums_away(folder.path());
    SUBCASE("in one go") {}
    SUBCASE("after a first attempt that ended in the middle") {
      auto env = value_of(lmdb::environment::open(raw_options(folder.path())));
      lmdb::value_sums sums({"format", "owner"});
      auto in = env->named("events");
      for (const auto& name : {"meta", "events"})
        sums.add(env->named(name), name);
      // All of meta, and the first of the events.
      CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
        auto give = [&](lmdb::database to, const std::string& key) {
          std::string value{*txn.find(to, key)};
          auto sum = sums.of(to, key, value);
          txn.put(to, key, value + std::string(sum.begin(), sum.end()));
        };
        for (const auto& key : {"state", "journal", "journal-seed"})
          give(env->named("meta"), key);
        std::string first{[&] {
          auto at = txn.walk(in);
          CHECK(at.first());
          return std::string{at.key()};
        }()};
        give(in, first);
        txn.put(env->named("meta"), "sums-given-up-to", std::string(1, '\1') + first);
        txn.put(env->named("meta"), "format", "igl-ledger 4, becoming 5");
        return {};
      }));
    }
    reopen();
    CHECK(figures().messages == 100);
    CHECK(events().size() == before.size());
    CHECK(due().size() == 1);
    value_of(settle(putting(record_of("new"), 0)));
    CHECK(events().size() == before.size() + 1);
  }

  TEST_CASE("of a shared database is refused by that name and does not change") {
    temporary_folder folder;
    {
      lmdb::options env_options;
      env_options.path = folder.path();
      env_options.databases = {"about", "entries", "ids"};
      auto env = value_of(lmdb::environment::open(env_options));
      CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
        txn.put(env->named("about"), "format", "1");
        return {};
      }));
    }
    auto before = content_of(folder.path());
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    auto x = ledger::open(how);
    CHECK(test::code_of(x) == errc::storage_format);
    CHECK(sentence_of_refusal(x).find("the shared database of a channel (format 1)") !=
          std::string::npos);
    CHECK(content_of(folder.path()) == before);
  }

  TEST_CASE("with a file that is no database is refused") {
    temporary_folder folder;
    std::ofstream(folder.path() + "/data.mdb") << std::string(8192, 'x');
    ledger::options how;
    how.path = folder.path();
    how.owner = "AU";
    how.now = [] {
      return caf::timestamp{};
    };
    CHECK(test::code_of(ledger::open(how)) == errc::storage_format);
  }

  // The numbers are what is on disk: whoever adds an enumerator adds it at the end.
  TEST_CASE("the numbers of enumerators on disk stay what they are") {
    CHECK(static_cast<int>(event_kind::attempt_failed) == 15);
    CHECK(static_cast<int>(event_kind::job_died) == 16);
    CHECK(static_cast<int>(event_kind::channel_message_changed) == 20);
    CHECK(static_cast<int>(event_kind::message_withdrawn) == 21);
    CHECK(static_cast<int>(event_kind::subscription_ending) == 22);
    CHECK(static_cast<int>(event_kind::deliveries_resumed) == 24);
    CHECK(static_cast<int>(event_kind::ledger_restored) == 26);
    CHECK(static_cast<int>(message_status::rejected) == 3);
    CHECK(static_cast<int>(channel_status::false_alarm) == 5);
    CHECK(static_cast<int>(channel_half::receiving) == 1);
    CHECK(static_cast<int>(stream::notifications) == 6);
    CHECK(static_cast<int>(stream::medium_writes) == 10);
  }
}
