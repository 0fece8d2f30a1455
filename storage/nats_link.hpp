#pragma once

#include <caf/expected.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace igl {

/// What the server sent to a subject we listen on. Valid during the callback.
struct nats_message {
  std::string_view subject;
  std::string_view reply;
  std::string_view data;
  int status = 0; ///< 0: an ordinary message; 100 heartbeat, 404, 408, 409, 503 no responders
  std::string_view explanation; ///< of the status: "Consumer Deleted"
  uint32_t left = 0;            ///< with 408 and 409: jobs the request still owed
};

/// Written to the server at once, or together with what else comes within a millisecond: that
/// halves the work of a busy process and doubles what it can send, but delays a single job.
enum class haste : uint8_t { at_once, gathered };

/// A connection to a NATS server, from its opening until it breaks: it does not reconnect, its
/// owner opens another one. Thread-safe. The only part that knows the client library.
///
/// It is two connections of that library, which knows no haste per message. What is sent with
/// different haste is not ordered.
class nats_link {
public:
  using heard = std::function<void(const nats_message&)>;

  /// Messages of one subscription arrive one after the other, on a thread of its own. Destroying it
  /// waits for the callback that is running (unless that is the caller); none comes later.
  class subscription {
  public:
    virtual ~subscription() = default;
    /// Tells the server to send no more; what is under way still arrives.
    virtual void drain() = 0;
  };

  /// Blocks up to `timeout`. `on_closed` hears once why the connection broke. Fails with
  /// unavailable.
  static caf::expected<std::shared_ptr<nats_link>> open(const std::string& url,
                                                        const std::string& name,
                                                        std::chrono::milliseconds timeout,
                                                        std::function<void(std::string)> on_closed);
  virtual ~nats_link() = default;

  virtual caf::expected<std::unique_ptr<subscription>> subscribe(const std::string& subject,
                                                                 heard on_message) = 0;
  /// An empty `reply` or `message_id` is left out. Fails with unavailable.
  virtual caf::error publish(haste how, const std::string& subject, const std::string& reply,
                             std::string_view payload, const std::string& message_id = {}) = 0;

  /// In bytes; the server closes the connection of who sends more.
  virtual size_t largest_payload() const = 0;
  /// "127.0.0.1:4222", without credentials.
  virtual const std::string& address() const = 0;
  /// A subject that nobody else uses, without trailing dot.
  static std::string fresh_inbox();
};

} // namespace igl
