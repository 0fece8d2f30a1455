#include "fake_node.hpp"

#include "messages/errors.hpp"
#include "messages/multihash.hpp"
#include "tests/support/sanitized.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace igl;
using namespace std::chrono_literals;

namespace {

constexpr size_t megabyte = 1 << 20;
const std::string qm = "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n";
const std::string form_begin =
    "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
const std::string form_end = "\r\n--XyZ--\r\n";

/// A megabyte that differs from every other one.
std::string block(size_t number) {
  std::string bytes(megabyte, '\0');
  auto x = static_cast<uint32_t>(number);
  for (auto& byte : bytes)
    byte = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::string upload_head(size_t content) {
  return wire::request_text(
      "POST", "/jurisdictions/AU",
      {{"Content-Type", "multipart/form-data; boundary=XyZ"},
       {"Content-Length", std::to_string(form_begin.size() + content + form_end.size())}},
      "");
}

std::string multihash_of_file(const std::string& path) {
  multihasher hash;
  std::ifstream file(path, std::ios::binary);
  std::string piece(megabyte, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())) || file.gcount() > 0)
    hash.update(std::string_view(piece).substr(0, static_cast<size_t>(file.gcount())));
  return hash.finish();
}

void store_by_hash(fake_node& node) {
  node.answers->store = [](const store_document& x) -> caf::expected<document_stored> {
    return document_stored{multihash_of_file(x.path)};
  };
}

/// A document of many blocks that exists only while it is read.
void serve_blocks(fake_node& node, size_t blocks) {
  node.answers->open = [=](const open_document&) -> caf::expected<object_info> {
    return object_info{qm, 1, blocks * megabyte};
  };
  node.answers->piece = [](const read_piece& x) -> caf::expected<document_piece> {
    constexpr auto per_block = megabyte / document_piece_size;
    return document_piece{
        block(x.piece / per_block)
            .substr(x.piece % per_block * document_piece_size, document_piece_size)};
  };
}

} // namespace

TEST_SUITE("streaming") {
  TEST_CASE("50 MB up: every byte arrives, and memory does not follow") {
    constexpr size_t blocks = 50;
    fake_node node;
    store_by_hash(node);
    wire::connection line(wire::port_of(node.url()));
    auto before = wire::resident_bytes();
    size_t most = 0;
    multihasher hash;
    line.send(upload_head(blocks * megabyte) + form_begin);
    for (size_t i = 0; i < blocks; ++i) {
      auto bytes = block(i);
      hash.update(bytes);
      line.send(bytes);
      most = std::max(most, wire::resident_bytes());
    }
    line.send(form_end);
    auto x = line.read();
    CHECK(x.status == 200);
    CHECK(x.json()["multihash"] == hash.finish());
    if (!skipped_when_sanitized())
      CHECK(most < before + 24 * megabyte);
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("50 MB down: every byte arrives, and memory does not follow") {
    constexpr size_t blocks = 50;
    fake_node node;
    serve_blocks(node, blocks);
    wire::connection line(wire::port_of(node.url()));
    auto before = wire::resident_bytes();
    line.send(wire::request_text("GET", "/" + qm + "?as_jurisdiction=SG", {}, ""));
    multihasher expected;
    for (size_t i = 0; i < blocks; ++i)
      expected.update(block(i));
    multihasher received;
    size_t most = 0;
    size_t left = blocks * megabyte;
    auto head = line.receive(65536);
    auto body = head.find("\r\n\r\n") + 4;
    received.update(std::string_view(head).substr(body));
    left -= head.size() - body;
    while (left > 0) {
      auto bytes = line.receive(megabyte);
      REQUIRE_FALSE(bytes.empty());
      received.update(bytes);
      left -= bytes.size();
      most = std::max(most, wire::resident_bytes());
    }
    CHECK(received.finish() == expected.finish());
    if (!skipped_when_sanitized())
      CHECK(most < before + 24 * megabyte);
  }

  TEST_CASE("a reader that does not read holds a few pieces, however large the document") {
    fake_node node;
    serve_blocks(node, 1000);
    std::atomic<uint32_t> asked{0};
    auto piece = node.answers->piece;
    node.answers->piece = [&, piece](const read_piece& x) {
      ++asked;
      return piece(x);
    };
    wire::connection line(wire::port_of(node.url()), 4096);
    line.send(wire::request_text("GET", "/" + qm + "?as_jurisdiction=SG", {}, ""));
    REQUIRE(wire::eventually([&] { return asked > 0; }));
    // The sockets' buffers fill up; then nobody asks any more.
    uint32_t last = 0;
    int unchanged = 0;
    CHECK(wire::eventually([&] {
      auto now = asked.load();
      unchanged = now == last ? unchanged + 1 : 0;
      last = now;
      return unchanged >= 30;
    }));
    CHECK(asked < 64);
    CHECK(wire::ask(node.url(), "GET", "/").status == 200);
  }

  TEST_CASE("an upload whose sender is killed leaves no file, and stores nothing") {
    fake_node node;
    std::atomic<bool> stored{false};
    node.answers->store = [&](const store_document&) -> caf::expected<document_stored> {
      stored = true;
      return document_stored{qm};
    };
    for (int round = 0; round < 5; ++round) {
      wire::connection line(wire::port_of(node.url()));
      line.send(upload_head(10 * megabyte) + form_begin + block(0));
      REQUIRE(wire::eventually([&] { return !node.spooled().empty(); }));
      line.abort();
      CHECK(wire::eventually([&] { return node.spooled().empty(); }));
    }
    CHECK_FALSE(stored);
  }

  TEST_CASE("an upload that stalls is ended, and leaves no file") {
    fake_node node{fake_node::start::later};
    node.how.idle_connection = 1s;
    node.open();
    wire::connection line(wire::port_of(node.url()));
    line.send(upload_head(10 * megabyte) + form_begin + block(0));
    REQUIRE(wire::eventually([&] { return !node.spooled().empty(); }));
    CHECK(line.closes_within(10s));
    CHECK(wire::eventually([&] { return node.spooled().empty(); }));
  }

  TEST_CASE("a download whose reader is killed is let go") {
    fake_node node;
    serve_blocks(node, 100);
    for (int round = 0; round < 5; ++round) {
      wire::connection line(wire::port_of(node.url()), 4096);
      line.send(wire::request_text("GET", "/" + qm + "?as_jurisdiction=SG", {}, ""));
      CHECK_FALSE(line.receive(1000).empty());
      line.abort();
    }
    node.server->stop(10s);
  }

  TEST_CASE("a body that nobody wants does not stay in memory") {
    fake_node node;
    wire::connection line(wire::port_of(node.url()));
    auto before = wire::resident_bytes();
    size_t most = 0;
    line.send(wire::request_text(
        "POST", "/message",
        {{"Content-Type", "text/plain"}, {"Content-Length", std::to_string(50 * megabyte)}}, ""));
    auto bytes = block(1);
    for (int i = 0; i < 50; ++i) {
      line.send(bytes);
      most = std::max(most, wire::resident_bytes());
    }
    CHECK(line.read().status == 415);
    CHECK(most < before + 16 * megabyte);
  }

  TEST_CASE("a body that nobody wants and that does not end is cut off") {
    fake_node node;
    wire::connection line(wire::port_of(node.url()));
    line.send(wire::request_text(
        "POST", "/message",
        {{"Content-Type", "application/json"}, {"Content-Length", "100000000000"}}, ""));
    auto bytes = block(1);
    CHECK(wire::eventually([&] { return !line.try_send(bytes); }));
  }
}
