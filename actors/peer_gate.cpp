#include "actors/peer_gate.hpp"

#include "messages/errors.hpp"

#include <caf/optional.hpp>

#include <utility>

namespace igl {

namespace {

/// Silent peers are remembered while there are few; beyond that only those with work are.
constexpr size_t remembered = 1024;

/// A peer keeps up if nobody waits for it for longer than this.
constexpr std::chrono::seconds quick{1};

} // namespace

peer_mood mood_after(const caf::error& why) {
  switch (code_of(why)) {
  case errc::peer_timeout:
  case errc::peer_unreachable:
  case errc::peer_lost:
  case errc::unavailable:
    return peer_mood::silent;
  default:
    return peer_mood::answering;
  }
}

bool peer_gate::may_wait(const entrance& at) const {
  if (at.mood == peer_mood::silent)
    return false;
  return at.line.size() < waiting_ ||
         (now_ && !at.line.empty() && now_() - at.line.front().since < quick);
}

void peer_gate::admit(const std::string& peer, visitor who) {
  auto& door = doors_[peer];
  if (door.running < at_once_) {
    ++door.running;
    who.enter();
  } else if (may_wait(door)) {
    door.line.push_back({std::move(who), now_ ? now_() : caf::timestamp{}});
  } else {
    who.turned_away();
  }
}

void peer_gate::leave(const std::string& peer, peer_mood mood) {
  auto at = doors_.find(peer);
  if (at == doors_.end())
    return;
  auto& door = at->second;
  door.mood = mood;
  --door.running;
  // Visitors may come to this gate again while they are called: decide first, call afterwards.
  std::deque<waiting_visitor> away;
  caf::optional<visitor> next;
  if (mood == peer_mood::silent) {
    away.swap(door.line);
  } else if (!door.line.empty()) {
    next = std::move(door.line.front().who);
    door.line.pop_front();
    ++door.running;
  }
  if (door.running == 0 && (mood == peer_mood::answering || doors_.size() > remembered))
    doors_.erase(at);
  for (auto& waiting : away)
    waiting.who.turned_away();
  if (next)
    next->enter();
}

uint32_t peer_gate::running(const std::string& peer) const {
  auto at = doors_.find(peer);
  return at == doors_.end() ? 0 : at->second.running;
}

} // namespace igl
