#pragma once

#include "tests/support/raw_server.hpp"

#include <poll.h>

namespace igl {

/// How a peer is ill.
enum class sickness : uint8_t {
  hangs,  ///< takes the request and never answers
  crawls, ///< answers a byte a second
  fails,  ///< answers 500
};

/// A peer that takes every connection and treats every request as its sickness says. Only a hub's
/// question whether a subscription is meant is answered well.
class sick_peer {
public:
  explicit sick_peer(sickness x) : how(x) {}

  const std::string& url() const { return server_.url; }

  std::atomic<sickness> how;
  std::atomic<uint64_t> requests{0};

private:
  void treat(int socket) {
    for (;;) {
      auto request = raw_server::read_request(socket);
      if (request.empty())
        return;
      if (auto asked = challenge_in(request); !asked.empty()) {
        raw_server::write(socket, raw_server::ok(asked));
        continue;
      }
      ++requests;
      switch (how) {
      case sickness::hangs:
        break; // waits for a next request, which ends with the connection
      case sickness::crawls:
        crawl(socket);
        return;
      case sickness::fails:
        raw_server::write(socket,
                          "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n");
      }
    }
  }

  static void crawl(int socket) {
    constexpr std::string_view text = "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n";
    for (size_t i = 0;; ++i) {
      pollfd closed{socket, POLLIN, 0};
      if (!raw_server::write(socket, i < text.size() ? text.substr(i, 1) : "x") ||
          ::poll(&closed, 1, 1000) != 0)
        return;
    }
  }

  /// hub.challenge of a GET; empty: it is none.
  static std::string challenge_in(const std::string& request) {
    constexpr std::string_view name = "hub.challenge=";
    auto line = request.substr(0, request.find("\r\n"));
    auto place = line.find(name);
    if (!line.starts_with("GET ") || place == std::string::npos)
      return {};
    auto value = line.substr(place + name.size());
    return value.substr(0, value.find_first_of("& "));
  }

  raw_server server_{[this](int socket, int) {
    treat(socket);
  }};
};

} // namespace igl
