#pragma once

#include "channels/shared_database.hpp"
#include "config/settings.hpp"
#include "messages/interfaces.hpp"
#include "messages/promise.hpp"

#include <functional>

namespace igl {

using incoming_opener = std::function<caf::expected<std::unique_ptr<shared_database>>()>;

/// A message that a peer waits to hear about.
struct incoming_write {
  incoming_message what;
  std::shared_ptr<guarded_promise<channel_receipt>> answer;
};

struct incoming_api_state {
  static inline const char* name = "incoming-api";
  std::unique_ptr<shared_database> into; ///< none: not open
  std::vector<incoming_write> waiting;   ///< for the next append
  bool flushing = false;                 ///< a flush is in the mailbox
};

/// Takes what the other sides of a channel hand over (POST /messages/incoming), and answers when it
/// is on disk. What waits is written in one append. It blocks its thread while the disk syncs:
/// spawn it with `caf::detached`.
///
/// Writes:  what the api medium reads
/// Refuses: as incoming_rules says; `conflict` for an id that its sender used for other content
incoming_api_actor::behavior_type
incoming_api(incoming_api_actor::stateful_pointer<incoming_api_state> self, endpoint_settings how,
             incoming_opener open);

} // namespace igl
