#include "http/connection_watch.hpp"

#include <algorithm>

namespace igl {

std::vector<int> connection_watch::judge(const std::map<int, connection_sight>& seen,
                                         std::map<std::string, uint32_t> waiting, moment now) {
  remember(seen, now);
  std::vector<int> ended;
  std::vector<std::pair<moment, int>> others;
  for (auto& [key, x] : known_) {
    bool idle = now - x.moved >= how_.idle;
    if (idle && !x.last.unsent) {
      // Some part may be working on its request; which connection that is, nobody knows.
      auto busy = waiting.find(x.last.address);
      if (busy != waiting.end() && busy->second > 0) {
        --busy->second;
        continue;
      }
    }
    if (idle || is_slow(x, now))
      ended.push_back(key);
    else
      others.emplace_back(x.moved, key);
  }
  if (others.size() > how_.connections) {
    auto surplus = others.size() - how_.connections;
    std::sort(others.begin(), others.end());
    for (size_t i = 0; i < surplus; ++i)
      ended.push_back(others[i].second);
  }
  return ended;
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
    }
    if (is_new || sight.sent != x.last.sent || sight.received != x.last.received)
      x.moved = now;
    if (is_new)
      x.received_then = 0;
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
