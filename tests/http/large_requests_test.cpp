#include "node_apart.hpp"
#include "tests/support/sanitized.hpp"
#include "wire.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <thread>
#include <vector>

using namespace igl;
using namespace std::chrono_literals;

namespace {

constexpr size_t megabyte = 1 << 20;

/// Sends the piece again and again over so many connections at once, until each was cut off or has
/// taken so many bytes. How many bytes the most patient one was allowed.
size_t stream(const node_apart& to, int connections, const std::string& start,
              const std::string& piece, size_t most) {
  std::vector<size_t> sent(static_cast<size_t>(connections));
  std::vector<std::thread> clients;
  for (auto& bytes : sent)
    clients.emplace_back([&] {
      wire::connection line(wire::port_of(to.url()));
      line.try_send(start);
      while (bytes < most && line.try_send(piece))
        bytes += piece.size();
    });
  for (auto& x : clients)
    x.join();
  return *std::max_element(sent.begin(), sent.end());
}

const std::string head = "POST /jurisdictions/AU HTTP/1.1\r\nHost: localhost\r\n";
const std::string header_line = "X-Large: " + std::string(65000, 'x') + "\r\n";
const std::string chunked_head =
    head + "Content-Type: multipart/form-data; boundary=XyZ\r\nTransfer-Encoding: chunked\r\n\r\n";

} // namespace

TEST_SUITE("large requests") {
  TEST_CASE("a head that does not end is cut off before it fills the memory") {
    for (int connections : {1, 50}) {
      CAPTURE(connections);
      node_apart node;
      wire::ask(node.url(), "GET", "/");
      node.forget_peak();
      auto before = node.resident();
      auto sent = stream(node, connections, head, header_line, 4096 * megabyte);
      MESSAGE(connections, " endless heads: ", sent / megabyte, " MiB taken, memory ",
              before / megabyte, " MiB and ", (node.peak() - before) / megabyte, " MiB more");
      CHECK(sent < 4096 * megabyte);
      if (!skipped_when_sanitized())
        CHECK(node.peak() - before < 200 * megabyte);
      CHECK(wire::ask(node.url(), "GET", "/healthz").status == 200);
    }
  }

  TEST_CASE("a chunk that does not end is cut off before it fills the memory") {
    for (int connections : {1, 50}) {
      CAPTURE(connections);
      node_apart node;
      wire::ask(node.url(), "GET", "/");
      node.forget_peak();
      auto before = node.resident();
      auto sent =
          stream(node, connections, chunked_head + "7fff0000\r\n", header_line, 4096 * megabyte);
      MESSAGE(connections, " endless chunks: ", sent / megabyte, " MiB taken, memory ",
              before / megabyte, " MiB and ", (node.peak() - before) / megabyte, " MiB more");
      CHECK(sent < 2000 * megabyte);
      if (!skipped_when_sanitized())
        CHECK(node.peak() - before < 200 * megabyte);
      CHECK(wire::ask(node.url(), "GET", "/healthz").status == 200);
    }
  }

  TEST_CASE("a head larger than the bound is 431, one within it is not") {
    node_apart node{apart_options{{"header_bytes", 8192}}};
    auto with = [&](size_t bytes) {
      return wire::ask(node.url(), "GET", "/healthz", {{"X-Large", std::string(bytes, 'x')}});
    };
    CHECK(with(8000).status == 200);
    auto refused = with(8192);
    CHECK(refused.status == 431);
    CHECK(refused.closed);
    CHECK(refused.error()["status"] == refused.reason);
  }

  TEST_CASE("uploads of any size pass, announced and in chunks, beside each other") {
    node_apart node{apart_options{{"header_bytes", 1024}, {"chunk_bytes", megabyte}}};
    const std::string begin =
        "--XyZ\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\n";
    const std::string end = "\r\n--XyZ--\r\n";
    const std::string piece(megabyte, 'x');
    constexpr size_t pieces = 64;
    std::vector<std::thread> clients;
    std::atomic<int> good{0};
    auto as_chunk = [](const std::string& bytes) {
      char size[32];
      std::snprintf(size, sizeof(size), "%zx\r\n", bytes.size());
      return size + bytes + "\r\n";
    };
    for (auto chunked : {false, true, false, true})
      clients.emplace_back([&, chunked] {
        wire::connection line(wire::port_of(node.url()));
        auto length = begin.size() + end.size() + pieces * piece.size();
        for (int twice = 0; twice < 2; ++twice) {
          line.send(head + "Content-Type: multipart/form-data; boundary=XyZ\r\n" +
                    (chunked ? "Transfer-Encoding: chunked"
                             : "Content-Length: " + std::to_string(length)) +
                    "\r\n\r\n");
          auto send = [&](const std::string& bytes) {
            line.send(chunked ? as_chunk(bytes) : bytes);
          };
          send(begin);
          for (size_t i = 0; i < pieces; ++i)
            send(piece);
          send(end);
          if (chunked)
            line.send("0\r\n\r\n");
          good += line.read().status == 200;
        }
      });
    for (auto& x : clients)
      x.join();
    CHECK(good == 8);
  }
}
