#pragma once

#include "messages/interfaces.hpp"

#include <functional>
#include <map>
#include <string>

namespace igl {

/// The writer of the messages to one receiver.
struct medium_lane {
  medium_writer_actor writer;
  uint32_t in_hand = 0; ///< jobs it has not answered
};

struct medium_lanes_state {
  static inline const char* name = "medium-lanes";
  std::map<std::string, medium_lane> lanes; ///< by receiver
};

/// Makes a lane's writer, linked to its parent.
using lane_maker = std::function<medium_writer_actor(caf::local_actor* parent)>;

/// A medium writer for each receiver, for a medium on which each receiver is a side of its own: one
/// that hangs delays nobody else's messages.
///
/// Calls:   the receiver's writer, with `at_once` jobs at most; more are peer_busy: a stream has
///          only so many jobs in flight, and they shall not all wait for one side
medium_writer_actor::behavior_type
medium_lanes(medium_writer_actor::stateful_pointer<medium_lanes_state> self, uint32_t at_once,
             lane_maker make);

} // namespace igl
