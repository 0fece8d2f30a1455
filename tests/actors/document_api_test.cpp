#include "actors/document_api.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

class archive : public office {
public:
  temporary_folder folder;
  document_api_actor api = keep(system.spawn(document_api, around, shared(australia())));

  caf::expected<document_stored> store(const std::string& document, const std::string& who) {
    return ask(api, store_document{folder.write("x", document), who}).answer<document_stored>();
  }
};

} // namespace

TEST_SUITE_BEGIN("document API");

TEST_CASE("a new document is stored and granted; a known one only granted") {
  auto fresh = decide(store_document{"", "SG"}, {certificate, 7, 24});
  REQUIRE(fresh.objects.size() == 1);
  CHECK(fresh.objects[0].upload == 7);
  CHECK(fresh.objects[0].size == 24);
  CHECK(kinds_of(fresh) == std::vector{event_kind::document_stored, event_kind::access_granted});
  auto known = decide(store_document{"", "NZ"}, {certificate, 0, 24});
  CHECK(known.objects.empty());
  REQUIRE(known.grants.size() == 1);
  CHECK(known.grants[0].jurisdiction == "NZ");
  CHECK(known.grants[0].because == "document-api");
}

TEST_CASE("unknown and forbidden look the same") {
  object_info info{certificate, 7, 24};
  open_document asked{certificate, "SG"};
  REQUIRE(decide(asked, {info}, {true}));
  auto forbidden = decide(asked, {info}, {false});
  auto unknown = decide(asked, {}, {true});
  REQUIRE(!forbidden);
  REQUIRE(!unknown);
  CHECK(code_of(unknown.error()) == errc::document_not_found);
  CHECK(sentence_of(unknown.error()) == sentence_of(forbidden.error()));
  CHECK(problem_of(unknown.error()).source == problem_of(forbidden.error()).source);
  CHECK(problem_of(unknown.error()).source ==
        R"([{"jurisdiction":"SG","uri":")" + certificate + R"("}])");
}

TEST_CASE_FIXTURE(archive, "stores a document once, for each who may read it") {
  auto x = store("a certificate of origin", "SG");
  REQUIRE(x);
  CHECK(x->multihash == certificate);
  CHECK(store("a certificate of origin", "NZ"));
  CHECK(ledger_book->uploads.size() == 1);
  for (auto who : {"SG", "NZ"})
    CHECK(ask(api, open_document{certificate, who}).answer<object_info>());
  auto other = ask(api, open_document{certificate, "CN"}).answer<object_info>();
  REQUIRE(!other);
  CHECK(code_of(other.error()) == errc::document_not_found);
}

TEST_CASE_FIXTURE(archive, "reads a document piece by piece") {
  store("a certificate of origin", "SG");
  auto info = ask(api, open_document{certificate, "SG"}).answer<object_info>();
  REQUIRE(info);
  auto piece = ask(api, read_piece{info->upload, 0}).answer<document_piece>();
  REQUIRE(piece);
  CHECK(piece->bytes == "a certificate of origin");
}

TEST_CASE_FIXTURE(archive, "abandons what was written when it cannot be settled") {
  // The piece is written; the settlement is what fails.
  ledger_book->meanwhile = [this] {
    ledger_book->refusals.push_back(make_problem(errc::storage_full));
  };
  auto x = store("a certificate of origin", "SG");
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_full);
  run();
  CHECK(ledger_book->abandoned.size() == 1);
  CHECK(ledger_book->uploads.empty());
}

TEST_SUITE_END();
