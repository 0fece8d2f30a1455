#include "actors/object_spider.hpp"

#include "tests/actors/fakes.hpp"
#include "tests/support/temporary_folder.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

const std::string pdf = multihash_of("a pdf");
const std::string photo = multihash_of("a photo");
const std::string linking =
    R"({"links": [{"TYPE1": "x", "link": ")" + pdf + R"("}, {"link": "/ipfs/)" + photo + R"("}]})";

retrieve_object wanted(const std::string& hash, uint32_t depth = 0, std::string from = "SG") {
  return {sg_to_au().ref(), hash, std::move(from), "AU", depth};
}

std::vector<std::string> hashes_in(const settlement& x) {
  std::vector<std::string> result;
  for (auto& job : x.opens)
    result.push_back(order_in<retrieve_object>(job).multihash);
  return result;
}

/// A spider whose peer's answers lie in the spool files they are to be saved to.
class web_of_documents : public office {
public:
  struct sent {
    uint16_t status;
    std::string body;
  };
  temporary_folder spool;
  std::map<std::string, sent> documents; ///< by URL
  std::vector<http_request> asked;

  object_spider_actor spider(const node_settings& settings = australia()) {
    auto http = [this](http_client_actor::pointer client) -> http_client_actor::behavior_type {
      return {[this, client](const http_request& x) {
        asked.push_back(x);
        auto promise = client->make_response_promise<caf::typed_response_promise<http_response>>();
        auto found = documents.find(x.url);
        if (found == documents.end())
          return promise;
        if (found->second.status == 200)
          std::ofstream{x.save_to, std::ios::binary} << found->second.body;
        promise.deliver(http_response{found->second.status, {}, {}});
        return promise;
      }};
    };
    return keep(system.spawn(object_spider, around, shared(settings), keep(system.spawn(http)),
                             spool.path()));
  }

  static std::string url_of(const std::string& hash) {
    return "http://documents.sg:5103/" + hash + "?as_jurisdiction=AU";
  }
};

} // namespace

TEST_SUITE_BEGIN("object spider");

TEST_CASE("asks as wire.md says") {
  auto x = request_for(wanted(certificate), australia(), "/spool/1");
  REQUIRE(x);
  CHECK(x->method == "GET");
  CHECK(x->url == web_of_documents::url_of(certificate));
  REQUIRE(x->headers.size() == 1);
  CHECK(x->headers[0].name == "Authorization");
  CHECK(x->headers[0].value ==
        R"(JWTBODY {"sub": "documents-api", "party": "spider", "jurisdiction": "AU"})");
  CHECK(x->save_to == "/spool/1");
  CHECK(x->max_body == australia().retrieved_document_bytes);
  CHECK(!request_for(wanted(certificate, 0, "CN"), australia(), "/spool/1"));
}

TEST_CASE("a document that is not there yet is asked for again; a refusal is final") {
  auto asked = *request_for(wanted(certificate), australia(), "");
  CHECK(!refusal_in(asked, {200, {}, {}}));
  for (uint16_t status : {404, 403})
    CHECK(code_of(refusal_in(asked, {status, {}, {}})) == errc::peer_failed);
  for (uint16_t status : {204, 302})
    CHECK(code_of(refusal_in(asked, {status, {}, {}})) == errc::bad_answer);
}

TEST_CASE("finds the links of a JSON document, each once, and none elsewhere") {
  CHECK(links_in(linking) == std::vector{pdf, photo});
  CHECK(links_in("  " + linking) == std::vector{pdf, photo});
  auto twice = R"({"links": [{"link": ")" + pdf + R"("}, {"link": ")" + pdf + R"("}]})";
  CHECK(links_in(twice) == std::vector{pdf});
  for (std::string none :
       {"", "%PDF-1.7", "[]", "{}", "{\"links\": 3}", "{\"links\": [3, {}, {\"link\": 1}]}",
        "{\"links\": [{\"link\": \"https://example.com/x\"}]}", "{\"links\": ["})
    CHECK(links_in(none).empty());
}

TEST_CASE("a new document is stored, granted, and its links are fetched") {
  auto x = decide(ticket, wanted(certificate), {certificate, 7, 99}, {pdf, photo}, australia());
  CHECK(x.job->end == job_end::done);
  CHECK(x.objects.at(0).upload == 7);
  CHECK(x.grants.at(0).jurisdiction == "AU");
  CHECK(x.grants.at(0).because == "SG:42");
  CHECK(hashes_in(x) == std::vector{pdf, photo});
  auto next = order_in<retrieve_object>(x.opens[0]);
  CHECK(next.depth == 1);
  CHECK(next.from == "SG");
  CHECK(next.grant_to == "AU");
  CHECK(next.about == sg_to_au().ref());
}

TEST_CASE("a document that was stored before is granted, and its links are followed") {
  auto x = decide(ticket, wanted(certificate), {certificate, 0, 99}, {pdf}, australia());
  CHECK(x.objects.empty());
  CHECK(x.grants.size() == 1);
  CHECK(hashes_in(x) == std::vector{pdf});
}

