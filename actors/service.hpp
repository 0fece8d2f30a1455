#pragma once

#include "config/config.hpp"

#include <caf/expected.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

namespace igl {

/// A node or an endpoint that runs: its ledger, its streams, its actors and its listeners.
class service {
public:
  virtual ~service() = default;

  /// Takes nothing new, finishes what is in flight, stops every actor and the embedded nats-server.
  /// False: some of it did not end within settings.shutdown_timeout; the process should then end
  /// without further ado.
  virtual bool stop() = 0;
  /// Ends as if the process had been killed: nothing is finished, nothing is said to anybody.
  virtual void abandon() = 0;
  /// Reads the configuration again, and follows it as far as that goes without a restart. Returns
  /// at once; what comes of it is logged, and for a node seen in its status. `who` asked for it.
  virtual void reload(const std::string& who) = 0;
  /// The root supervisor gave up: why. Empty: it runs.
  virtual std::string gave_up() const = 0;
  /// One line for the log: where it listens.
  virtual std::string listening_at() const = 0;
  /// One line for the log: events, messages, open jobs, dead letters.
  virtual std::string figures() const = 0;
};

/// Fails with a sentence for the operator: the folder, the port, the missing program. The streams
/// may be away: it starts all the same and goes on when they come. `again` reads a node's settings
/// anew for a reload (it may block); empty: they are not from a file.
caf::expected<std::unique_ptr<service>>
start_node(node_settings how, std::function<loaded<node_settings>()> again = {});
caf::expected<std::unique_ptr<service>> start_endpoint(endpoint_settings how);

class machine;
/// The same on another machine than this one.
caf::expected<std::unique_ptr<service>>
start_node_on(std::shared_ptr<machine> on, node_settings how,
              std::function<loaded<node_settings>()> again = {});
caf::expected<std::unique_ptr<service>> start_endpoint_on(std::shared_ptr<machine> on,
                                                          endpoint_settings how);

} // namespace igl
