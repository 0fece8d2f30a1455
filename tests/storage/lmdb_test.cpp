#include "ledger_fixture.hpp"

#include "storage/lmdb.hpp"
#include "tests/support/sanitized.hpp"

#include <fcntl.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <thread>

using namespace igl;
using namespace igl::test;

namespace {

struct environment_fixture {
  temporary_folder folder;

  std::shared_ptr<lmdb::environment> open(size_t map_bytes = 1 << 20,
                                          std::vector<std::string> databases = {"things"}) {
    lmdb::options how;
    how.path = folder.path();
    how.map_bytes = map_bytes;
    how.databases = std::move(databases);
    return value_of(lmdb::environment::open(how));
  }

  static caf::error put(lmdb::environment& env, const std::string& key, const std::string& value) {
    auto things = env.named("things");
    return env.write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(things, key, value);
      return {};
    });
  }

  static std::string value_at(const lmdb::environment& env, const std::string& key) {
    std::string value;
    auto things = env.named("things");
    CHECK_FALSE(env.read([&](const lmdb::read_transaction& txn) -> caf::error {
      value = txn.find(things, key).value_or("absent");
      return {};
    }));
    return value;
  }
};

} // namespace

TEST_SUITE("lmdb") {
  TEST_CASE_FIXTURE(environment_fixture,
                    "what was written is read, also after it is opened again") {
    auto env = open();
    CHECK_FALSE(put(*env, "a", "1"));
    CHECK(value_at(*env, "a") == "1");
    CHECK(value_at(*env, "b") == "absent");
    env.reset();
    CHECK(value_at(*open(), "a") == "1");
  }

  TEST_CASE_FIXTURE(environment_fixture, "puts, inserts, appends and erases") {
    auto env = open();
    auto things = env->named("things");
    CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
      CHECK(txn.insert(things, "a", "1"));
      CHECK_FALSE(txn.insert(things, "a", "2"));
      CHECK(txn.find(things, "a") == "1");
      txn.append(things, "b", "2");
      CHECK(txn.size(things) == 2);
      CHECK(txn.erase(things, "a"));
      CHECK_FALSE(txn.erase(things, "a"));
      return {};
    }));
    auto out_of_order = env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.append(things, "a", "3");
      return {};
    });
    CHECK(igl::code_of(out_of_order) == errc::storage_failed);
    CHECK(value_at(*env, "a") == "absent");
  }

  TEST_CASE_FIXTURE(environment_fixture, "a cursor walks in the order of the keys' bytes") {
    auto env = open();
    for (const char* key : {"b", "d", "\xff", "a"})
      CHECK_FALSE(put(*env, key, key));
    auto things = env->named("things");
    CHECK_FALSE(env->read([&](const lmdb::read_transaction& txn) -> caf::error {
      auto at = txn.walk(things);
      CHECK((at.first() && at.key() == "a"));
      CHECK((at.next() && at.key() == "b"));
      CHECK((at.seek("c") && at.key() == "d"));
      CHECK((at.previous() && at.value() == "b"));
      CHECK((at.last() && at.key() == "\xff"));
      CHECK_FALSE(at.next());
      CHECK_FALSE(at.seek("\xff\xff"));
      return {};
    }));
  }

  TEST_CASE_FIXTURE(environment_fixture, "an error or an exception undoes the whole transaction") {
    auto env = open();
    auto things = env->named("things");
    auto refused = env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(things, "a", "1");
      return make_problem(errc::conflict, "no");
    });
    CHECK(igl::code_of(refused) == errc::conflict);
    auto thrown = env->write([&](lmdb::write_transaction& txn) -> caf::error {
      txn.put(things, "a", "1");
      throw std::runtime_error("thrown");
    });
    CHECK(igl::code_of(thrown) == errc::storage_failed);
    CHECK(sentence_of(thrown).find("thrown") != std::string::npos);
    CHECK(value_at(*env, "a") == "absent");
    CHECK_FALSE(put(*env, "a", "2"));
  }

  TEST_CASE_FIXTURE(environment_fixture, "a key that is too long is an error, not an end") {
    auto env = open();
    CHECK(igl::code_of(put(*env, std::string(600, 'x'), "1")) == errc::storage_failed);
    CHECK_FALSE(put(*env, std::string(511, 'x'), "1"));
  }

  TEST_CASE_FIXTURE(environment_fixture, "the last transaction's number tells a change") {
    auto env = open();
    CHECK_FALSE(put(*env, "a", "1"));
    auto before = env->last_transaction();
    CHECK(env->last_transaction() == before);
    CHECK(value_at(*env, "a") == "1");
    CHECK(env->last_transaction() == before);
    CHECK_FALSE(put(*env, "a", "2"));
    CHECK(env->last_transaction() > before);
  }

  TEST_CASE_FIXTURE(environment_fixture, "a folder opened twice in a process is one environment") {
    auto one = open();
    auto two = open(1 << 20, {"things", "more"});
    CHECK(one == two);
    CHECK_FALSE(put(*one, "a", "1"));
    one.reset();
    CHECK(value_at(*two, "a") == "1");
    two->named("more");
    two.reset();
    CHECK(value_at(*open(), "a") == "1");
  }

  TEST_CASE_FIXTURE(environment_fixture, "grows from a tiny map while others read") {
    auto env = open(1 << 15);
    std::atomic<bool> done{false};
    std::atomic<int> wrong{0};
    std::atomic<uint64_t> reads{0};
    CHECK_FALSE(put(*env, "fixed", "value"));
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
      readers.emplace_back([&] {
        auto things = env->named("things");
        while (!done) {
          auto err = env->read([&](const lmdb::read_transaction& txn) -> caf::error {
            wrong += txn.find(things, "fixed") != "value";
            return {};
          });
          wrong += err ? 1 : 0;
          ++reads;
        }
      });
    std::string value(3000, 'v');
    for (int i = 0; i < 2000; ++i)
      REQUIRE_FALSE(put(*env, std::to_string(i), value));
    // One transaction that needs several doublings at once.
    auto things = env->named("things");
    CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
      for (int i = 0; i < 64; ++i)
        txn.put(things, "big" + std::to_string(i), std::string(1 << 20, 'b'));
      return {};
    }));
    done = true;
    for (auto& reader : readers)
      reader.join();
    CHECK(wrong == 0);
    CHECK(reads > 0);
    CHECK(env->size().map_bytes >= 64 << 20);
    CHECK(env->size().used_bytes <= env->size().map_bytes);
    for (int i = 0; i < 2000; ++i)
      REQUIRE(value_at(*env, std::to_string(i)) == value);
  }

  TEST_CASE_FIXTURE(environment_fixture, "is read on by one process when another has grown it") {
    auto child = fork();
    int status = 0;
    if (child == 0) {
      bool good = true;
      {
        auto env = open(1 << 16);
        for (int i = 0; i < 200; ++i)
          good = good && !put(*env, std::to_string(i), std::string(3000, 'v'));
      }
      _exit(good ? 0 : 1);
    }
    auto env = open(1 << 16);
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
    CHECK(value_at(*env, "199") == std::string(3000, 'v'));
    CHECK_FALSE(put(*env, "199", "mine"));
    CHECK(value_at(*env, "199") == "mine");
  }

  TEST_CASE_FIXTURE(environment_fixture, "is full when the map cannot grow, and goes on reading") {
    if (skipped_when_sanitized())
      return;
    auto child = fork();
    if (child == 0) {
      auto env = open(1 << 24);
      bool good = !put(*env, "a", "1");
      // The heap keeps what it had, so that the map is what has no room, not LMDB's own pages.
      mallopt(M_TRIM_THRESHOLD, 1 << 30);
      mallopt(M_MMAP_THRESHOLD, 1 << 30);
      auto* volatile heap = std::malloc(size_t{64} << 20);
      std::free(heap);
      rlimit little{};
      getrlimit(RLIMIT_AS, &little);
      little.rlim_cur = 1; // no more address space from here on
      setrlimit(RLIMIT_AS, &little);
      auto things = env->named("things");
      auto err = env->write([&](lmdb::write_transaction& txn) -> caf::error {
        for (int i = 0; i < 5000; ++i)
          txn.put(things, std::to_string(i), std::string_view(folder.path().data(), 8));
        for (;;)
          txn.put(things, std::to_string(txn.size(things)), std::string_view("0123456789abcdef"));
      });
      good = good && igl::code_of(err) == errc::storage_full && value_at(*env, "a") == "1";
      _exit(good ? 0 : 1);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }

  TEST_CASE_FIXTURE(environment_fixture,
                    "a process that can no longer write where its data begins ends, and the next "
                    "one has all that was committed") {
    auto child = fork();
    if (child == 0) {
      auto env = open();
      bool good = !put(*env, "a", "1");
      // LMDB writes these pages through a descriptor of their own, which waits for the disk.
      for (int fd = 0; fd < 1024; ++fd)
        if (auto flags = fcntl(fd, F_GETFL); flags >= 0 && (flags & O_DSYNC) != 0)
          dup2(::open("/dev/null", O_RDONLY), fd);
      good = good && put(*env, "b", "2");
      value_at(*env, "a");
      _exit(good ? 7 : 8);
    }
    int status = 0;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == EXIT_FAILURE);
    CHECK(value_at(*open(), "a") == "1");
  }

  TEST_CASE_FIXTURE(environment_fixture,
                    "a file without its last pages is whole if nobody needs them") {
    auto env = open();
    CHECK_FALSE(put(*env, "a", "1"));
    auto things = env->named("things");
    for (int round = 0; round < 3; ++round)
      CHECK_FALSE(env->write([&](lmdb::write_transaction& txn) -> caf::error {
        for (int i = 100; i < 200; ++i)
          txn.put(things, "b" + std::to_string(i), std::string(1000, 'b'));
        for (int i = 199; i >= 150; --i)
          txn.erase(things, "b" + std::to_string(i));
        return {};
      }));
    const auto used = env->size().used_bytes;
    env.reset();
    REQUIRE(std::filesystem::file_size(folder.path("data.mdb")) < used);
    env = open();
    CHECK(value_at(*env, "a") == "1");
    CHECK_FALSE(put(*env, "c", std::string(100'000, 'c')));
    env.reset();
    CHECK(value_at(*open(), "c") == std::string(100'000, 'c'));
  }

  TEST_CASE("a folder that cannot be written is an error") {
    lmdb::options how;
    how.path = "/proc/nowhere";
    CHECK(test::code_of(lmdb::environment::open(how)) == errc::storage_failed);
  }
}
