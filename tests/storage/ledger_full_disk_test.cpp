#include "full_ledger.hpp"
#include "storage/ledger_copy.hpp"
#include "tests/support/small_disk.hpp"

using namespace igl;
using namespace igl::test;

namespace {

/// False, and says so, if this is not the error of a full disk.
template <class T>
bool is_full(const caf::expected<T>& x, size_t free_pages) {
  if (test::code_of(x) == errc::storage_full)
    return true;
  std::cerr << "with " << free_pages
            << " free pages: " << (x ? "it went well" : sentence_of(x.error())) << '\n';
  return false;
}

} // namespace

// LMDB maps its files: where a disk has no room for what is mapped, a process gets SIGBUS, and a
// limit on the size of files does not show that.
TEST_SUITE("ledger full disk") {
  TEST_CASE("an environment is opened on a disk that is full, or says that it is") {
    temporary_folder folder;
    CHECK(holds_on_small_disk(folder.path(), 1 << 20, [&](small_disk& disk) {
      bool good = true;
      size_t opened = 0;
      for (size_t pages = 0; pages < 32; ++pages) {
        lmdb::options how;
        how.path = folder.path("x" + std::to_string(pages));
        how.databases = {"things"};
        disk.fill(pages);
        auto env = lmdb::environment::open(how);
        opened += env ? 1 : 0;
        good = (env || is_full(env, pages)) && good;
        if (pages == 0 && !env)
          good = good && sentence_of(env.error()).find("make room") != std::string::npos;
        if (!env)
          env = (disk.make_room(), lmdb::environment::open(how));
        disk.make_room();
        good = good && env && !(*env)->write([&](lmdb::write_transaction& txn) -> caf::error {
          txn.put((*env)->named("things"), "a", "1");
          return {};
        });
        env = caf::error{};
        std::filesystem::remove_all(how.path);
      }
      return good && opened > 0 && opened < 32;
    }));
  }

  TEST_CASE("a ledger is opened when its disk has room again") {
    ledger::options how;
    how.owner = "AU";
    how.now = [] {
      return caf::make_timestamp();
    };
    temporary_folder folder;
    how.path = folder.path("ledger");
    CHECK(holds_on_small_disk(folder.path(), 64 << 20, [&](small_disk& disk) {
      bool good = true;
      for (size_t pages : {0, 1, 15, 20}) {
        disk.fill(pages);
        good = is_full(ledger::open(how), pages) && good;
      }
      disk.make_room();
      return good && ledger::open(how);
    }));
  }

  TEST_CASE("a backup on a full disk fails, and the ledger goes on") {
    temporary_folder folder;
    const auto backup = folder.path("backup");
    CHECK(holds_on_small_disk(folder.path(), 16 << 20, [&](small_disk& disk) {
      full_ledger from;
      copy_progress progress;
      bool good = true;
      int i = 0;
      for (size_t pages : {0, 1, 2, 3, 20, 50, 100}) {
        disk.fill(pages);
        good = is_full(from.it->back_up(backup, progress), pages) && good;
        good = good && !std::filesystem::exists(backup + ".tmp");
        good = good && from.settle(putting(record_of("new-" + std::to_string(++i)), 0));
      }
      disk.make_room();
      good = good && from.it->back_up(backup, progress);
      restoration how{backup, folder.path("data"), "AU", false, "a tester", from.clock.now()};
      const auto pages = std::filesystem::file_size(backup + "/data.mdb") / 4096;
      for (size_t free : {size_t{0}, size_t{1}, pages - 1}) {
        disk.fill(free);
        good = is_full(restore_ledger(how), free) && good;
      }
      disk.make_room();
      return good && restore_ledger(how);
    }));
  }
}
