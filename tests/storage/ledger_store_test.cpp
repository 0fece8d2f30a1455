#include "storage/ledger_store.hpp"

#include "ledger_fixture.hpp"
#include "storage/bytes.hpp"
#include "storage/ledger_databases.hpp"

#include <csignal>
#include <future>
#include <map>
#include <memory>
#include <random>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

using namespace igl;
using namespace igl::test;

namespace {

const std::vector<std::string> names{"meta", "things"};

struct opened_store {
  std::shared_ptr<lmdb::environment> env;
  std::unique_ptr<ledger_store> it;
  lmdb::database things;

  explicit opened_store(const std::string& folder, bool in_step = false) {
    lmdb::options how;
    how.path = folder;
    how.databases = names;
    env = value_of(lmdb::environment::open(how));
    things = env->named("things");
    it = value_of(ledger_store::open(env, folder, names, in_step));
  }

  caf::error put(const std::string& key, const std::string& value) {
    return it->write([&](ledger_transaction& txn) -> caf::error {
      txn.put(things, key, value);
      return {};
    });
  }

  std::string value_at(const std::string& key) const {
    std::string found;
    CHECK_FALSE(it->read([&](const ledger_snapshot& now) -> caf::error {
      found = now.find(things, key).value_or("nothing");
      return {};
    }));
    return found;
  }

  std::string value_in_lmdb(const std::string& key) const {
    std::string found;
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& txn) -> caf::error {
      found = txn.find(things, key).value_or("nothing");
      return {};
    }));
    return found;
  }
};

/// Keeps the store's own thread, and with it the disk, until it is let go: writes that begin
/// meanwhile stay under way.
class held_disk {
public:
  explicit held_disk(opened_store& store) {
    store.it->begin([](ledger_transaction&) { return caf::error{}; },
                    [held = held_, let = let_go_.get_future().share()](const auto&) {
                      held->set_value();
                      let.wait();
                    });
    held_->get_future().wait();
  }
  void let_go() { let_go_.set_value(); }

private:
  std::shared_ptr<std::promise<void>> held_ = std::make_shared<std::promise<void>>();
  std::promise<void> let_go_;
};

/// What a crash would leave now, while nothing is written: the files as they are.
void copy_files(const std::filesystem::path& from, const std::filesystem::path& to) {
  for (const auto& file : std::filesystem::directory_iterator(from))
    std::filesystem::copy_file(file, to / file.path().filename());
}

} // namespace

