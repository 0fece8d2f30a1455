#pragma once

#include "http/server.hpp"

#include <functional>
#include <memory>

namespace igl {

/// A server without a socket: requests come as values and are answered by the same routes and the
/// same actors. For processes that are simulated; the address of its listener is whatever name the
/// simulated network knows it by.
class local_server : public http_server {
public:
  using answered = std::function<void(http_response)>;

  /// The first of `how.listeners` serves. Fails with unavailable when the folder for uploads cannot
  /// be made.
  static caf::expected<std::unique_ptr<local_server>> start(caf::actor_system& sys,
                                                            server_options how, api_actors who);

  /// `done` is called once, on the thread of whoever answers, perhaps before this returns. After
  /// `stop` every answer is 503.
  virtual void take(http_request x, answered done) = 0;
};

} // namespace igl
