#include "fake_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <memory>

using namespace igl;
using namespace std::chrono_literals;

namespace {

constexpr size_t megabyte = 1 << 20;

/// The head of an upload that is to be much longer than what comes.
std::string upload_head(const std::pair<std::string, std::string>& length) {
  return wire::request_text("POST", "/jurisdictions/AU",
                            {{"Content-Type", "multipart/form-data; boundary=XyZ"}, length}, "");
}

const std::string beginning_of_file =
    "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n" +
    std::string(megabyte, 'x');

std::string as_chunk(const std::string& bytes) {
  char size[32];
  std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
  return size + bytes + "\r\n";
}

} // namespace

TEST_SUITE("hostile clients") {
  TEST_CASE("hundreds that are slow with their headers keep nobody from being served") {
    fake_node node;
    std::vector<std::unique_ptr<wire::connection>> slow;
    for (int i = 0; i < 300; ++i) {
      slow.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
      slow.back()->send("POST /message HTTP/1.1\r\nContent-Type: appli");
    }
    for (int i = 0; i < 20; ++i) {
      CHECK(wire::post_json(node.url(), "/message", message_json()).status == 201);
      slow[static_cast<size_t>(i)]->send("c");
    }
  }

  TEST_CASE("hundreds that are slow with their bodies keep nobody from being served") {
    fake_node node;
    std::vector<std::unique_ptr<wire::connection>> slow;
    for (int i = 0; i < 300; ++i) {
      slow.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
      slow.back()->send(wire::request_text(
          "POST", "/message", {{"Content-Type", "application/json"}, {"Content-Length", "100"}},
          "{"));
    }
    for (int i = 0; i < 20; ++i) {
      CHECK(wire::post_json(node.url(), "/message", message_json()).status == 201);
      slow[static_cast<size_t>(i)]->send(" ");
    }
  }

  TEST_CASE("who sends nothing before a 100 Continue is told that there is none") {
    fake_node node{fake_node::start::later};
    node.how.idle_connection = 5s;
    node.open();
    struct {
      std::string path, type, framing, value;
    } const requests[] = {
        {"/message", "application/json", "Content-Length", "500"},
        {"/message", "application/json", "Transfer-Encoding", "chunked"},
        {"/jurisdictions/AU", "multipart/form-data; boundary=XyZ", "Content-Length", "2000000"},
        {"/jurisdictions/AU", "multipart/form-data; boundary=XyZ", "Transfer-Encoding", "chunked"},
    };
    std::vector<std::unique_ptr<wire::connection>> insisting;
    for (auto& x : requests) {
      insisting.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
      insisting.back()->send(wire::request_text(
          "POST", x.path,
          {{"Content-Type", x.type}, {x.framing, x.value}, {"Expect", "100-continue"}}, ""));
    }
    for (auto& line : insisting) {
      auto x = line->read();
      CHECK(x.status == 417);
      CHECK(x.closed);
      CHECK(x.code() == "generic-http-error");
      CHECK(x.error()["status"] == x.reason);
    }
    CHECK(node.spooled().empty());
    CHECK(wire::post_json(node.url(), "/message", message_json()).status == 201);
  }

  TEST_CASE("who expects a 100 Continue and does not insist is served") {
    fake_node node;
    auto body = message_json();
    CHECK(wire::ask(node.url(), "POST", "/message",
                    {{"Content-Type", "application/json"}, {"Expect", "100-continue"}}, body)
              .status == 201);
    node.answers->store = [&](const store_document&) {
      return caf::expected<document_stored>{document_stored{"Qm"}};
    };
    CHECK(wire::ask(
              node.url(), "POST", "/jurisdictions/AU",
              {{"Content-Type", "multipart/form-data; boundary=XyZ"}, {"Expect", "100-continue"}},
              beginning_of_file + "\r\n--XyZ--\r\n")
              .status == 200);
  }

  TEST_CASE("an upload that breaks off leaves no file and stores nothing, however it ends") {
    fake_node node;
    std::atomic<bool> stored{false};
    node.answers->store = [&](const store_document&) -> caf::expected<document_stored> {
      stored = true;
      return make_problem(errc::internal);
    };
    struct {
      std::string title;
      std::string sent;
    } const uploads[] = {
        {"announced", upload_head({"Content-Length", "10000000"}) + beginning_of_file},
        {"in chunks", upload_head({"Transfer-Encoding", "chunked"}) + as_chunk(beginning_of_file)},
        {"within a chunk", upload_head({"Transfer-Encoding", "chunked"}) +
                               as_chunk(beginning_of_file) + "ffff\r\nxxx"},
    };
    for (auto& upload : uploads)
      for (auto killed : {true, false}) {
        CAPTURE(upload.title);
        CAPTURE(killed);
        auto line = std::make_unique<wire::connection>(wire::port_of(node.url()));
        line->send(upload.sent);
        REQUIRE(wire::eventually([&] { return !node.spooled().empty(); }));
        if (killed)
          line->abort();
        line.reset();
        CHECK(wire::eventually([&] { return node.spooled().empty(); }));
      }
    CHECK_FALSE(stored);
    CHECK(wire::ask(node.url(), "GET", "/").status == 200);
  }
}