TEST_CASE("follows no link deeper than link_depth, and says so") {
  auto settings = australia();
  settings.link_depth = 2;
  auto last = decide(ticket, wanted(certificate, 1), {certificate, 7, 1}, {pdf}, settings);
  CHECK(hashes_in(last) == std::vector{pdf});
  auto beyond = decide(ticket, wanted(certificate, 2), {certificate, 7, 1}, {pdf}, settings);
  CHECK(beyond.opens.empty());
  CHECK(beyond.events.back().what == event_kind::document_unavailable);
  CHECK(beyond.events.back().detail.find("link_depth is 2") != std::string::npos);
}

TEST_CASE("follows no more than links_per_document, and says so") {
  auto settings = australia();
  settings.links_per_document = 1;
  auto x = decide(ticket, wanted(certificate), {certificate, 7, 1}, {pdf, photo}, settings);
  CHECK(hashes_in(x) == std::vector{pdf});
  CHECK(x.events.back().detail.find("1 links") == 0);
  CHECK(x.events.back().detail.find("links_per_document is 1") != std::string::npos);
}

TEST_CASE("a link to the document itself is no link") {
  auto x = decide(ticket, wanted(certificate), {certificate, 7, 1}, {certificate}, australia());
  CHECK(x.opens.empty());
}

TEST_CASE_FIXTURE(web_of_documents, "fetches, stores and follows, and leaves no spool file") {
  auto hash = multihash_of(linking);
  documents[url_of(hash)] = {200, linking};
  CHECK(ask(spider(), ticket, wanted(hash)).answer<settled>());
  REQUIRE(ledger_book->settlements.size() == 1);
  CHECK(hashes_in(ledger_book->settlements[0]) == std::vector{pdf, photo});
  auto info = ledger_book->objects.at(hash);
  CHECK(ledger_book->uploads[info.upload].at(0) == linking);
  CHECK(ledger_book->readers.count({hash, "AU"}) == 1);
  CHECK(spool.empty());
}

TEST_CASE_FIXTURE(web_of_documents, "does not fetch what is stored, but follows its links") {
  auto hash = multihash_of(linking);
  ledger_book->objects[hash] = {hash, 3, linking.size()};
  ledger_book->uploads[3] = {linking};
  CHECK(ask(spider(), ticket, wanted(hash)).answer<settled>());
  CHECK(asked.empty());
  CHECK(hashes_in(ledger_book->settlements.at(0)) == std::vector{pdf, photo});
}

TEST_CASE_FIXTURE(web_of_documents, "stores nothing when another document was sent") {
  documents[url_of(pdf)] = {200, "a forged pdf"};
  auto x = ask(spider(), ticket, wanted(pdf)).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::multihash_mismatch);
  CHECK(worth_retrying(x.error()));
  CHECK(ledger_book->settlements.empty());
  CHECK(ledger_book->uploads.empty());
  run();
  CHECK(spool.empty());
}

TEST_CASE_FIXTURE(web_of_documents, "abandons the document when it cannot be settled") {
  documents[url_of(pdf)] = {200, "a pdf"};
  ledger_book->meanwhile = [this] {
    ledger_book->refusals.push_back(make_problem(errc::job_not_open));
  };
  auto x = ask(spider(), ticket, wanted(pdf)).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::job_not_open);
  run();
  CHECK(ledger_book->abandoned.size() == 1);
}

TEST_CASE_FIXTURE(web_of_documents, "comes again for a document that is not there yet") {
  documents[url_of(pdf)] = {404, {}};
  auto x = ask(spider(), ticket, wanted(pdf)).answer<settled>();
  REQUIRE(!x);
  CHECK(worth_retrying(x.error()));
}

TEST_CASE_FIXTURE(web_of_documents, "ends with an event when nobody can be asked") {
  CHECK(ask(spider(), ticket, wanted(pdf, 0, "CN")).answer<settled>());
  CHECK(kinds_of(ledger_book->settlements.at(0)) == std::vector{event_kind::document_unavailable});
}

TEST_CASE_FIXTURE(web_of_documents, "a jurisdiction that hangs is bounded, and delays no other") {
  auto settings = australia();
  settings.retrievals_per_jurisdiction = 1;
  settings.document_apis["NZ"] = "http://documents.nz";
  auto x = spider(settings);
  for (auto hash : {certificate, photo})
    caf::anon_send(x, ticket, wanted(hash));
  run();
  CHECK(asked.size() == 1);
  pass(std::chrono::seconds{2}, std::chrono::seconds{1});
  auto third = ask(x, ticket, wanted(multihash_of("third"))).answer<settled>();
  REQUIRE(!third);
  CHECK(code_of(third.error()) == errc::peer_busy);
  documents["http://documents.nz/" + pdf + "?as_jurisdiction=AU"] = {200, "a pdf"};
  CHECK(ask(x, ticket, wanted(pdf, 0, "NZ")).answer<settled>());
}

TEST_SUITE_END();
