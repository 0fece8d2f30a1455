#pragma once

#include "http/client.hpp"

#include "fake_node.hpp"
#include "messages/errors.hpp"
#include "tests/support/raw_server.hpp"

#include <string>
#include <vector>

namespace igl::test {

inline http_request request_for(std::string method, std::string url,
                                std::vector<http_header> headers = {}, std::string body = {}) {
  http_request x;
  x.method = std::move(method);
  x.url = std::move(url);
  x.headers = std::move(headers);
  x.body = std::move(body);
  return x;
}

/// Answers every request on every connection with the same text.
inline raw_server::act always(std::string answer) {
  return [=](int socket, int) {
    while (!raw_server::read_request(socket).empty() && raw_server::write(socket, answer)) {
    }
  };
}

struct client_world {
  fake_node node{fake_node::start::later};
  caf::scoped_actor self{*node.system};
  http_client_actor client;

  explicit client_world(http_client_options how = {}) : client(self->spawn(http_client, how)) {}
  ~client_world() { self->send_exit(client, caf::exit_reason::user_shutdown); }

  caf::expected<http_response> ask(http_request what) {
    caf::expected<http_response> result{make_problem(errc::broken_promise)};
    self->request(client, std::chrono::seconds{30}, std::move(what))
        .receive([&](http_response& x) { result = std::move(x); },
                 [&](caf::error& why) { result = std::move(why); });
    return result;
  }
  caf::expected<http_response> get(const std::string& url) { return ask(request_for("GET", url)); }
  errc failure(http_request what) {
    auto x = ask(std::move(what));
    return x ? errc::none : code_of(x.error());
  }
};

} // namespace igl::test