TEST_SUITE("ledger store") {
  TEST_CASE("shows what was accepted at once, and has it after a crash") {
    temporary_folder folder, after_crash;
    opened_store store(folder.path());
    CHECK_FALSE(store.put("a", "1"));
    CHECK_FALSE(store.put("b", "2"));
    CHECK_FALSE(store.put("a", "3"));
    CHECK(store.value_at("a") == "3");
    copy_files(folder.path(), after_crash.path());
    opened_store later(after_crash.path());
    CHECK(later.value_in_lmdb("a") == "3");
    CHECK(later.value_at("b") == "2");
    CHECK_FALSE(later.put("c", "4"));
    CHECK(later.value_at("c") == "4");
  }

  TEST_CASE("shows a write to those behind it at once, and to readers when it is on disk") {
    temporary_folder folder, after_crash;
    opened_store store(folder.path());
    CHECK_FALSE(store.put("a", "1"));
    held_disk disk(store);
    std::vector<std::string> ended;
    const auto begin = [&](const std::string& name, const ledger_store::writing& what) {
      store.it->begin(what, [&ended, name](const caf::error& why) {
        ended.push_back(why ? "not " + name : name);
      });
    };
    begin("first", [&](ledger_transaction& txn) -> caf::error {
      txn.put(store.things, "a", "2");
      txn.put(store.things, "b", "2");
      return {};
    });
    std::string seen;
    begin("second", [&](ledger_transaction& txn) -> caf::error {
      seen = txn.find(store.things, "a").value();
      txn.erase(store.things, "b");
      return {};
    });
    begin("third, which changes nothing", [&](ledger_transaction& txn) -> caf::error {
      seen += txn.find(store.things, "b") ? " with b" : " without b";
      return {};
    });
    begin("fourth, which throws", [&](ledger_transaction& txn) -> caf::error {
      txn.put(store.things, "a", "4");
      throw std::runtime_error("no");
    });
    begin("fifth", [&](ledger_transaction& txn) -> caf::error {
      seen += ", a is " + std::string(txn.find(store.things, "a").value());
      return {};
    });
    CHECK(seen == "2 without b, a is 2");
    CHECK(store.value_at("a") == "1");
    CHECK(ended.empty());
    disk.let_go();
    CHECK_FALSE(store.put("c", "3")); // ends behind them
    CHECK(ended == std::vector<std::string>{"first", "second", "third, which changes nothing",
                                            "not fourth, which throws", "fifth"});
    CHECK(store.value_at("a") == "2");
    CHECK(store.value_at("b") == "nothing");
    copy_files(folder.path(), after_crash.path());
    CHECK(opened_store(after_crash.path()).value_at("a") == "2");
  }

  TEST_CASE("ends what has begun before it closes") {
    temporary_folder folder;
    int ended = 0;
    {
      opened_store store(folder.path());
      held_disk disk(store);
      for (int i = 0; i < 3; ++i)
        store.it->begin(
            [&](ledger_transaction& txn) -> caf::error {
              txn.put(store.things, std::to_string(i), "1");
              return {};
            },
            [&](const caf::error& why) { ended += why ? 0 : 1; });
      disk.let_go();
    }
    CHECK(ended == 3);
    CHECK(opened_store(folder.path()).value_in_lmdb("2") == "1");
  }

  TEST_CASE("changes nothing when a write fails or throws") {
    temporary_folder folder, after_crash;
    opened_store store(folder.path());
    CHECK_FALSE(store.put("a", "1"));
    auto refused = store.it->write([&](ledger_transaction& txn) -> caf::error {
      txn.put(store.things, "a", "2");
      return make_problem(errc::stale);
    });
    CHECK(igl::code_of(refused) == errc::stale);
    auto thrown = store.it->write([&](ledger_transaction& txn) -> caf::error {
      txn.put(store.things, "a", "3");
      throw std::runtime_error("no");
    });
    CHECK(igl::code_of(thrown) == errc::storage_failed);
    CHECK(store.value_at("a") == "1");
    copy_files(folder.path(), after_crash.path());
    CHECK(opened_store(after_crash.path()).value_at("a") == "1");
  }

  TEST_CASE("moves everything into LMDB by itself, and at its end") {
    temporary_folder folder;
    {
      opened_store store(folder.path());
      CHECK_FALSE(store.put("a", "1"));
      auto deadline = std::chrono::steady_clock::now() + 20s;
      const auto await_in_lmdb = [&](const std::string& key) {
        while (store.value_in_lmdb(key) != "1" && std::chrono::steady_clock::now() < deadline)
          std::this_thread::yield();
        return store.value_in_lmdb(key) == "1";
      };
      CHECK(await_in_lmdb("a"));
      // Also what is accepted while others move, and nothing comes after it.
      for (int i = 0; i < 20; ++i)
        CHECK_FALSE(store.put("large", std::string(1 << 20, 'x')));
      CHECK_FALSE(store.put("c", "1"));
      CHECK(await_in_lmdb("c"));
      CHECK_FALSE(store.put("b", "2"));
    }
    for (int file : {0, 1})
      std::filesystem::remove(folder.path() + "/journal." + std::to_string(file));
    opened_store again(folder.path());
    CHECK(again.value_at("a") == "1");
    CHECK(again.value_at("b") == "2");
  }

  // Values of a size that it moves several times meanwhile.
  TEST_CASE("shows each reader one moment, while it is written and moved") {
    temporary_folder folder;
    constexpr int rounds = 100;
    opened_store store(folder.path());
    CHECK_FALSE(store.put("a", "0"));
    CHECK_FALSE(store.put("b", "0"));
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    std::vector<std::thread> readers;
    for (int i = 0; i < 2; ++i)
      readers.emplace_back([&] {
        int newest = 0;
        while (!done) {
          auto err = store.it->read([&](const ledger_snapshot& now) -> caf::error {
            auto a = std::stoi(std::string(now.find(store.things, "a").value().substr(0, 9)));
            auto b = std::stoi(std::string(now.find(store.things, "b").value().substr(0, 9)));
            wrong += a != b || a < newest;
            newest = a;
            return {};
          });
          wrong += err ? 1 : 0;
        }
      });
    for (int i = 1; i <= rounds; ++i) {
      auto value = std::to_string(i) + std::string(9, ' ') + std::string(300'000, 'x');
      auto err = store.it->write([&](ledger_transaction& txn) -> caf::error {
        txn.put(store.things, "a", value);
        txn.put(store.things, "b", value);
        txn.put(store.things, "round " + std::to_string(i), "");
        return {};
      });
      REQUIRE_FALSE(err);
    }
    done = true;
    for (auto& reader : readers)
      reader.join();
    CHECK(wrong == 0);
    CHECK(store.value_in_lmdb("round 1").empty()); // it has moved at least once
    CHECK(store.value_at("a").starts_with(std::to_string(rounds)));
  }

  TEST_CASE("knows that a write which the disk refused may be there") {
    temporary_folder folder;
    auto child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      opened_store store(folder.path());
      rlimit disk{};
      getrlimit(RLIMIT_FSIZE, &disk);
      auto room = disk;
      room.rlim_cur = 2 << 20;
      setrlimit(RLIMIT_FSIZE, &room);
      bool good = !store.it->in_doubt();
      good = good && igl::code_of(store.put("a", std::string(3 << 20, 'x'))) == errc::storage_full;
      good = good && store.it->in_doubt() && store.value_at("a") == "nothing";
      setrlimit(RLIMIT_FSIZE, &disk);
      good = good && !store.put("b", "1") && !store.it->in_doubt();
      _exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(opened_store(folder.path()).value_at("b") == "1");
  }

  TEST_CASE("undoes what was begun behind a write that the disk refused") {
    temporary_folder folder;
    auto child = fork();
    if (child == 0) {
      signal(SIGXFSZ, SIG_IGN);
      opened_store store(folder.path());
      rlimit disk{};
      getrlimit(RLIMIT_FSIZE, &disk);
      auto room = disk;
      room.rlim_cur = 2 << 20;
      bool good = true;
      setrlimit(RLIMIT_FSIZE, &room);
      // Each write counts those before it that it sees; one in seven is larger than the disk.
      constexpr uint64_t writes = 700;
      uint64_t well = 0, last = 0;
      bool told_well = true;
      for (uint64_t i = 1; i <= writes; ++i) {
        store.it->begin(
            [&](ledger_transaction& txn) -> caf::error {
              auto count = std::stoi(std::string(txn.find(store.things, "count").value_or("0")));
              txn.put(store.things, "count", std::to_string(count + 1));
              if (i % 7 == 0)
                txn.put(store.things, "large", std::string(3 << 20, 'x'));
              return {};
            },
            [&, i](const caf::error& why) {
              told_well = told_well && (!why || igl::code_of(why) == errc::storage_full) &&
                          (i % 7 != 0 || why) && i == last + 1;
              last = i;
              well += why ? 0 : 1;
            });
        // What was begun is known now: the first is on disk, however fast the others come.
        if (i % 100 == 1)
          (void)store.put("wait", "1");
      }
      (void)store.put("wait", "1");
      setrlimit(RLIMIT_FSIZE, &disk);
      good = good && told_well && last == writes && well > 0;
      good = good && store.value_at("count") == std::to_string(well);
      good = good && store.value_at("large") == "nothing" && store.it->failures() > 0;
      good = good && !store.put("c", "1") && !store.it->in_doubt();
      _exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(opened_store(folder.path()).value_at("c") == "1");
  }

  TEST_CASE("in step with who writes, it moves everything into LMDB before it answers") {
    temporary_folder folder;
    {
      opened_store store(folder.path(), true);
      CHECK_FALSE(store.put("a", "1"));
      CHECK(store.value_at("a") == "1");
      CHECK(store.value_in_lmdb("a") == "nothing");
      CHECK_FALSE(store.put("b", std::string(300'000, 'b')));
      CHECK(store.value_in_lmdb("a") == "1");
      CHECK_FALSE(store.put("c", "3"));
      CHECK_FALSE(store.it->flush());
      CHECK(store.value_in_lmdb("c") == "3");
      CHECK_FALSE(store.put("d", "4"));
    }
    opened_store later(folder.path(), true);
    CHECK(later.value_in_lmdb("d") == "4");
  }

  TEST_CASE("what comes and goes, and comes again, is there or not, wherever it lies") {
    for (const bool in_step : {false, true}) {
      temporary_folder folder;
      opened_store store(folder.path(), in_step);
      std::map<std::string, std::string> expected;
      std::mt19937 chance{7};
      for (int i = 0; i < 20'000; ++i) {
        const auto key = "k" + std::to_string(chance() % 40);
        const auto gone = chance() % 2 == 0;
        const auto value = std::to_string(i);
        store.it->begin(
            [&](ledger_transaction& txn) -> caf::error {
              if (gone)
                txn.erase(store.things, key);
              else
                txn.put(store.things, key, value);
              return {};
            },
            [](const caf::error&) {});
        if (gone)
          expected.erase(key);
        else
          expected[key] = value;
        if (i % 500 == 0)
          CHECK_FALSE(store.it->flush());
        if (i % 250 != 0)
          continue;
        CHECK_FALSE(store.it->write([](ledger_transaction&) { return caf::error{}; }));
        std::map<std::string, std::string> found;
        CHECK_FALSE(store.it->read([&](const ledger_snapshot& now) -> caf::error {
          auto at = now.walk(store.things);
          for (bool more = at.first(); more; more = at.next())
            found.emplace(at.key(), at.value());
          return {};
        }));
        REQUIRE(found == expected);
      }
    }
  }

  TEST_CASE("refuses a key that LMDB would not take") {
    temporary_folder folder;
    opened_store store(folder.path());
    CHECK(igl::code_of(store.put(std::string(512, 'k'), "")) == errc::storage_failed);
    CHECK(igl::code_of(store.put("", "")) == errc::storage_failed);
    CHECK_FALSE(store.put(std::string(511, 'k'), "1"));
  }

  TEST_CASE("reads no journal of another program's making") {
    temporary_folder folder;
    {
      opened_store store(folder.path());
      CHECK_FALSE(store.put("a", "1"));
    }
    lmdb::options how;
    how.path = folder.path();
    how.databases = names;
    auto env = value_of(lmdb::environment::open(how));
    uint64_t seed = 0;
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& txn) -> caf::error {
      seed = byte_reader(txn.find(env->named("meta"), meta_key::journal_seed).value()).u64();
      return {};
    }));
    auto log = value_of(journal::open(folder.path(), seed));
    CHECK_FALSE(log->replay(1, [](std::string_view) { return caf::error{}; }));
    CHECK_FALSE(log->append("no changes at all"));
    auto x = ledger_store::open(env, folder.path(), names);
    CHECK(test::code_of(x) == errc::storage_format);
  }
}
