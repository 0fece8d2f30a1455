#include "http/connection_watch.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace igl {

namespace {

/// A connection that may stay, and when it moved.
struct stayer {
  std::chrono::steady_clock::time_point moved;
  int key;
};

/// Ends all but `most`: those that moved nothing for the longest time.
void end_quietest(std::vector<stayer>& of, size_t most, std::vector<int>& ended) {
  if (of.size() <= most)
    return;
  std::sort(of.begin(), of.end(),
            [](auto& a, auto& b) { return std::tie(a.moved, a.key) > std::tie(b.moved, b.key); });
  for (size_t i = most; i < of.size(); ++i)
    ended.push_back(of[i].key);
  of.resize(most);
}

} // namespace

std::vector<int> connection_watch::judge(const std::map<int, connection_sight>& seen,
                                         requests_under_way requests, moment now) {
  pressing_ = false;
  remember(seen, now);
  auto too_large = swollen(std::move(requests.arriving));
  std::vector<int> ended{too_large.begin(), too_large.end()};
  std::map<std::string_view, std::vector<stayer>> others;
  for (auto& [key, x] : known_) {
    if (too_large.contains(key))
      continue;
    bool idle = now - x.moved >= how_.idle;
    if (idle && !x.last.unsent) {
      // Some part may be working on its request; which connection that is, nobody knows.
      auto busy = requests.waiting.find(x.last.address);
      if (busy != requests.waiting.end() && busy->second > 0) {
        --busy->second;
        continue;
      }
    }
    if (idle || is_slow(x, now))
      ended.push_back(key);
    else
      others[x.last.address].push_back({x.moved, key});
  }
  const auto without_bounds = ended.size();
  std::vector<stayer> staying;
  for (auto& [address, of] : others) {
    if (how_.per_address > 0)
      end_quietest(of, how_.per_address, ended);
    staying.insert(staying.end(), of.begin(), of.end());
  }
  pressing_ = pressing_ || !too_large.empty() || ended.size() > without_bounds ||
              staying.size() >= how_.connections;
  end_quietest(staying, how_.connections, ended);
  return ended;
}

/// Which of an address's connections a body comes over, nobody knows. So the largest body explains
/// the connection over which most came, and so on; what nothing is left for is swollen.
std::set<int> connection_watch::swollen(std::map<std::string, std::vector<uint64_t>> arriving) {
  if (how_.unclaimed == 0)
    return {};
  std::map<std::string_view, std::vector<std::pair<uint64_t, int>>> large;
  for (auto& [key, x] : known_)
    if (x.unanswered() > how_.unclaimed / 2)
      large[x.last.address].emplace_back(x.unanswered(), key);
  std::set<int> found;
  for (auto& [address, connections] : large) {
    auto& bodies = arriving[std::string(address)];
    std::sort(bodies.rbegin(), bodies.rend());
    std::sort(connections.rbegin(), connections.rend());
    auto body = bodies.begin();
    for (auto& [bytes, key] : connections) {
      if (body != bodies.end() && bytes <= *body + how_.unclaimed)
        ++body;
      else if (bytes > how_.unclaimed)
        found.insert(key);
      else
        pressing_ = true;
    }
  }
  return found;
}

void connection_watch::remember(const std::map<int, connection_sight>& seen, moment now) {
  std::erase_if(known_, [&](auto& x) {
    auto found = seen.find(x.first);
    return found == seen.end() || found->second.peer != x.second.last.peer;
  });
  for (auto& [key, sight] : seen) {
    auto [place, is_new] = known_.try_emplace(key);
    auto& x = place->second;
    if (is_new || sight.sent != x.last.sent) {
      x.quiet_since = now;
      x.received_then = sight.received;
      x.taken_then = sight.received - sight.unread;
    }
    if (is_new || sight.sent != x.last.sent || sight.received != x.last.received)
      x.moved = now;
    if (is_new)
      x.received_then = 0;
    // Of one that was answered before anybody looked, nobody knows how much was asked.
    if (is_new && sight.sent == 0)
      x.taken_then = 0;
    x.last = sight;
  }
}

bool connection_watch::is_slow(const record& x, moment now) const {
  auto window = std::chrono::duration<double>(now - x.quiet_since);
  auto received = x.last.received - x.received_then;
  return now - x.quiet_since >= how_.idle && now - x.moved < std::chrono::seconds{2} &&
         received > 0 && static_cast<double>(received) < window.count() * how_.least_rate;
}

} // namespace igl
