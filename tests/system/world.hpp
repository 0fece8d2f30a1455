#pragma once

#include "actors/commands/demo_network.hpp"
#include "tests/support/temporary_folder.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

/// What the tests with real processes have in common.
namespace igl::system_tests {

/// Asks again and again until it is true; false when the time is over.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds at_most = std::chrono::seconds{60});

/// What a command printed and how it ended.
struct ran {
  int status = -1;
  std::string out; ///< standard output and error
};
/// Runs the program with arguments.
ran run_igl(std::vector<std::string> arguments,
            std::chrono::seconds at_most = std::chrono::seconds{60});

/// A network of AU and SG that is ended with the test.
struct world {
  explicit world(network_options how = {});
  ~world();

  caf::error start() { return network.start_all(); }

  temporary_folder folder;
  demo_network network;

private:
  network_options with_folder(network_options how) const;
};

/// The JSON body of a message from AU to SG with this reference.
std::string message_body(const std::string& sender_ref);

/// Posts AU:<prefix>-<n> for n in [0, count) over several connections. A post that fails (the node
/// is down) is posted again, with the same reference, until `at_most` is over. Returns the
/// references that got a 201.
std::set<std::string> post_messages(const std::string& node_url, const std::string& prefix,
                                    size_t count, std::chrono::seconds at_most);

/// Status by reference of every message in a node's lake, out of its event log.
std::map<std::string, std::string> statuses(const std::string& node_url,
                                            const std::set<std::string>& references);

/// Every reference has this status at this node.
bool all_have(const std::string& node_url, const std::set<std::string>& references,
              const std::string& status);

/// How often an event of this kind was recorded, by what it is about.
std::map<std::string, size_t> events_by_subject(const std::string& url, const std::string& kind);

/// The balance after a failure: each message that got a 201 is accepted at AU, received at SG once
/// and only once, and lies on the channel under one id. Uses doctest's checks; prints what is
/// missing.
void check_balance(world& w, const std::set<std::string>& promised);

/// The process id of the nats-server of a node, 0: none.
pid_t nats_server_of(const std::string& node_url);

} // namespace igl::system_tests
