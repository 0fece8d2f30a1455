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
  void body_moved() override {
    some_came_ = true;
    moved_ = std::chrono::steady_clock::now().time_since_epoch();
  }
  void body_ended() override { body_ended_ = true; }
  void abandon_body() override { body_taken_ = false; }
  caf::optional<uint64_t> announced_length() const override { return length_; }
  bool well_framed() const override { return well_framed_; }
  void expect_long_wait() override;
  void reply(answer x) override;
  void stream(streamed_answer x) override;

  /// Does the caller wait to be told that its body is welcome?
  bool expects_continue() const;
  /// Answers for whoever took the body, if none of it came for so long; and in half of that time a
  /// caller that sends nothing before it is told to continue, which cpprestsdk cannot tell.
  void end_stalled_body(std::chrono::milliseconds patience);

private:
  std::shared_ptr<web_exchange> shared_this() {
    return std::static_pointer_cast<web_exchange>(shared_from_this());
  }
  std::weak_ptr<web_exchange> weak_this() { return shared_this(); }
  void close_afterwards() override { must_close_ = true; }
  bool claim_answer();
  void leave_body();
  bool nothing_came();
  void send(web::http::http_response response);
  void read_chunked(uint64_t at_most, std::function<void(std::string)> then);

  web::http::http_request request_;
  std::shared_ptr<traffic> load_;
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
