#include "wire.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <thread>

namespace igl::wire {

namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\r'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

response parse_head(std::string_view head) {
  response x;
  auto line = head.substr(0, head.find("\r\n"));
  x.status = std::stoi(std::string(line.substr(9, 3)));
  x.reason = std::string(trimmed(line.substr(12)));
  head.remove_prefix(std::min(line.size() + 2, head.size()));
  while (!head.empty()) {
    auto end = std::min(head.find("\r\n"), head.size());
    auto field = head.substr(0, end);
    head.remove_prefix(std::min(end + 2, head.size()));
    auto colon = field.find(':');
    if (colon != std::string_view::npos)
      x.fields.emplace(lower(std::string(field.substr(0, colon))),
                       std::string(trimmed(field.substr(colon + 1))));
  }
  return x;
}

} // namespace

std::string response::field(const std::string& name) const {
  auto found = fields.find(lower(name));
  return found == fields.end() ? std::string{} : found->second;
}

nlohmann::json response::json() const {
  return nlohmann::json::parse(body);
}

nlohmann::json response::error() const {
  auto all = json().at("errors");
  if (all.size() != 1)
    throw std::runtime_error("not one error: " + body);
  return all[0];
}

std::string response::code() const {
  return error().at("code");
}

connection::connection(uint16_t port, int receive_buffer)
    : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  if (receive_buffer > 0)
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
  timeval patience{10, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&where), sizeof(where)) != 0) {
    ::close(socket_);
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }
}

connection::~connection() {
  ::close(socket_);
}

bool connection::try_send(std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    bytes.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void connection::send(std::string_view bytes) {
  if (!try_send(bytes))
    throw std::runtime_error(std::string("send: ") + std::strerror(errno));
}

std::string connection::receive(size_t most) {
  std::string bytes(most, '\0');
  auto received = ::recv(socket_, bytes.data(), bytes.size(), 0);
  if (received < 0 && errno != ECONNRESET)
    throw std::runtime_error(std::string("receive: ") + std::strerror(errno));
  bytes.resize(received < 0 ? 0 : static_cast<size_t>(received));
  return bytes;
}

bool connection::has_something() const {
  pollfd interest{socket_, POLLIN, 0};
  return !held_.empty() || ::poll(&interest, 1, 0) > 0;
}

bool connection::closes_within(std::chrono::milliseconds at_most) {
  auto end = std::chrono::steady_clock::now() + at_most;
  for (;;) {
    auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    pollfd interest{socket_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&interest, 1, static_cast<int>(left.count())) <= 0)
      return false;
    if (receive(4096).empty())
      return true;
  }
}

response connection::read(bool head) {
  size_t end = 0;
  while ((end = held_.find("\r\n\r\n")) == std::string::npos) {
    auto more = receive(65536);
    if (more.empty())
      throw std::runtime_error("closed before an answer: " + held_);
    held_ += more;
  }
  auto x = parse_head(std::string_view(held_).substr(0, end));
  held_.erase(0, end + 4);
  auto length = head ? 0 : std::stoull("0" + x.field("Content-Length"));
  while (held_.size() < length) {
    auto more = receive(65536);
    if (more.empty())
      throw std::runtime_error("closed in the middle of an answer");
    held_ += more;
  }
  x.body = held_.substr(0, length);
  held_.erase(0, length);
  x.closed = x.field("Connection") == "close";
  return x;
}

void connection::abort() {
  linger hard{1, 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
  ::close(socket_);
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

uint16_t port_of(const std::string& base_url) {
  return static_cast<uint16_t>(std::stoi(base_url.substr(base_url.rfind(':') + 1)));
}

std::string request_text(std::string_view method, std::string_view path, const headers& with,
                         std::string_view body) {
  auto text = std::string(method) + " " + std::string(path) + " HTTP/1.1\r\n";
  bool framed = false;
  bool addressed = false;
  for (auto& [name, value] : with) {
    text += name + ": " + value + "\r\n";
    framed = framed || name == "Content-Length" || name == "Transfer-Encoding";
    addressed = addressed || name == "Host";
  }
  if (!addressed)
    text += "Host: localhost\r\n";
  if (!framed && (!body.empty() || method == "POST"))
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  return text + "\r\n" + std::string(body);
}

response ask(const std::string& base_url, std::string_view method, std::string_view path,
             const headers& with, std::string_view body) {
  connection line(port_of(base_url));
  line.send(request_text(method, path, with, body));
  return line.read(method == "HEAD");
}

response post_json(const std::string& base_url, std::string_view path, std::string_view body) {
  return ask(base_url, "POST", path, {{"Content-Type", "application/json"}}, body);
}

response post_form(const std::string& base_url, std::string_view path, std::string_view body) {
  return ask(base_url, "POST", path, {{"Content-Type", "application/x-www-form-urlencoded"}}, body);
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  auto end = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= end)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return true;
}

size_t resident_bytes() {
  std::ifstream status("/proc/self/status");
  std::string line;
  while (std::getline(status, line))
    if (line.starts_with("RssAnon:"))
      return std::stoull(line.substr(8)) * 1024;
  return 0;
}

} // namespace igl::wire
