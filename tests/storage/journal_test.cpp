#include "storage/journal.hpp"

#include "ledger_fixture.hpp"

#include <fstream>

using namespace igl;
using namespace igl::test;

namespace {

using bodies = std::vector<std::string>;

constexpr uint64_t seed = 17;

/// A folder with a journal, opened as after a crash as often as one likes.
struct journal_fixture {
  temporary_folder folder;
  std::unique_ptr<journal> it;
  bodies found; ///< by the last opening

  journal_fixture() { reopen(); }

  caf::error open(uint64_t applied = 0) {
    it = value_of(journal::open(folder.path(), seed));
    found.clear();
    return it->replay(applied, [this](std::string_view body) -> caf::error {
      found.emplace_back(body);
      return {};
    });
  }

  bodies reopen(uint64_t applied = 0) {
    CHECK_FALSE(open(applied));
    return found;
  }

  void append(const std::string& body) { REQUIRE_FALSE(it->append(body)); }

  std::string file(int number) const {
    return folder.path() + "/journal." + std::to_string(number);
  }

  /// Turns the bits of one byte.
  void damage(int number, std::streamoff at) const {
    std::fstream to(file(number), std::ios::in | std::ios::out | std::ios::binary);
    char byte = 0;
    to.seekg(at).get(byte);
    to.seekp(at).put(static_cast<char>(~byte));
    REQUIRE(to);
  }
};

} // namespace

TEST_SUITE("journal") {
  TEST_CASE_FIXTURE(journal_fixture, "that is new holds nothing") {
    CHECK(found.empty());
    CHECK(it->last() == 0);
  }

  TEST_CASE_FIXTURE(journal_fixture, "has what was appended, in order, whatever its size") {
    bodies all{"a", "", std::string(5000, 'b'), std::string(3 << 20, 'c'), "d"};
    for (const auto& x : all)
      append(x);
    CHECK(reopen() == all);
    CHECK(it->last() == 5);
  }

  TEST_CASE_FIXTURE(journal_fixture, "goes on in the other file, and over what is done") {
    append("a");
    append("b");
    it->turn();
    append("c");
    CHECK(reopen() == bodies{"a", "b", "c"});
    CHECK(reopen(2) == bodies{"c"});
    CHECK(reopen(3) == bodies{});
    // From here on everything before is done, and what is written lies over it.
    append("d");
    CHECK(reopen(3) == bodies{"d"});
    append("e");
    it->turn();
    append("f");
    CHECK(reopen(4) == bodies{"e", "f"});
  }

  TEST_CASE_FIXTURE(journal_fixture,
                    "whose last record was not written whole has those before it") {
    append("a");
    append(std::string(10'000, 'b'));
    damage(0, 4096 + 9000);
    CHECK(reopen() == bodies{"a"});
    append("c");
    CHECK(reopen(1) == bodies{"c"});
  }

  TEST_CASE_FIXTURE(journal_fixture, "that misses a record before others is refused") {
    append("a");
    append("b");
    it->turn();
    append("c");
    damage(0, 4096 + 32); // the body of "b"
    auto why = open();
    CHECK(igl::code_of(why) == errc::storage_format);
    CHECK(sentence_of(why).find("record 2 is missing or damaged") != std::string::npos);
    CHECK(reopen(2) == bodies{"c"});
  }

  TEST_CASE_FIXTURE(journal_fixture, "with a damaged record among those of one file is refused") {
    for (auto body : {"a", "b", "c"})
      append(body);
    for (auto at : {4096, 4096 + 8, 4096 + 20, 4096 + 32}) { // number, length, hash, body
      CAPTURE(at);
      damage(0, at);
      auto why = open();
      CHECK(igl::code_of(why) == errc::storage_format);
      CHECK(sentence_of(why).find("record 2 is missing or damaged") != std::string::npos);
      damage(0, at);
    }
    CHECK(reopen() == bodies{"a", "b", "c"});
    damage(0, 2 * 4096 + 32); // the last one may as well not have been written whole
    CHECK(reopen() == bodies{"a", "b"});
  }

  TEST_CASE_FIXTURE(journal_fixture, "takes no bytes of a body for a record") {
    // Somebody who knows the format, but not the seed, sends what record 2 would be.
    temporary_folder elsewhere;
    auto theirs = value_of(journal::open(elsewhere.path(), seed + 1));
    CHECK_FALSE(theirs->replay(1, [](std::string_view) { return caf::error{}; }));
    CHECK_FALSE(theirs->append("forged"));
    std::ifstream from(elsewhere.path() + "/journal.0", std::ios::binary);
    std::string forged(4096, '\0');
    REQUIRE(from.read(forged.data(), 4096));
    append(std::string(4096 - 32, 'x') + forged);
    CHECK(reopen(1) == bodies{});
    append("b"); // over the first block of it
    CHECK(reopen(1) == bodies{"b"});
  }

  TEST_CASE_FIXTURE(journal_fixture, "counts what came in the place of a record that had failed") {
    append("a");
    append("failed but there");
    auto with_both = folder.path() + "/kept";
    std::filesystem::copy_file(file(0), with_both);
    std::filesystem::resize_file(file(0), 4096);
    CHECK(reopen() == bodies{"a"});
    std::filesystem::remove(file(0));
    reopen(0);
    append("a");
    it->turn();
    append("b");
    append("c");
    std::filesystem::copy_file(with_both, file(0),
                               std::filesystem::copy_options::overwrite_existing);
    CHECK(reopen() == bodies{"a", "b", "c"});
  }

  TEST_CASE_FIXTURE(journal_fixture, "passes on the error of whoever reads it") {
    append("a");
    auto why = it->replay(0, [](std::string_view) { return make_problem(errc::storage_full); });
    CHECK(igl::code_of(why) == errc::storage_full);
  }

  TEST_CASE("in a folder that is not there says which") {
    auto x = journal::open("/no/such/folder", seed);
    CHECK(test::code_of(x) == errc::storage_failed);
    CHECK(sentence_of(x.error()).find("/no/such/folder/journal.0: opening") != std::string::npos);
  }
}
