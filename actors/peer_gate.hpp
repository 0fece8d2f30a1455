#pragma once

#include <caf/error.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>

namespace igl {

/// How a peer behaved: whether those who wait for it may go on waiting.
enum class peer_mood : uint8_t { answering, silent };

/// Silent: no answer in time, or nobody there.
peer_mood mood_after(const caf::error& why);

/// Work for many peers, bounded for each, so that a peer that hangs delays nobody but itself.
///
/// At most `at_once` pieces of work run for a peer and `waiting` more wait their turn. When a peer
/// turned out silent (it did not answer in time, or could not be reached), those who wait for it
/// are sent away and nobody may wait until it has answered again: a stream has only so many jobs in
/// flight, and they shall not all stand in front of a closed door.
class peer_gate {
public:
  peer_gate(uint32_t at_once, uint32_t waiting) : at_once_(at_once), waiting_(waiting) {}

  /// What a piece of work is told: go on, or come again later. Exactly one is called, once.
  struct visitor {
    std::function<void()> enter;
    std::function<void()> turned_away;
  };

  /// Calls `enter` now or when it is its turn, or `turned_away`. Who entered calls `leave`.
  void admit(const std::string& peer, visitor who);
  void leave(const std::string& peer, peer_mood mood);

  uint32_t running(const std::string& peer) const;

private:
  struct entrance {
    uint32_t running = 0;
    peer_mood mood = peer_mood::answering;
    std::deque<visitor> line;
  };
  uint32_t at_once_;
  uint32_t waiting_;
  std::map<std::string, entrance> doors_; // those with work, and silent ones
};

} // namespace igl
