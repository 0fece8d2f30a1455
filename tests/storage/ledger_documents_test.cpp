#include "ledger_fixture.hpp"

#include "tests/support/sanitized.hpp"

#include <fstream>

using namespace igl;
using namespace igl::test;

namespace {

std::string bytes_of(size_t size, char first) {
  std::string bytes(size, first);
  for (size_t i = 0; i < size; i += 97)
    bytes[i] = static_cast<char>(i * 31 + static_cast<size_t>(first));
  return bytes;
}

settlement naming(const std::string& multihash, uint64_t upload, uint64_t size) {
  settlement x;
  x.objects.push_back({multihash, upload, size});
  x.events.push_back(event_of(event_kind::document_stored, multihash));
  return x;
}

struct documents_fixture : ledger_fixture {
  uint64_t begin() { return value_of(it->begin()).upload; }

  uint64_t upload_of(const std::vector<std::string>& pieces) {
    auto upload = begin();
    uint32_t number = 0;
    for (const auto& bytes : pieces)
      value_of(it->store(store_piece{upload, number++, bytes}));
    return upload;
  }

  caf::optional<object_info> find(const std::string& multihash) {
    return read(find_object{multihash}).info;
  }

  errc piece(uint64_t upload, uint32_t number) {
    return test::code_of(it->read(read_piece{upload, number}));
  }

  /// Something else goes on until the pieces of forgotten uploads are gone.
  bool goes_away(uint64_t upload, uint32_t pieces) {
    for (int i = 0; i < 100; ++i) {
      value_of(settle(putting(record_of("1"), find_version())));
      bool any = false;
      for (uint32_t number = 0; number < pieces; ++number)
        any = any || piece(upload, number) == errc::none;
      if (!any)
        return true;
    }
    return false;
  }

  uint64_t find_version() {
    auto found = read(find_message{{"AU", "1"}}).record;
    return found ? found->version : 0;
  }
};

uint64_t resident_kilobytes() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmRSS:") {
      uint64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes;
    }
  return 0;
}

constexpr size_t whole = document_piece_size;

} // namespace

