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
  void body_moved(uint64_t bytes) override { taken_ += bytes; }
  void body_ended() override { body_ended_ = true; }
  void abandon_body() override { body_taken_ = body_awaited_ = false; }
  caf::optional<uint64_t> announced_length() const override { return length_; }
  bool well_framed() const override { return well_framed_; }
  void expect_long_wait() override;
  void reply(answer x) override;
  void stream(streamed_answer x) override;

  /// Before it is dispatched: is there a place for it?
  traffic::admission enter(traffic::errand why);
  /// Then, when the body is here or the caller hung up.
  void when_whole(std::function<void()> then);
  /// Bytes of the request's first line and its headers, as they are usually written.
  uint64_t head_bytes() const;
  /// 431, and the connection ends.
  void refuse_head();
  /// Does somebody have to look after its body, and make a place for it while it comes: one in
  /// chunks, one that waits for a 100 Continue, one of more than so many bytes?
  bool is_large(uint64_t usual) const;
  /// How many bytes of it may have come into memory, apart from what cpprestsdk does not show.
  uint64_t brought();
  /// Does the caller wait to be told that its body is welcome?
  bool expects_continue() const;
  /// Ends the wait for the body of a request that was refused. Answers 400 for whoever waits for a
  /// body of which less than `least_progress` came for so long; and in half of that time 417 to a
  /// caller that sends nothing before it is told to continue, which cpprestsdk cannot tell.
  void end_stalled_body(std::chrono::milliseconds patience);
  /// Somebody else needs its place: answers `why` if less than `least_progress` came for so long.
  void give_way(std::chrono::milliseconds patience, const caf::error& why);
  static constexpr uint64_t least_progress = 1024; ///< bytes

private:
  std::shared_ptr<web_exchange> shared_this() {
    return std::static_pointer_cast<web_exchange>(shared_from_this());
  }
  void close_afterwards() override { must_close_ = true; }
  std::chrono::seconds retry_after() override { return load_->retry_after(); }
  bool claim_answer();
  void leave_body();
  void refuse_body();
  bool is_whole() const;
  caf::error cut_short() const;
  bool nothing_came();
  std::chrono::steady_clock::duration without_progress();
  void give_body_up(const caf::error& why);
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
  std::atomic<bool> body_awaited_{false}; ///< by whoever wants it in one piece
  std::atomic<bool> body_ended_{false};
  std::atomic<uint64_t> taken_{0};
  std::atomic<uint64_t> dropped_{0}; ///< what will be taken off the line for nobody
  uint64_t seen_ = 0;                ///< of the body, by whoever looks for stalled ones
  std::atomic<std::chrono::steady_clock::duration> moved_{
      std::chrono::steady_clock::now().time_since_epoch()};
  std::atomic<bool> answered_{false};
};

} // namespace igl
