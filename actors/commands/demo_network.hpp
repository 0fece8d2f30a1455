#pragma once

#include "actors/commands/child_process.hpp"
#include "actors/commands/node_client.hpp"

#include <map>
#include <string>
#include <vector>

namespace igl {

/// What is special about a network of processes; the defaults are the demo's.
struct network_options {
  std::string folder;  ///< everything is below it; it must exist
  std::string program; ///< path of igl; empty: the one that is running
  std::vector<std::string> nations{"AU", "SG"};
  std::string node_settings;     ///< TOML tables put at the end of every node's configuration
  std::string channel_settings;  ///< TOML lines put at the end of every node's channel
  std::string endpoint_settings; ///< TOML tables put at the end of every endpoint's configuration
  std::vector<std::string> environment; ///< NAME=value for every process
};

/// One node and one endpoint per nation, as separate processes on 127.0.0.1, joined by one channel
/// over a shared database. For the demo, the tests and the measurements.
class demo_network {
public:
  struct member {
    std::string name; ///< "node AU", "endpoint SG"
    std::string kind; ///< "node" or "endpoint"
    std::string config_file;
    std::string data_dir;
    std::string log_file;
    std::string url;
    child_process process;
  };

  /// Writes the configurations; starts nothing.
  explicit demo_network(network_options how);

  /// Starts a member and waits until it is ready. Fails with unavailable and the end of its log.
  caf::error start(member& which);
  caf::error launch(member& which); ///< starts it and does not wait
  caf::error await_ready(member& which, std::chrono::milliseconds at_most);
  caf::error start_all();
  /// Stops all in order: nodes, then endpoints. True if each ended with exit status 0.
  bool stop_all();

  member& node(const std::string& nation) { return members_.at("node " + nation); }
  member& endpoint(const std::string& nation) { return members_.at("endpoint " + nation); }
  std::map<std::string, member>& members() { return members_; }
  const network_options& options() const { return options_; }

private:
  network_options options_;
  std::map<std::string, member> members_;
};

} // namespace igl
