#include "http/local_server.hpp"

#include "http/detail/dispatch.hpp"
#include "http/spool.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "messages/uri.hpp"

#include <cpprest/containerstream.h>

#include <algorithm>
#include <utility>

namespace igl {

namespace {

/// An exchange whose whole request is there, and whose answer goes to a function.
class local_exchange final : public exchange {
public:
  local_exchange(http_request request, local_server::answered done, std::string own_origin)
      : exchange(std::move(own_origin)), request_(std::move(request)), done_(std::move(done)),
        length_(request_.body.size()) {
    auto start = request_.url.find("://");
    start = request_.url.find('/', start == std::string::npos ? 0 : start + 3);
    auto target = start == std::string::npos ? "/" : request_.url.substr(start);
    target = target.substr(0, target.find('#'));
    auto question = target.find('?');
    path_ = target.substr(0, question);
    if (question != std::string::npos)
      query_ = target.substr(question + 1);
  }

  ~local_exchange() override {
    if (done_)
      guarded([this] { fail(make_problem(errc::broken_promise)); });
  }

  const std::string& method() const override { return request_.method; }
  const std::string& path() const override { return path_; }
  const std::string& query() const override { return query_; }
  std::string header(const char* name) const override {
    for (auto& x : request_.headers)
      if (equal_ignoring_case(x.name, name))
        return x.value;
    return {};
  }
  std::string added_by_proxy() const override { return {}; }
  const std::string& peer() const override {
    static const std::string nearby = "127.0.0.1";
    return nearby;
  }

  void read(uint64_t at_most, std::function<void(std::string)> then) override {
    if (request_.body.size() > at_most)
      return fail(make_problem(errc::too_large));
    guarded([&] { then(std::move(request_.body)); });
  }
  concurrency::streams::streambuf<uint8_t> take_body() override {
    return concurrency::streams::container_buffer<std::string>(std::move(request_.body),
                                                               std::ios_base::in);
  }
  caf::optional<uint64_t> announced_length() const override { return length_; }

  void reply(answer x) override {
    if (!done_)
      return;
    http_response response;
    response.status = x.status;
    response.headers = std::move(x.headers);
    if (!x.body.empty())
      response.headers.push_back({"Content-Type", std::move(x.content_type)});
    if (method() != "HEAD")
      response.body = std::move(x.body);
    std::exchange(done_, nullptr)(std::move(response));
  }

  void stream(streamed_answer x) override {
    auto whole = std::make_shared<streamed_answer>(std::move(x));
    gather(whole, std::make_shared<std::string>(),
           whole->part.piece_size == 0
               ? 0
               : static_cast<uint32_t>(whole->part.first / whole->part.piece_size));
  }

private:
  /// Piece by piece until the part is there.
  void gather(const std::shared_ptr<streamed_answer>& x, const std::shared_ptr<std::string>& bytes,
              uint32_t piece) {
    const auto skipped = x->part.piece_size == 0 ? 0 : x->part.first % x->part.piece_size;
    if (!x->pieces || bytes->size() >= skipped + x->part.length)
      return reply({x->status, x->pieces ? bytes->substr(skipped, x->part.length) : std::string{},
                    x->content_type, std::move(x->headers)});
    x->pieces(piece, [=, self = shared_from_this(), this](caf::expected<std::string> some) {
      if (!some)
        return fail(some.error());
      bytes->append(*some);
      gather(x, bytes, piece + 1);
    });
  }

  http_request request_;
  local_server::answered done_;
  uint64_t length_;
  std::string path_;
  std::string query_;
};

class route_server final : public local_server {
public:
  route_server(listener_settings listener, services_ptr with)
      : listener_(std::move(listener)), with_(std::move(with)),
        routes_(routes_of(listener_, with_)) {}
  ~route_server() override { stop(std::chrono::milliseconds{0}); }

  std::string base_url(api which) const override {
    auto& apis = listener_.apis;
    return std::find(apis.begin(), apis.end(), which) == apis.end() ? std::string{}
                                                                    : "http://" + listener_.address;
  }
  bool listening() const override { return !stopped_; }
  void stop(std::chrono::milliseconds) override {
    if (!std::exchange(stopped_, true))
      with_->through.stop();
  }

  void take(http_request x, answered done) override {
    auto one = std::make_shared<local_exchange>(std::move(x), std::move(done),
                                                "http://" + listener_.address);
    one->guarded([&] {
      if (stopped_)
        one->fail(make_problem(errc::unavailable, "this node is shutting down", R"(["shutdown"])"));
      else
        dispatch(routes_, one);
    });
  }

private:
  listener_settings listener_;
  services_ptr with_;
  router routes_;
  bool stopped_ = false;
};

} // namespace

caf::expected<std::unique_ptr<local_server>>
local_server::start(caf::actor_system& sys, server_options how, api_actors who) {
  if (how.listeners.empty())
    return make_problem(errc::internal, "a local server needs a listener");
  if (auto why = prepare_spool(how.spool_dir))
    return why;
  auto listener = how.listeners.front();
  auto with = std::make_shared<const services>(sys, std::move(how), std::move(who));
  return std::unique_ptr<local_server>(
      std::make_unique<route_server>(std::move(listener), std::move(with)));
}

} // namespace igl
