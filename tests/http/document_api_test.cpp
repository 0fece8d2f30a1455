#include "fake_node.hpp"

#include "messages/errors.hpp"
#include "messages/multihash.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <sstream>

using namespace igl;
using wire::ask;

namespace {

const std::string qm = "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n";

std::string file_part(std::string_view content) {
  return "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.pdf\"\r\n\r\n" +
         std::string(content) + "\r\n";
}

wire::response upload(const fake_node& node, std::string_view path, std::string_view body,
                      const std::string& type = "multipart/form-data; boundary=XyZ") {
  return ask(node.url(), "POST", path, {{"Content-Type", type}}, body);
}

/// Remembers what was stored; the answer is its multihash.
struct stored_documents {
  std::mutex guard;
  std::vector<std::pair<std::string, std::string>> seen; ///< content, jurisdiction

  explicit stored_documents(fake_node& node) {
    node.answers->store = [this](const store_document& x) -> caf::expected<document_stored> {
      std::ostringstream content;
      content << std::ifstream(x.path, std::ios::binary).rdbuf();
      std::lock_guard lock{guard};
      seen.emplace_back(content.str(), x.jurisdiction);
      return document_stored{multihash_of(content.str())};
    };
  }
};

/// Lets SG read `content`.
void serve(fake_node& node, std::string content) {
  auto bytes = std::make_shared<const std::string>(std::move(content));
  node.answers->open = [=](const open_document& x) -> caf::expected<object_info> {
    if (x.jurisdiction != "SG" || x.multihash != qm)
      return make_problem(
          errc::document_not_found, "there is none",
          nlohmann::json{{{"uri", x.multihash}, {"jurisdiction", x.jurisdiction}}}.dump());
    return object_info{qm, 7, bytes->size()};
  };
  node.answers->piece = [=](const read_piece& x) -> caf::expected<document_piece> {
    if (x.upload != 7 || x.piece * document_piece_size >= bytes->size())
      return make_problem(errc::storage_failed);
    return document_piece{bytes->substr(x.piece * document_piece_size, document_piece_size)};
  };
}

std::string some_bytes(size_t size) {
  std::string bytes(size, '\0');
  uint32_t x = 1;
  for (auto& byte : bytes)
    byte = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return bytes;
}

} // namespace