TEST_SUITE("ledger documents") {
  TEST_CASE_FIXTURE(documents_fixture, "a document is read as it was stored, piece by piece") {
    auto first = bytes_of(whole, 'a'), second = bytes_of(whole, 'b'), last = bytes_of(5, 'c');
    auto upload = upload_of({first, second, last});
    CHECK_FALSE(find("QmX"));
    value_of(settle(naming("QmX", upload, 2 * whole + 5)));
    reopen();
    auto info = find("QmX");
    REQUIRE(info);
    CHECK(info->multihash == "QmX");
    CHECK(info->size == 2 * whole + 5);
    CHECK(read(read_piece{info->upload, 0}).bytes == first);
    CHECK(read(read_piece{info->upload, 1}).bytes == second);
    CHECK(read(read_piece{info->upload, 2}).bytes == last);
    CHECK(piece(info->upload, 3) == errc::not_found);
    CHECK(figures().objects == 1);
  }

  TEST_CASE_FIXTURE(documents_fixture, "an empty document has no pieces") {
    value_of(settle(naming("QmEmpty", begin(), 0)));
    REQUIRE(find("QmEmpty"));
    CHECK(find("QmEmpty")->size == 0);
    CHECK(piece(find("QmEmpty")->upload, 0) == errc::not_found);
  }

  TEST_CASE_FIXTURE(documents_fixture,
                    "several pieces go into one transaction, each with a result") {
    auto a = begin(), b = begin();
    std::vector<store_piece> pieces;
    for (uint32_t i = 0; i < 20; ++i) {
      pieces.push_back({a, i, bytes_of(whole, static_cast<char>('a' + i))});
      pieces.push_back({b, i, bytes_of(whole, static_cast<char>('A' + i))});
    }
    pieces.push_back({77, 0, "never begun"});
    auto results = it->store(pieces);
    REQUIRE(results.size() == 41);
    CHECK(value_of(results[39]).piece == 19);
    CHECK(test::code_of(results[40]) == errc::stale);
    value_of(settle(naming("QmA", a, 20 * whole)));
    value_of(settle(naming("QmB", b, 20 * whole)));
    CHECK(read(read_piece{a, 19}).bytes == pieces[38].bytes);
    CHECK(read(read_piece{b, 0}).bytes == pieces[1].bytes);
  }

  TEST_CASE_FIXTURE(documents_fixture,
                    "a piece may come twice, but not before its turn or too large") {
    auto upload = begin();
    CHECK(test::code_of(it->store(store_piece{upload, 1, "x"})) == errc::internal);
    CHECK(it->store(store_piece{upload, 0, bytes_of(whole, 'a')}));
    CHECK(it->store(store_piece{upload, 0, bytes_of(whole, 'b')}));
    CHECK(test::code_of(it->store(store_piece{upload, 1, std::string(whole + 1, 'x')})) ==
          errc::internal);
    CHECK(test::code_of(it->store(store_piece{upload, 1, ""})) == errc::internal);
    value_of(settle(naming("QmX", upload, whole)));
    CHECK(read(read_piece{upload, 0}).bytes == bytes_of(whole, 'b'));
    CHECK(test::code_of(it->store(store_piece{upload, 1, "late"})) == errc::stale);
  }

  TEST_CASE_FIXTURE(documents_fixture, "pieces that do not make the document are refused") {
    auto upload = upload_of({bytes_of(10, 'a'), bytes_of(10, 'b')});
    CHECK(test::code_of(settle(naming("QmX", upload, 20))) == errc::internal);
    auto right = upload_of({bytes_of(whole, 'a'), bytes_of(10, 'b')});
    CHECK(test::code_of(settle(naming("QmX", right, whole))) == errc::internal);
    CHECK(test::code_of(settle(naming("QmX", right + 1, 0))) == errc::stale);
    CHECK_FALSE(find("QmX"));
    CHECK(settle(naming("QmX", right, whole + 10)));
  }

  TEST_CASE_FIXTURE(documents_fixture, "an upload becomes one document only") {
    auto upload = upload_of({"x"});
    auto results = it->commit({naming("QmX", upload, 1), naming("QmY", upload, 1)});
    CHECK(results[0]);
    CHECK(test::code_of(results[1]) == errc::stale);
    CHECK(test::code_of(settle(naming("QmZ", upload, 1))) == errc::stale);
    auto twice = naming("QmV", upload_of({"v"}), 1);
    twice.objects.push_back(twice.objects[0]);
    CHECK(test::code_of(settle(twice)) == errc::internal);
  }

  TEST_CASE_FIXTURE(documents_fixture, "a document that is there stays, and the new pieces go") {
    auto first = upload_of({"document"});
    value_of(settle(naming("QmX", first, 8)));
    auto second = upload_of({"document"});
    value_of(settle(naming("QmX", second, 8)));
    CHECK(find("QmX")->upload == first);
    CHECK(goes_away(second, 1));
    CHECK(read(read_piece{first, 0}).bytes == "document");
    CHECK(figures().objects == 1);
  }

  TEST_CASE_FIXTURE(documents_fixture, "an abandoned upload goes") {
    std::vector<std::string> pieces(30, bytes_of(whole, 'a'));
    auto upload = upload_of(pieces);
    CHECK_FALSE(it->abandon(upload));
    CHECK(test::code_of(it->store(store_piece{upload, 30, "x"})) == errc::stale);
    CHECK(test::code_of(settle(naming("QmX", upload, 30 * whole))) == errc::stale);
    CHECK(goes_away(upload, 30));
    CHECK_FALSE(it->abandon(upload));
  }

  TEST_CASE_FIXTURE(documents_fixture, "an upload of an earlier process is forgotten") {
    std::vector<std::string> pieces(20, bytes_of(whole, 'a'));
    auto old = upload_of(pieces);
    reopen();
    CHECK(test::code_of(settle(naming("QmX", old, 20 * whole))) == errc::stale);
    CHECK(test::code_of(it->store(store_piece{old, 20, "x"})) == errc::stale);
    auto fresh = upload_of({"fresh"});
    CHECK(fresh > old);
    CHECK(goes_away(old, 20));
    value_of(settle(naming("QmY", fresh, 5)));
    CHECK(read(read_piece{fresh, 0}).bytes == "fresh");
  }

  TEST_CASE_FIXTURE(documents_fixture, "100 MB go in and out without growing the process") {
    if (skipped_when_sanitized())
      return;
    constexpr uint32_t pieces = 400;
    std::vector<store_piece> group;
    for (uint32_t i = 0; i < 16; ++i)
      group.push_back({0, i, bytes_of(whole, static_cast<char>(i))});
    auto before = resident_kilobytes();
    auto upload = begin();
    for (uint32_t at = 0; at < pieces; at += 16) {
      for (uint32_t i = 0; i < 16; ++i) {
        group[i].upload = upload;
        group[i].piece = at + i;
      }
      for (const auto& result : it->store(group))
        value_of(result);
    }
    value_of(settle(naming("QmBig", upload, pieces * whole)));
    CHECK(resident_kilobytes() < before + 20'000);
    for (uint32_t i = 0; i < pieces; ++i)
      REQUIRE(read(read_piece{upload, i}).bytes == group[i % 16].bytes);
    auto after = resident_kilobytes();
    MESSAGE("resident before ", before, " kB, after ", after, " kB");
    CHECK(after < before + 20'000);
  }
}
