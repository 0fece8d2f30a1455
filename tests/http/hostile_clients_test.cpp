#include "fake_node.hpp"

#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <thread>

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

  TEST_CASE("a body that is announced too large is refused although it never comes") {
    fake_node node;
    for (auto refused : {std::pair{"/message", 50 * megabyte}, std::pair{"/message", 100 * megabyte},
                         std::pair{"/nowhere", 50 * megabyte}}) {
      const auto path = refused.first;
      const auto length = refused.second;
      CAPTURE(path);
      CAPTURE(length);
      wire::connection line(wire::port_of(node.url()));
      line.send(wire::request_text(
          "POST", path,
          {{"Content-Type", "application/json"}, {"Content-Length", std::to_string(length)}},
          "{\"a\": "));
      auto x = line.read();
      CHECK(x.status == (path == std::string_view{"/nowhere"} ? 404 : 413));
      CHECK(x.field("Connection") == "close");
      CHECK(line.closes_within(5s));
    }
  }

  TEST_CASE("who sends a malformed chunk is refused, and the connection ends") {
    fake_node node;
    for (auto path : {"/message", "/jurisdictions/AU"}) {
      CAPTURE(path);
      auto type = path == std::string_view{"/message"} ? "application/json"
                                                       : "multipart/form-data; boundary=XyZ";
      wire::connection line(wire::port_of(node.url()));
      line.send(std::string("POST ") + path + " HTTP/1.1\r\nHost: x\r\nContent-Type: " + type +
                "\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n");
      auto x = line.read();
      CHECK(x.status == 400);
      CHECK(x.field("Connection") == "close");
      CHECK(line.closes_within(5s));
    }
  }

  TEST_CASE("an error quotes what was sent in part only") {
    fake_node node;
    auto x = wire::ask(node.url(), "GET", "/message/AU:" + std::string(20'000, 'x'));
    CHECK(x.status / 100 == 4);
    CHECK(x.body.size() < 4000);
    CHECK(x.error()["detail"].is_string());
    auto y = wire::ask(node.url(), "GET",
                       "/documents/" + std::string(20'000, 'y') + "?as_jurisdiction=AU");
    CHECK(y.status / 100 == 4);
    CHECK(y.body.size() < 4000);
  }

  TEST_CASE("a length that cannot be believed is 400 and the end of the connection") {
    fake_node node;
    for (auto length : {"5, 7", "7x", "-7"})
      for (auto path : {"/message", "/jurisdictions/AU", "/healthz"}) {
        CAPTURE(length);
        CAPTURE(path);
        wire::connection line(wire::port_of(node.url()));
        line.send(wire::request_text(
            "POST", path, {{"Content-Type", "application/json"}, {"Content-Length", length}},
            "{}   xx"));
        auto x = line.read();
        CHECK(x.status == 400);
        CHECK(x.closed);
        CHECK(line.closes_within(5s));
      }
  }

  TEST_CASE("of two lengths the last counts, and what is left over is no other request") {
    fake_node node;
    auto body = message_json();
    auto smuggled = wire::request_text("GET", "/operator/status", {}, "");
    wire::connection line(wire::port_of(node.url()));
    line.send(wire::request_text("POST", "/message",
                                 {{"Content-Type", "application/json"},
                                  {"Content-Length", std::to_string(body.size() + smuggled.size())},
                                  {"Content-Length", std::to_string(body.size())}},
                                 body + smuggled));
    CHECK(line.read().status == 201);
    CHECK_FALSE(line.closes_within(200ms));
    line.send(wire::request_text("GET", "/healthz", {}, ""));
    CHECK(line.read().json() == nlohmann::json{{"alive", true}});
  }

  TEST_CASE("who sends several requests at once harms nobody else") {
    fake_node node{fake_node::start::later};
    node.how.idle_connection = 2s;
    node.open();
    auto get = wire::request_text("GET", "/healthz", {}, "");
    auto post = wire::request_text("POST", "/message", {{"Content-Type", "application/json"}},
                                   message_json());
    std::vector<std::unique_ptr<wire::connection>> hasty;
    for (int i = 0; i < 50; ++i) {
      hasty.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
      hasty.back()->send(get + get + get);
      hasty.push_back(std::make_unique<wire::connection>(wire::port_of(node.url())));
      hasty.back()->send(post + post + get);
    }
    for (auto& line : hasty) {
      auto status = line->read().status;
      CHECK((status == 200 || status == 201));
    }
    CHECK(wire::post_json(node.url(), "/message", message_json()).status == 201);
    for (auto& line : hasty)
      CHECK(line->closes_within(10s));
  }

  TEST_CASE("who does not wait for an answer, but sends the next request later, gets all of them") {
    fake_node node;
    std::atomic<bool> held{true};
    node.answers->status = [&](const node_status_query&) {
      while (held)
        std::this_thread::sleep_for(1ms);
      return caf::expected<node_status>{node_status{}};
    };
    wire::connection line(wire::port_of(node.url()));
    line.send(wire::request_text("GET", "/operator/status", {}, ""));
    std::this_thread::sleep_for(50ms);
    line.send(wire::request_text("GET", "/healthz", {}, ""));
    held = false;
    CHECK(line.read().status == 200);
    CHECK(line.read().status == 200);
  }
}
