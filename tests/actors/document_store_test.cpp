#include "actors/document_store.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

/// A document of so many bytes, no two pieces alike.
std::string bytes(size_t size) {
  std::string result(size, '\0');
  for (size_t i = 0; i < size; ++i)
    result[i] = static_cast<char>((i * 7 + i / 4096) & 0xff);
  return result;
}

class cellar : public office {
public:
  temporary_folder folder;

  caf::expected<object_info> store(const std::string& path, std::string expected = {}) {
    return ask(keep(system.spawn(document_store, around, std::move(expected))),
               store_document{path, "SG"})
        .answer<object_info>();
  }
};

} // namespace

TEST_SUITE_BEGIN("document store");

TEST_CASE_FIXTURE(cellar, "writes a document in pieces, in order, whatever its size") {
  for (size_t size : {size_t{0}, size_t{1}, document_piece_size - 1, document_piece_size,
                      document_piece_size + 1, 9 * document_piece_size + 5}) {
    auto document = bytes(size);
    auto x = store(folder.write("x", document));
    REQUIRE(x);
    CHECK(x->multihash == multihash_of(document));
    CHECK(x->size == size);
    REQUIRE(x->upload != 0);
    std::string written;
    for (auto& piece : ledger_book->uploads[x->upload])
      written += piece;
    CHECK(written == document);
    CHECK(ledger_book->uploads[x->upload].size() ==
          (size + document_piece_size - 1) / document_piece_size);
  }
}

TEST_CASE_FIXTURE(cellar, "writes nothing when the document is there already") {
  auto document = bytes(1000);
  ledger_book->objects[multihash_of(document)] = {multihash_of(document), 3, 1000};
  auto x = store(folder.write("x", document));
  REQUIRE(x);
  CHECK(x->upload == 0);
  CHECK(x->size == 1000);
  CHECK(ledger_book->uploads.empty());
}

TEST_CASE_FIXTURE(cellar, "writes nothing of a document that is not the expected one") {
  auto path = folder.write("x", bytes(1000));
  auto x = store(path, certificate);
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::multihash_mismatch);
  CHECK(ledger_book->uploads.empty());
  CHECK(store(path, multihash_of(bytes(1000))));
}

TEST_CASE_FIXTURE(cellar, "a file that is not there is an error") {
  auto x = store(folder.path() + "/none");
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_failed);
}

TEST_CASE_FIXTURE(cellar, "abandons what it wrote when the disk is full") {
  ledger_book->refusals.push_back(make_problem(errc::storage_full));
  auto x = store(folder.write("x", bytes(9 * document_piece_size)));
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_full);
  CHECK(ledger_book->abandoned.size() == 1);
  CHECK(ledger_book->uploads.empty());
}

TEST_SUITE_END();
