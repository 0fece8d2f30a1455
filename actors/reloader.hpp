#pragma once

#include "actors/replaceable.hpp"
#include "config/config.hpp"
#include "config/difference.hpp"
#include "messages/promise.hpp"
#include "messages/surroundings.hpp"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace igl {

/// Reads a node's configuration again: the same file, the same environment. It may block.
using configuration_source = std::function<loaded<node_settings>()>;

// -- what a reload decides, as plain functions ----------------------------------------------------

/// Refused: every mistake, in the words of `igl config check`, and everything that needs a restart.
/// Otherwise what is different.
configuration_reload judge(const node_settings& in_force, const loaded<node_settings>& read);

/// The channels that are in `before` and not in `after`.
std::set<std::string> channels_gone(const node_settings& before, const node_settings& after);

/// "channel au-nz is gone, 3 messages that are under way on it …".
std::string left_behind(const std::string& channel_id, size_t messages);

/// What `igl trace configuration` tells.
settlement record_of(const configuration_reload& x);

// -- the actor ------------------------------------------------------------------------------------

/// What of a node follows its configuration, and how it is made to.
struct reloadable_node {
  configuration_source read; ///< empty: it was not started from a file
  current_settings settings;
  std::vector<job_source_actor> sources; ///< whose jobs are in hand where the settings are used
  supervisor_actor root;                 ///< above the part that is started anew
  std::string part;                      ///< its name there
};

/// A reload that somebody waits for.
struct reload_in_progress {
  configuration_reload result;
  node_settings next;
  std::map<std::string, size_t> under_way; ///< messages on a channel that is gone, by its id
  std::shared_ptr<guarded_promise<configuration_reload>> answer;
};

struct reloader_state {
  static inline const char* name = "reloader";
  configuration_reload last;
  std::deque<std::shared_ptr<reload_in_progress>> waiting; ///< the first is under way
};

/// Reads the configuration again, and has the node follow it.
///
/// Calls:   the ledger, the job sources of the routing, the root supervisor
/// Settles: an event when it has changed anything
/// Bounds:  jobs in hand have three seconds to be finished; what takes longer is given back
/// Refuses: a configuration with mistakes, and one that needs a restart; nothing is changed then
reloader_actor::behavior_type reloader(reloader_actor::stateful_pointer<reloader_state> self,
                                       surroundings around, reloadable_node node);

} // namespace igl
