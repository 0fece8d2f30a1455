#pragma once

#include "http/detail/traffic.hpp"
#include "http/form.hpp"
#include "messages/api.hpp"

#include <cpprest/http_msg.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// What a request is answered.
struct answer {
  uint16_t status = 200;
  std::string body{};
  std::string content_type = "application/json";
  std::vector<http_header> headers{};
};

/// What a request is answered when its body comes bit by bit.
struct streamed_answer {
  uint16_t status = 200;
  std::string content_type{};
  uint64_t length = 0;
  concurrency::streams::istream body{}; ///< not open: none, `length` is only told (HEAD)
  std::vector<http_header> headers{};
};

/// One request on its way to its answer. Answered exactly once: a second answer is dropped, and
/// one that everybody forgot is answered by the destructor. Thread-safe once it is dispatched.
class exchange : public std::enable_shared_from_this<exchange> {
public:
  exchange(web::http::http_request request, std::shared_ptr<traffic> load, std::string own_origin);
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  ~exchange();

  const std::string& method() const { return request_.method(); }
  /// As it was sent, still percent-encoded, without the query.
  const std::string& path() const { return request_.request_uri().path(); }
  /// As it was sent.
  const std::string& query() const { return request_.request_uri().query(); }
  /// Empty if absent.
  std::string header(const char* name) const;
  /// The name of a header that only a proxy adds; empty: there is none.
  std::string added_by_proxy() const;
  /// The caller's IP address.
  const std::string& peer() const { return request_.remote_address(); }
  /// `http://host:port` as the caller sees this server.
  std::string origin() const;

  /// The segments that stood for `{}` in the route, decoded.
  std::vector<std::string> captured;
  /// What the query asks, decoded.
  form asked;

  /// True if the body is of this media type; else answers 415 itself.
  bool demand(std::string_view media_type);
  /// The whole body, for bodies that fit into memory. Answers 413 and 400 itself; `then` runs on a
  /// thread of cpprestsdk and may throw.
  void read(uint64_t at_most, std::function<void(std::string)> then);
  /// The body's stream, for whoever reads it piece by piece.
  concurrency::streams::streambuf<uint8_t> take_body();
  /// Some of the body came.
  void body_moved() {
    some_came_ = true;
    moved_ = std::chrono::steady_clock::now().time_since_epoch();
  }
  /// Does the caller wait to be told that its body is welcome?
  bool expects_continue() const;
  /// All of it came.
  void body_ended() { body_ended_ = true; }
  /// Whoever took the body does not want the rest of it.
  void abandon_body() { body_taken_ = false; }
  /// Answers for whoever took the body, if none of it came for so long; and in half of that time a
  /// caller that sends nothing before it is told to continue, which cpprestsdk cannot tell.
  void end_stalled_body(std::chrono::milliseconds patience);
  /// Content-Length; none: chunked.
  caf::optional<uint64_t> announced_length() const { return length_; }
  /// Is the framing of the body one that can be believed?
  bool well_framed() const { return well_framed_; }

  /// The whole request is here and what it asks for takes long: a silent connection is not idle.
  void expect_long_wait();
  void reply(answer x);
  void stream(streamed_answer x);
  void fail(const caf::error& why);
  /// The same, and the connection ends.
  void refuse_and_close(const caf::error& why);
  /// 405, with the methods that are allowed.
  void refuse_method(std::string allow);
  /// Runs a piece of the handling; what it throws becomes the answer 500.
  void guarded(const std::function<void()>& piece);

private:
  bool claim_answer();
  void leave_body();
  bool nothing_came();
  void send(web::http::http_response response);
  void read_chunked(uint64_t at_most, std::function<void(std::string)> then);

  web::http::http_request request_;
  std::shared_ptr<traffic> load_;
  std::string own_origin_;
  caf::optional<uint64_t> length_;
  bool well_framed_ = true;
  bool must_close_ = false;
  bool waits_long_ = false;
  std::atomic<bool> body_taken_{false};
  std::atomic<bool> body_ended_{false};
  std::atomic<bool> some_came_{false};
  std::atomic<std::chrono::steady_clock::duration> moved_{
      std::chrono::steady_clock::now().time_since_epoch()};
  std::atomic<bool> answered_{false};
};

} // namespace igl
