#pragma once

#include <caf/error.hpp>

#include <caf/timestamp.hpp>

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
  /// With a clock, more than `waiting` may wait while nobody waits for longer than a second: a peer
  /// that keeps up is not worth sending anybody away.
  peer_gate(uint32_t at_once, uint32_t waiting, std::function<caf::timestamp()> now = {})
      : at_once_(at_once), waiting_(waiting), now_(std::move(now)) {}

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
  struct waiting_visitor {
    visitor who;
    caf::timestamp since;
  };
  struct entrance {
    uint32_t running = 0;
    peer_mood mood = peer_mood::answering;
    std::deque<waiting_visitor> line;
  };
  bool may_wait(const entrance& at) const;

  uint32_t at_once_;
  uint32_t waiting_;
  std::function<caf::timestamp()> now_;
  std::map<std::string, entrance> doors_; // those with work, and silent ones
};

} // namespace igl