TEST_SUITE("document API") {
  TEST_CASE("POST stores the one file for a jurisdiction, under both paths") {
    fake_node node;
    stored_documents stored{node};
    for (std::string path : {"/jurisdictions/AU", "/countries/AU", "/countries/AU/"}) {
      CAPTURE(path);
      auto x = upload(node, path,
                      "--XyZ\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nfield\r\n" +
                          file_part("hello") + "--XyZ--\r\n");
      CHECK(x.status == 200);
      CHECK(x.json() == nlohmann::json{{"multihash", multihash_of("hello")}});
    }
    REQUIRE(stored.seen.size() == 3);
    CHECK(stored.seen[0].first == "hello");
    CHECK(stored.seen[0].second == "AU");
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("an empty file is a document like any other") {
    fake_node node;
    stored_documents stored{node};
    auto x = upload(node, "/jurisdictions/AU", file_part("") + "--XyZ--\r\n");
    CHECK(x.status == 200);
    CHECK(stored.seen.at(0).first.empty());
  }

  TEST_CASE("no file, and more than one") {
    fake_node node;
    stored_documents stored{node};
    auto none = upload(node, "/jurisdictions/AU",
                       "--XyZ\r\nContent-Disposition: form-data; name=\"f\"\r\n\r\nx\r\n--XyZ--");
    CHECK(none.status == 400);
    CHECK(none.code() == "no-input-file-error");
    CHECK(upload(node, "/jurisdictions/AU", "").code() == "no-input-file-error");
    auto two = upload(node, "/jurisdictions/AU", file_part("1") + file_part("2") + "--XyZ--");
    CHECK(two.status == 400);
    CHECK(two.code() == "too-many-files-error");
    CHECK(two.error()["source"] == nlohmann::json::parse(R"([{"files": 2}])"));
    CHECK(stored.seen.empty());
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("a bad jurisdiction stores nothing") {
    fake_node node;
    stored_documents stored{node};
    for (auto path : {"/jurisdictions/XX", "/jurisdictions/au", "/countries/AUS"}) {
      CAPTURE(path);
      auto x = upload(node, path, file_part("x") + "--XyZ--");
      CHECK(x.status == 400);
      CHECK(x.code() == "bad-jurisdiction-name-error");
    }
    CHECK(stored.seen.empty());
  }

  TEST_CASE("of two faults, the media type is told before the form and the form before <J>") {
    fake_node node{fake_node::start::later};
    node.how.document_bytes = 100'000;
    node.open();
    stored_documents stored{node};
    const std::string form = "multipart/form-data; boundary=XyZ";
    struct {
      std::string path, type, body;
      int status;
      std::string code;
    } const cases[] = {
        {"/jurisdictions/XX", "application/pdf", "x", 415, "generic-http-error"},
        {"/jurisdictions/XX", "application/pdf", "", 415, "generic-http-error"},
        {"/countries/XX", "", "x", 415, "generic-http-error"},
        {"/jurisdictions/XX", "multipart/form-data", "x", 400, "generic-http-error"},
        {"/jurisdictions/XX", form, "", 400, "no-input-file-error"},
        {"/jurisdictions/XX", form, std::string(2'000'000, 'x'), 413, "generic-http-error"},
        {"/jurisdictions/XX", form, "no boundary", 400, "bad-jurisdiction-name-error"},
        {"/jurisdictions/%ff", "application/pdf", "x", 400, "generic-http-error"},
        {"/nowhere/XX", "application/pdf", "x", 404, "generic-http-error"},
    };
    for (auto& x : cases) {
      CAPTURE(x.path);
      CAPTURE(x.type);
      CAPTURE(x.body.size());
      auto answered = upload(node, x.path, x.body, x.type);
      CHECK(answered.status == x.status);
      CHECK(answered.code() == x.code);
    }
    CHECK(stored.seen.empty());
  }

  TEST_CASE("a form that is cut short, has no boundary or is none") {
    fake_node node;
    stored_documents stored{node};
    CHECK(upload(node, "/jurisdictions/AU", file_part("x")).status == 400);
    CHECK(upload(node, "/jurisdictions/AU", file_part("x"), "multipart/form-data").status == 400);
    CHECK(upload(node, "/jurisdictions/AU", "no boundary anywhere").status == 400);
    CHECK(upload(node, "/jurisdictions/AU", "x", "application/pdf").status == 415);
    CHECK(stored.seen.empty());
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("a document over the limit is 413, announced or not; one at the limit is taken") {
    fake_node node{fake_node::start::later};
    node.how.document_bytes = 100'000;
    node.open();
    stored_documents stored{node};
    auto body = [](size_t size) {
      return file_part(some_bytes(size)) + "--XyZ--\r\n";
    };
    CHECK(upload(node, "/jurisdictions/AU", body(100'000)).status == 200);
    auto over = upload(node, "/jurisdictions/AU", body(100'001));
    CHECK(over.status == 413);
    CHECK(over.closed);
    auto far_over = upload(node, "/jurisdictions/AU", body(2'000'000));
    CHECK(far_over.status == 413);
    CHECK(far_over.closed);
    auto chunk = body(150'000);
    char size[16];
    std::snprintf(size, sizeof(size), "%zx\r\n", chunk.size());
    auto chunked = ask(
        node.url(), "POST", "/jurisdictions/AU",
        {{"Content-Type", "multipart/form-data; boundary=XyZ"}, {"Transfer-Encoding", "chunked"}},
        size + chunk + "\r\n0\r\n\r\n");
    CHECK(chunked.status == 413);
    CHECK(stored.seen.size() == 1);
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("the spool file goes also when the document cannot be stored") {
    fake_node node;
    node.answers->store = [](const store_document&) {
      return make_problem(errc::storage_full);
    };
    CHECK(upload(node, "/jurisdictions/AU", file_part("x") + "--XyZ--").status == 503);
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("GET gives the bytes to whom may read them, under both paths") {
    fake_node node;
    auto content = some_bytes(3 * document_piece_size / 2);
    serve(node, content);
    for (auto path : {"/" + qm, "/documents/" + qm}) {
      CAPTURE(path);
      auto x = ask(node.url(), "GET", path + "?as_jurisdiction=SG");
      CHECK(x.status == 200);
      CHECK(x.field("Content-Type") == "binary/octet-stream");
      CHECK(x.field("Content-Length") == std::to_string(content.size()));
      CHECK((x.body == content));
    }
  }

  TEST_CASE("GET of every size around a piece") {
    fake_node node;
    for (auto size : {size_t{0}, size_t{1}, document_piece_size - 1, document_piece_size,
                      document_piece_size + 1, 2 * document_piece_size}) {
      CAPTURE(size);
      auto content = some_bytes(size);
      serve(node, content);
      auto x = ask(node.url(), "GET", "/" + qm + "?as_jurisdiction=SG");
      CHECK(x.status == 200);
      CHECK((x.body == content));
      CHECK(x.field("Content-Type") == "binary/octet-stream");
    }
  }

  TEST_CASE("the JWTBODY header wins over the query, and must be one") {
    fake_node node;
    serve(node, "x");
    auto get = [&](const std::string& authorization, const std::string& query) {
      return ask(node.url(), "GET", "/" + qm + query, {{"Authorization", authorization}});
    };
    auto sg = R"(JWTBODY {"sub": "documents-api", "party": "spider", "jurisdiction": "SG"})";
    CHECK(get(sg, "").status == 200);
    CHECK(get(sg, "?as_jurisdiction=AU").status == 200);
    CHECK(get(R"(JWTBODY {"jurisdiction": "AU"})", "?as_jurisdiction=SG").status == 404);
    CHECK(get(R"(JWTBODY {"jurisdiction": "XX"})", "").code() == "bad-jurisdiction-name-error");
    for (auto bad : {"JWTBODY", "JWTBODY {", "JWTBODY []", R"(JWTBODY {"sub": "x"})",
                     R"(JWTBODY {"jurisdiction": 7})"}) {
      CAPTURE(bad);
      auto x = get(bad, "?as_jurisdiction=SG");
      CHECK(x.status == 401);
      CHECK(x.error()["title"] == "Unauthorized");
    }
    CHECK(get("Bearer token", "?as_jurisdiction=SG").status == 200);
  }

  TEST_CASE("GET checks the multihash, then the jurisdiction, then whether there is something") {
    fake_node node;
    serve(node, "x");
    for (auto path : {"/abc", "/documents/Qm000", "/favicon.ico"}) {
      CAPTURE(path);
      auto x = ask(node.url(), "GET", path);
      CHECK(x.status == 400);
      CHECK(x.code() == "invalid-uri-error");
    }
    for (auto query : {"", "?as_jurisdiction=", "?as_jurisdiction=XX", "?other=SG"}) {
      CAPTURE(query);
      auto x = ask(node.url(), "GET", "/" + qm + query);
      CHECK(x.status == 400);
      CHECK(x.code() == "bad-jurisdiction-name-error");
    }
    auto forbidden = ask(node.url(), "GET", "/" + qm + "?as_jurisdiction=AU");
    auto other = multihash_of("unknown");
    auto unknown = ask(node.url(), "GET", "/" + other + "?as_jurisdiction=SG");
    CHECK(forbidden.status == 404);
    CHECK(unknown.status == 404);
    CHECK(unknown.error()["source"] == nlohmann::json{{{"uri", other}, {"jurisdiction", "SG"}}});
    CHECK(forbidden.error()["detail"] == unknown.error()["detail"]);
    CHECK(forbidden.error()["title"] == unknown.error()["title"]);
  }

  TEST_CASE("HEAD tells the length and sends nothing") {
    fake_node node;
    serve(node, some_bytes(5000));
    wire::connection line(wire::port_of(node.url()));
    line.send(wire::request_text("HEAD", "/" + qm + "?as_jurisdiction=SG", {}, ""));
    auto x = line.read(true);
    CHECK(x.status == 200);
    CHECK(x.field("Content-Length") == "5000");
    CHECK(line.closes_within(std::chrono::seconds{5}));
    auto missing = ask(node.url(), "HEAD", "/" + qm + "?as_jurisdiction=AU");
    CHECK(missing.status == 404);
  }

  TEST_CASE("a range is a part") {
    fake_node node;
    auto content = some_bytes(2 * document_piece_size + 100);
    serve(node, content);
    auto get = [&](const std::string& range) {
      return ask(node.url(), "GET", "/" + qm + "?as_jurisdiction=SG", {{"Range", range}});
    };
    auto total = std::to_string(content.size());
    auto across = get("bytes=262100-262200");
    CHECK(across.status == 206);
    CHECK((across.body == content.substr(262100, 101)));
    CHECK(across.field("Content-Range") == "bytes 262100-262200/" + total);
    CHECK((get("bytes=524288-").body == content.substr(524288)));
    CHECK((get("bytes=-50").body == content.substr(content.size() - 50)));
    CHECK((get("bytes=0-0").body == content.substr(0, 1)));
    auto beyond = get("bytes=" + total + "-");
    CHECK(beyond.status == 416);
    CHECK(beyond.field("Content-Range") == "bytes */" + total);
    for (auto ignored : {"bytes=0-1,5-6", "lines=1-2", "bytes=5-2", "bytes=x-"}) {
      CAPTURE(ignored);
      auto x = get(ignored);
      CHECK(x.status == 200);
      CHECK(x.body.size() == content.size());
    }
  }

  TEST_CASE("a range is only good for the document it was made for") {
    fake_node node;
    serve(node, "0123456789");
    auto get = [&](const std::string& tag) {
      return ask(node.url(), "GET", "/" + qm + "?as_jurisdiction=SG",
                 {{"Range", "bytes=2-3"}, {"If-Range", tag}});
    };
    CHECK(get("\"" + qm + "\"").body == "23");
    CHECK(get("\"other\"").status == 200);
  }

  TEST_CASE("a document that breaks off in the middle is not a whole answer") {
    fake_node node;
    serve(node, some_bytes(4 * document_piece_size));
    auto piece = node.answers->piece;
    node.answers->piece = [=](const read_piece& x) -> caf::expected<document_piece> {
      if (x.piece == 2)
        return make_problem(errc::storage_failed);
      return piece(x);
    };
    CHECK_THROWS_WITH(ask(node.url(), "GET", "/" + qm + "?as_jurisdiction=SG"),
                      "closed in the middle of an answer");
  }

  TEST_CASE("another method on a document is 405, on what is none 404") {
    fake_node node;
    auto x = ask(node.url(), "POST", "/" + qm);
    CHECK(x.status == 405);
    CHECK(x.field("Allow") == "GET, HEAD");
    CHECK(ask(node.url(), "POST", "/nothing").status == 404);
    CHECK(ask(node.url(), "GET", "/jurisdictions/AU").status == 405);
  }
}
