#pragma once

#include "actors/commands/demo_network.hpp"
#include "actors/commands/stop_signal.hpp"
#include "messages/events.hpp"

#include <functional>
#include <iosfwd>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace igl {

/// One step of a story: something is done, then something becomes true.
struct scene {
  std::string title{};                  ///< printed before it; empty: none
  std::function<std::string()> act{};   ///< what went wrong, or nothing
  std::function<std::string()> wants{}; ///< what is not true yet, or nothing; none: do not wait
  std::function<std::string()> tells{}; ///< printed when it came true; none: nothing
};

/// A running network as a story sees it: the nodes, a business with a subscriber at each, and what
/// the event logs of all processes say.
class demo_stage {
public:
  demo_stage(demo_network& network, stop_signal& stop, std::ostream& out);
  ~demo_stage();
  demo_stage(const demo_stage&) = delete;
  demo_stage& operator=(const demo_stage&) = delete;

  demo_network& network() { return network_; }
  std::ostream& out() { return out_; }
  /// The client of a nation's node.
  node_client& at(const std::string& nation);

  /// A business at this node subscribes to a topic. Waits until its intent is confirmed.
  std::string subscribe(const std::string& nation, const std::string& topic);
  /// How often the businesses of a nation were called back with this text in the body.
  size_t calls(const std::string& nation, const std::string& text) const;

  /// Stores a file for other governments; `multihash` becomes its name.
  std::string store(const std::string& nation, const std::vector<std::string>& readers,
                    const std::string& name, const std::string& bytes, std::string& multihash);
  /// Status of a message, `AU:17`, at a nation's node; empty: it is not there.
  std::string status_of(const std::string& nation, const std::string& reference);
  /// A field of it, such as `channel_id`.
  std::string field_of(const std::string& nation, const std::string& reference,
                       const std::string& field);
  /// A nation's node lets its own nation read a document, and has these bytes.
  bool reads(const std::string& nation, const std::string& multihash, const std::string& bytes);
  /// How much is in the ledger of a nation's node.
  caf::expected<ledger_figures> figures(const std::string& nation);
  /// Every event of one kind at a node or endpoint: how often about what.
  std::map<std::string, size_t> count(const demo_network::member& where, event_kind kind);

  /// Prints the scenes as they come true, and each hop: what the event logs of all processes say
  /// while it waits, in order of time. Returns what went wrong, or nothing.
  std::string play(const std::vector<scene>& scenes);

private:
  class subscriber;

  std::string await(const std::function<std::string()>& wants);
  std::vector<std::pair<event, std::string>> new_events();
  void begin_hops();
  void print_hops();

  demo_network& network_;
  stop_signal& stop_;
  std::ostream& out_;
  std::map<std::string, std::unique_ptr<node_client>> clients_;
  std::map<std::string, std::vector<std::unique_ptr<subscriber>>> subscribers_; // by nation
  std::map<std::string, uint64_t> seen_; // by member: the last event that was printed
  caf::timestamp start_;                 // of the hops; zero: the next one begins
};

} // namespace igl
