#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace igl {

/// A server that does with each connection what a test says. Connections are closed when the
/// function returns.
class raw_server {
public:
  using act = std::function<void(int socket, int number)>;

  explicit raw_server(act serve) : serve_(std::move(serve)) {
    listening_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(where);
    ::bind(listening_, reinterpret_cast<sockaddr*>(&where), size);
    ::listen(listening_, 128);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&where), &size);
    url = "http://127.0.0.1:" + std::to_string(ntohs(where.sin_port));
    accepting_ = std::thread([this] { accept_all(); });
  }
  ~raw_server() {
    ::shutdown(listening_, SHUT_RDWR);
    accepting_.join();
    {
      std::lock_guard lock{guard_};
      for (auto socket : open_)
        ::shutdown(socket, SHUT_RDWR);
    }
    for (auto& thread : threads_)
      thread.join();
    ::close(listening_);
  }

  /// Reads one request; empty: the other side has closed.
  static std::string read_request(int socket) {
    std::string text;
    char buffer[4096];
    while (text.find("\r\n\r\n") == std::string::npos) {
      auto received = ::recv(socket, buffer, sizeof(buffer), 0);
      if (received <= 0)
        return {};
      text.append(buffer, static_cast<size_t>(received));
    }
    auto end = text.find("\r\n\r\n") + 4;
    auto length = text.find("Content-Length:");
    auto wanted = length == std::string::npos ? 0 : std::stoull(text.substr(length + 15));
    while (text.size() < end + wanted) {
      auto received = ::recv(socket, buffer, sizeof(buffer), 0);
      if (received <= 0)
        return {};
      text.append(buffer, static_cast<size_t>(received));
    }
    return text;
  }
  static bool write(int socket, std::string_view text) {
    while (!text.empty()) {
      auto sent = ::send(socket, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0)
        return false;
      text.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  static std::string ok(std::string_view body) {
    return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           std::string(body);
  }

  std::string url;
  std::atomic<int> connections{0};

private:
  void accept_all() {
    for (;;) {
      auto socket = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
      if (socket < 0)
        return;
      auto number = connections++;
      std::lock_guard lock{guard_};
      open_.push_back(socket);
      threads_.emplace_back([=, this] {
        serve_(socket, number);
        std::lock_guard inner{guard_};
        std::erase(open_, socket);
        ::close(socket);
      });
    }
  }

  act serve_;
  int listening_ = -1;
  std::thread accepting_;
  std::mutex guard_;
  std::vector<int> open_;
  std::vector<std::thread> threads_;
};

} // namespace igl
