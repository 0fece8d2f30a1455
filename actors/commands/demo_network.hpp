#pragma once

#include "actors/commands/child_process.hpp"
#include "actors/commands/node_client.hpp"

#include <map>
#include <string>
#include <vector>

namespace igl {

/// A channel of a network: one medium, and an endpoint on it for each of its nations.
struct channel_plan {
  std::string id = "shared"; ///< what the nodes call it
  std::string name = "a database that all can open";
  std::vector<std::string> nations; ///< those that are on it; empty: all
  std::string medium =
      "kind = \"shared-database\"\n"; ///< TOML lines of [medium]; the path is added
  std::string node_side;              ///< TOML lines put at the end of this channel at every node
};

/// A network as data, and what is special about it; the defaults are the demo's.
struct network_options {
  std::string folder;  ///< everything is below it; it must exist
  std::string program; ///< path of igl; empty: the one that is running
  std::vector<std::string> nations{"AU", "SG"};
  std::vector<channel_plan> channels{channel_plan{}}; ///< what each node prefers comes first
  std::string node_settings;     ///< TOML tables put at the end of every node's configuration
  std::string channel_settings;  ///< TOML lines put at the end of every channel at every node
  std::string endpoint_settings; ///< TOML tables put at the end of every endpoint's configuration
  std::vector<std::string> environment; ///< NAME=value for every process
};

/// The integration network of the specification (channel-api.rst): nodes A, B and C are AU, SG and
/// CN. Channel A is a chain that joins all three and can fork, channel B a database that AU and SG
/// share. Every node prefers channel A, which does not carry invoices: those go over channel B.
network_options three_nations();

/// One node per nation and the endpoints of its channels, as separate processes on 127.0.0.1. For
/// the demo, the tests and the measurements.
class demo_network {
public:
  struct member {
    std::string name; ///< "node AU", "endpoint SG", "endpoint a-SG" if there are several channels
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
  /// Ends a member. True if it ended with exit status 0.
  bool stop(member& which);
  /// Stops all in order: nodes, then endpoints. True if each ended with exit status 0.
  bool stop_all();

  member& node(const std::string& nation) { return members_.at("node " + nation); }
  /// A nation's endpoint of the channel that it prefers.
  member& endpoint(const std::string& nation);
  /// Fails with std::out_of_range if the nation is not on the channel.
  member& endpoint(const std::string& channel, const std::string& nation);
  /// The nations with an endpoint of a channel.
  const std::vector<std::string>& nations_on(const channel_plan& channel) const;
  const channel_plan& channel(const std::string& id) const;
  /// The folder of a channel's medium.
  std::string medium_path(const std::string& channel) const;
  std::map<std::string, member>& members() { return members_; }
  const network_options& options() const { return options_; }

private:
  member& place(const std::string& kind, const std::string& name, const std::string& file);
  std::string endpoint_name(const std::string& channel, const std::string& nation) const;
  void write_endpoint(const channel_plan& channel, const std::string& nation);
  void write_node(const std::string& nation);

  network_options options_;
  std::map<std::string, member> members_;
};

} // namespace igl
