#pragma once

#include "http/form.hpp"
#include "messages/api.hpp"

#include <caf/expected.hpp>

#include <cpprest/streams.h>

#include <chrono>
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

/// Which bytes of a stored document.
struct document_part {
  uint64_t first = 0;
  uint64_t length = 0;
  size_t piece_size = 0; ///< of the pieces it is stored in
};

/// Fetches a piece; calls back once, on any thread.
using piece_fetched = std::function<void(caf::expected<std::string>)>;
using piece_source = std::function<void(uint32_t piece, piece_fetched done)>;

/// What a request is answered when its body comes bit by bit.
struct streamed_answer {
  uint16_t status = 200;
  std::string content_type{};
  document_part part{};
  piece_source pieces{}; ///< empty: none, the length of the part is only told (HEAD)
  std::vector<http_header> headers{};
};

/// One request on its way to its answer, however it came. Answered exactly once: a second answer is
/// dropped, and one that everybody forgot is answered when the exchange ends. Thread-safe once it
/// is dispatched.
class exchange : public std::enable_shared_from_this<exchange> {
public:
  explicit exchange(std::string own_origin) : own_origin_(std::move(own_origin)) {}
  exchange(const exchange&) = delete;
  exchange& operator=(const exchange&) = delete;
  virtual ~exchange() = default;

  virtual const std::string& method() const = 0;
  /// As it was sent, still percent-encoded, without the query.
  virtual const std::string& path() const = 0;
  /// As it was sent.
  virtual const std::string& query() const = 0;
  /// Empty if absent.
  virtual std::string header(const char* name) const = 0;
  /// The name of a header that only a proxy adds; empty: there is none.
  virtual std::string added_by_proxy() const = 0;
  /// The caller's IP address.
  virtual const std::string& peer() const = 0;
  /// `http://host:port` as the caller sees this server.
  std::string origin() const;

  /// The segments that stood for `{}` in the route, decoded.
  std::vector<std::string> captured;
  /// What the query asks, decoded.
  form asked;

  /// True if the body is of this media type; else answers 415 itself.
  bool demand(std::string_view media_type);
  /// The whole body, for bodies that fit into memory. Answers 413 and 400 itself; `then` runs on
  /// any thread and may throw.
  virtual void read(uint64_t at_most, std::function<void(std::string)> then) = 0;
  /// The body's stream, for whoever reads it piece by piece.
  virtual concurrency::streams::streambuf<uint8_t> take_body() = 0;
  /// So many bytes of the body were taken.
  virtual void body_moved(uint64_t) {}
  /// All of it came. False: too late, somebody gave it up and has answered.
  virtual bool body_ended() { return true; }
  /// Whoever took the body does not want the rest of it.
  virtual void abandon_body() {}
  /// Content-Length; none: chunked.
  virtual caf::optional<uint64_t> announced_length() const = 0;
  /// Is the framing of the body one that can be believed?
  virtual bool well_framed() const { return true; }

  /// The whole request is here and what it asks for takes long: a silent connection is not idle.
  virtual void expect_long_wait() {}
  virtual void reply(answer x) = 0;
  virtual void stream(streamed_answer x) = 0;
  void fail(const caf::error& why);
  /// The same, and the connection ends.
  void refuse_and_close(const caf::error& why);
  /// 405, with the methods that are allowed.
  void refuse_method(std::string allow);
  /// Runs a piece of the handling; what it throws becomes the answer 500.
  void guarded(const std::function<void()>& piece);

protected:
  /// The connection, if there is one, ends with the answer.
  virtual void close_afterwards() {}
  answer refusal_of(const caf::error& why);
  /// When a request that cannot be served now may come again.
  virtual std::chrono::seconds retry_after() { return std::chrono::seconds{1}; }

private:
  std::string own_origin_;
};

} // namespace igl
