#pragma once

#include "actors/commands/node_client.hpp"
#include "actors/commands/terminal.hpp"

#include <functional>
#include <string>

/// The commands that speak to a running node. Each prints for people, or with `json` for machines,
/// and returns the exit status: 0 only on success; mistakes are one line on `err` that says what to
/// do.
namespace igl::commands {

/// Says what failed; the exit status 1.
int fail(const terminal& term, const std::string& command, const caf::error& why);
/// Says what the caller should do otherwise; the exit status 2.
int refuse(const terminal& term, const std::string& command, const std::string& sentence);
/// Every event about something, in order, in pages.
caf::error for_each_event(node_client& node, const std::string& about,
                          const std::function<void(const event&, const nlohmann::json&)>& use);

int document_put(node_client& node, const terminal& term, const std::string& file,
                 const std::string& jurisdiction);
/// Writes the document to `output`, or to `out` when that is empty.
int document_get(node_client& node, const terminal& term, const std::string& multihash,
                 std::string jurisdiction, const std::string& output);

struct message_options {
  std::string sender; ///< empty: the node's own jurisdiction
  std::string receiver;
  std::string subject;
  std::string obj;
  std::string predicate;
  std::string sender_ref; ///< empty: the node chooses one
};
int message_send(node_client& node, const terminal& term, message_options what);
int message_show(node_client& node, const terminal& term, const std::string& reference);

/// Every event of a message, or of whatever events are about, in order.
int trace(node_client& node, const terminal& term, const std::string& about);
/// How the node does. Of its actors those that are not running, are busy or have failed.
int status(node_client& node, const terminal& term);
/// The supervision tree: since when each actor runs, its restarts, what it is doing now.
int tree(node_client& node, const terminal& term);

/// Lets the node read its configuration again, and prints what came of it. 1: it refuses.
int config_reload(node_client& node, const terminal& term);

/// All subscriptions, a line each; with a callback, how that subscriber does.
int subscriptions(node_client& node, const terminal& term, const std::string& callback);
/// `act` is pause, resume, drop or test.
int act_on_subscriber(node_client& node, const terminal& term, const std::string& act,
                      const std::string& callback);

} // namespace igl::commands
