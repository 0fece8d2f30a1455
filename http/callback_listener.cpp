#include "http/callback_listener.hpp"

#include "messages/errors.hpp"
#include "messages/uri.hpp"

#include <cpprest/http_listener.h>

namespace igl {

namespace {

using web::http::http_request;
using web::http::experimental::listener::http_listener;

/// The value of one parameter of a query string; cpprest's own splitter does not decode.
std::string parameter(const std::string& query, const std::string& name) {
  auto parts = web::uri::split_query(query);
  auto found = parts.find(name);
  if (found == parts.end())
    return {};
  auto decoded = percent_decode(found->second);
  return decoded ? *decoded : std::string{};
}

class cpprest_callback_listener : public callback_listener {
public:
  cpprest_callback_listener(std::string url, std::function<int(received_callback)> answer)
      : url_(std::move(url)), listener_(url_), answer_(std::move(answer)) {
    listener_.support(web::http::methods::GET, [](const http_request& request) {
      request.reply(web::http::status_codes::OK,
                    parameter(request.relative_uri().query(), "hub.challenge"));
    });
    listener_.support(web::http::methods::POST, [this](http_request request) {
      request.extract_vector().then(
          [this, request](const pplx::task<std::vector<unsigned char>>& body) {
            try {
              const auto& bytes = body.get();
              received_callback call;
              call.body.assign(bytes.begin(), bytes.end());
              request.headers().match("Link", call.link);
              request.headers().match("X-Hub-Signature", call.signature);
              request.headers().match("X-Hub-Event-Number", call.event_number);
              request.reply(static_cast<web::http::status_code>(answer_(std::move(call))));
            } catch (const std::exception&) {
              request.reply(web::http::status_codes::BadRequest);
            }
          });
    });
  }

  ~cpprest_callback_listener() override {
    try {
      listener_.close().wait();
    } catch (const std::exception&) {
      // The process is about to forget the listener; there is nobody left to tell.
    }
  }

  void open() { listener_.open().wait(); }
  std::string url() const override { return url_; }

private:
  std::string url_;
  http_listener listener_;
  std::function<int(received_callback)> answer_;
};

} // namespace

caf::expected<std::unique_ptr<callback_listener>>
callback_listener::start(uint16_t port, std::function<int(received_callback)> answer) {
  auto url = "http://127.0.0.1:" + std::to_string(port);
  try {
    auto listener = std::make_unique<cpprest_callback_listener>(url, std::move(answer));
    listener->open();
    return std::unique_ptr<callback_listener>(std::move(listener));
  } catch (const std::exception& failure) {
    return make_problem(errc::unavailable, "cannot listen on " + url + ": " + failure.what());
  }
}

} // namespace igl
