#pragma once

#include <nlohmann/json.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// A blocking HTTP client that shares no code with the program: what these tests see is what goes
/// over the wire.
namespace igl::wire {

using headers = std::vector<std::pair<std::string, std::string>>;

struct response {
  int status = 0;
  std::string reason;
  std::multimap<std::string, std::string> fields; ///< names in lower case
  std::string body;
  bool closed = false; ///< the connection was closed after it

  std::string field(const std::string& name) const;
  nlohmann::json json() const;
  /// `code` of the one error of wire.md.
  std::string code() const;
  nlohmann::json error() const;
};

/// One connection to 127.0.0.1. Throws std::runtime_error when nothing comes for ten seconds.
class connection {
public:
  explicit connection(uint16_t port, int receive_buffer = 0);
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  void send(std::string_view bytes);
  /// False: the other side does not take them.
  bool try_send(std::string_view bytes);
  /// Up to `most` bytes; empty: closed by the other side.
  std::string receive(size_t most);
  /// Did the other side send something, or close?
  bool has_something() const;
  /// Has the other side closed, within a time?
  bool closes_within(std::chrono::milliseconds at_most);
  /// `head`: the answer has no body.
  response read(bool head = false);
  /// Ends it with a reset, as a process that is killed does.
  void abort();

private:
  int socket_;
  std::string held_;
};

/// The port of `http://127.0.0.1:41234`.
uint16_t port_of(const std::string& base_url);

/// With a Host and a Content-Length unless `with` has them.
std::string request_text(std::string_view method, std::string_view path, const headers& with,
                         std::string_view body);
/// One request on a connection of its own.
response ask(const std::string& base_url, std::string_view method, std::string_view path,
             const headers& with = {}, std::string_view body = {});
response post_json(const std::string& base_url, std::string_view path, std::string_view body);
response post_form(const std::string& base_url, std::string_view path, std::string_view body);

/// Looks again and again until the condition holds, for at most `patience`. True if it does.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds patience = std::chrono::seconds{10});

/// The memory of this process that is in use and not file cache, in bytes.
size_t resident_bytes();

} // namespace igl::wire
