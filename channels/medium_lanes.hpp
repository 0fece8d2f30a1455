#pragma once

#include "channels/medium_writer.hpp"
#include "messages/interfaces.hpp"

#include <functional>
#include <map>
#include <string>

namespace igl {

/// The writer of the messages to one receiver.
struct medium_lane {
  medium_writer_actor writer;
  std::shared_ptr<writer_mood> mood = std::make_shared<writer_mood>();
  uint32_t in_hand = 0; ///< jobs it has not answered
};

struct medium_lanes_state {
  static inline const char* name = "medium-lanes";
  std::map<std::string, medium_lane> lanes; ///< by receiver
};

/// Makes a lane's writer, linked to its parent.
using lane_maker =
    std::function<medium_writer_actor(caf::local_actor* parent, std::shared_ptr<writer_mood> mood)>;

/// How long a message waits that finds no room in a lane which has been failing for some time: as
/// long as that, from five seconds to a minute; up to a fifth longer by `chance`, from 0 to 1. So
/// that thousands that wait for a side which hangs cost little, and come soon when it is back.
std::chrono::milliseconds pause_before_lane(std::chrono::nanoseconds failing, double chance);

/// A medium writer for each receiver, for a medium on which each receiver is a side of its own: one
/// that hangs delays nobody else's messages.
///
/// Calls:   the receiver's writer, with `at_once` jobs at most; more are peer_busy: a stream has
///          only so many jobs in flight, and they shall not all wait for one side. While the side
///          fails they are postponed, as pause_before_lane says
medium_writer_actor::behavior_type
medium_lanes(medium_writer_actor::stateful_pointer<medium_lanes_state> self, surroundings with,
             uint32_t at_once, lane_maker make);

} // namespace igl
