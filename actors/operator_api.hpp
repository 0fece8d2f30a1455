#pragma once

#include "actors/reconciler.hpp"
#include "actors/replaceable.hpp"
#include "messages/promise.hpp"
#include "messages/surroundings.hpp"
#include "storage/streams.hpp"

#include <caf/actor_clock.hpp>
#include <caf/optional.hpp>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace igl {

/// Whoever knows how a channel does.
using channel_health_actor =
    caf::typed_actor<caf::replies_to<channel_health_query>::with<channel_health>>;

/// Who tells what about one channel.
struct channel_view {
  channel_health_actor traffic;
  channel_health_actor subscription; ///< empty: nobody subscribes there
};

/// What an operator may look at.
struct operator_view {
  std::string service; ///< "igl-node" or "igl-endpoint"
  std::string name;    ///< jurisdiction, or endpoint id
  std::vector<stream> used;
  std::shared_ptr<streams> carried_by;
  replaceable<std::vector<channel_view>> channels;
  supervisor_actor root;
  std::function<bool()> listening;
  backup_actor backup = {};
  reloader_actor reloader{}; ///< empty: its configuration cannot be reloaded
  std::string data_dir{};    ///< where no backup may go
};

/// Is one folder another, or somewhere inside it, by their names?
bool is_inside(const std::string& folder, const std::string& of);
/// What somebody is told who wants to put a backup there; none: nothing speaks against it.
caf::error refuse_inside(const std::string& folder, const std::string& data_dir);

/// What the operator API can be asked, and what it tells itself.
using operator_api_self = operator_api_actor::extend<
    // INTERNAL: how full a stream is.
    caf::reacts_to<stream_measured>,
    // INTERNAL: streams that have not said it by now will not.
    caf::reacts_to<caf::tick_atom>>;

/// A status that is being put together.
struct status_in_progress {
  node_status result;
  size_t awaited = 0; ///< answers of actors
  std::shared_ptr<guarded_promise<node_status>> answer;
};

struct operator_api_state {
  static inline const char* name = "operator-api";
  caf::timestamp started;
  std::map<stream, stream_level> levels; ///< of the measurement under way
  size_t unmeasured = 0;                 ///< streams that have not answered
  bool measuring = false;
  std::vector<std::shared_ptr<status_in_progress>> waiting;
  readiness_check ledger; ///< as it was at `looked`
  caf::optional<caf::actor_clock::time_point> looked;
  std::vector<std::shared_ptr<guarded_promise<readiness>>> probes; ///< wait for a look
};

/// Answers what `igl status`, `igl trace` and the probes ask.
///
/// Calls: the ledger reader, the streams, whoever knows about a channel, the root supervisor, the
///        reloader
/// Bounds: a part that does not answer within timeouts::status is shown as it was last known;
///         probes write to the ledger once per second at most
operator_api_self::behavior_type
operator_api(operator_api_self::stateful_pointer<operator_api_state> self, surroundings with,
             operator_view view);

} // namespace igl
