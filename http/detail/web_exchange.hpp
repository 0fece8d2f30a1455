#pragma once

#include "http/detail/exchange.hpp"
#include "http/detail/traffic.hpp"

#include <cpprest/http_msg.h>

#include <atomic>
#include <chrono>

namespace igl {

/// An exchange over cpprestsdk's listener.
class web_exchange final : public exchange {
public:
  web_exchange(web::http::http_request request, std::shared_ptr<traffic> load,
               std::string own_origin);
  ~web_exchange() override;

  const std::string& method() const override { return request_.method(); }
  const std::string& path() const override { return request_.request_uri().path(); }
  const std::string& query() const override { return request_.request_uri().query(); }
  std::string header(const char* name) const override;
  std::string added_by_proxy() const override;
  const std::string& peer() const override { return request_.remote_address(); }

  void read(uint64_t at_most, std::function<void(std::string)> then) override;
  concurrency::streams::streambuf<uint8_t> take_body() override;
  void body_moved(uint64_t bytes) override {
    taken_ += bytes;
    moved_ = std::chrono::steady_clock::now().time_since_epoch();
  }
  bool body_ended() override;
  void abandon_body() override { body_taken_ = false; }
  caf::optional<uint64_t> announced_length() const override { return length_; }
  bool well_framed() const override { return well_framed_; }
  void expect_long_wait() override;
  void reply(answer x) override;
  void stream(streamed_answer x) override;

  /// Runs `then` when the body is here, or the caller hung up: then it was cut.
  void when_whole(std::function<void()> then);
  /// The body may be cut while nobody waits for it as a whole: pplx ends a process in which nobody
  /// asks why a task failed.
  void may_be_cut();
  bool was_cut() const { return was_cut_; }
  caf::error cut_short() const;
  /// Before it is dispatched: is there a place for it? Once.
  traffic::admission enter(traffic::errand why);
  /// Bytes of the request's first line and its headers, as they are usually written.
  uint64_t head_bytes() const;
  /// 431, and the connection ends.
  void refuse_head();
  /// Does somebody have to look after its body, and make a place for it while it comes: one in
  /// chunks, one that waits for a 100 Continue, one of more than so many bytes?
  bool is_large(uint64_t usual) const;
  /// How many bytes of it may have come into memory, apart from what cpprestsdk does not show.
  uint64_t brought() { return head_bytes() + came() + dropped_; }
  /// Does the caller wait to be told that its body is welcome?
  bool expects_continue() const;
  /// Ends the wait for the body of a request that was answered. Answers 400 for whoever took a body
  /// in chunks of which none came for so long; and in half of that time 417 to a caller that sends
  /// nothing before it is told to continue, which cpprestsdk cannot tell.
  void end_stalled_body(std::chrono::milliseconds patience);
  /// Somebody else needs its place: answers `why` if its body comes too slowly.
  void give_way(const caf::error& why);
  /// The same, however fast it comes.
  void give_up(const caf::error& why);
  /// What has to have come of a body after so long, when places are short: after two seconds 16 KiB
  /// for each second, but for what cpprestsdk does not show yet – 4 KiB, or the chunk that comes.
  static bool is_too_slow(uint64_t came, bool in_chunks, std::chrono::steady_clock::duration after);

private:
  std::shared_ptr<web_exchange> shared_this() {
    return std::static_pointer_cast<web_exchange>(shared_from_this());
  }
  void close_afterwards() override { must_close_ = true; }
  std::chrono::seconds retry_after() override { return load_->retry_after(); }
  bool claim_answer();
  void leave_body();
  void refuse_body();
  bool is_whole();
  bool nothing_came();
  void write(answer x);
  uint64_t came();
  void send(web::http::http_response response);
  void read_chunked(uint64_t at_most, std::function<void(std::string)> then);

  web::http::http_request request_;
  std::shared_ptr<traffic> load_;
  traffic::pass entered_;
  caf::optional<uint64_t> length_;
  bool well_framed_ = true;
  std::atomic<bool> must_close_{false};
  bool waits_long_ = false;
  std::atomic<bool> body_taken_{false};
  enum class fate : uint8_t { awaited, ended, given_up };
  std::atomic<fate> body_{fate::awaited};
  pplx::task<uint64_t> whole_; ///< if there is a body
  bool was_cut_ = false;
  std::atomic<uint64_t> taken_{0};
  std::atomic<uint64_t> dropped_{0}; ///< what will be taken off the line for nobody
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::atomic<std::chrono::steady_clock::duration> moved_{
      std::chrono::steady_clock::now().time_since_epoch()};
  std::atomic<bool> answered_{false};
};

} // namespace igl
