#include "actors/peer_gate.hpp"

#include "messages/errors.hpp"

#include <caf/optional.hpp>

#include <utility>

namespace igl {

namespace {

/// Silent peers are remembered while there are few; beyond that only those with work are.
constexpr size_t remembered = 1024;

} // namespace

peer_mood mood_after(const caf::error& why) {
  switch (code_of(why)) {
  case errc::peer_timeout:
  case errc::peer_unreachable:
  case errc::unavailable:
    return peer_mood::silent;
  default:
    return peer_mood::answering;
  }
}

void peer_gate::admit(const std::string& peer, visitor who) {
  auto& door = doors_[peer];
  if (door.running < at_once_) {
    ++door.running;
    who.enter();
  } else if (door.mood == peer_mood::answering && door.line.size() < waiting_) {
    door.line.push_back(std::move(who));
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
  std::deque<visitor> away;
  caf::optional<visitor> next;
  if (mood == peer_mood::silent) {
    away.swap(door.line);
  } else if (!door.line.empty()) {
    next = std::move(door.line.front());
    door.line.pop_front();
    ++door.running;
  }
  if (door.running == 0 && (mood == peer_mood::answering || doors_.size() > remembered))
    doors_.erase(at);
  for (auto& who : away)
    who.turned_away();
  if (next)
    next->enter();
}

uint32_t peer_gate::running(const std::string& peer) const {
  auto at = doors_.find(peer);
  return at == doors_.end() ? 0 : at->second.running;
}

} // namespace igl
