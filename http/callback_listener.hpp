#pragma once

#include <caf/expected.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace igl {

/// A call that a hub made to a subscriber.
struct received_callback {
  std::string body;
  std::string link;      ///< Link header
  std::string signature; ///< X-Hub-Signature, empty: none
  std::string event_number; ///< X-Hub-Event-Number, empty: none
};

/// A subscriber: listens on 127.0.0.1, confirms every intent it is asked about by echoing the challenge and hands
/// each callback over. For the demo, tests and measurements.
class callback_listener {
public:
  /// `answer` returns the HTTP status to answer with; it is called on the listener's threads.
  static caf::expected<std::unique_ptr<callback_listener>> start(uint16_t port,
                                                                 std::function<int(received_callback)> answer);
  virtual ~callback_listener() = default;
  virtual std::string url() const = 0;
};

} // namespace igl
