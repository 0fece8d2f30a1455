#include "http/connection_watch.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace igl {

namespace {

/// A connection that nothing moved on for so long is not about to be used.
constexpr std::chrono::seconds rest{1};
/// Whoever connects sends its request at once.
constexpr std::chrono::milliseconds first_request{250};

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
      others[x.last.address].push_back({use::none, x.moved, key});
  }
  const auto without_bounds = ended.size();
  crowd_ = {};
  std::vector<stayer> staying;
  for (auto& [address, of] : others) {
    std::string name{address};
    find_use(of, requests.in_flight[name], now);
    if (how_.per_address > 0)
      if (auto more =
              end_superfluous(of, how_.per_address, size_t{how_.per_address} * how_.leeway, ended))
        crowd_.of_address.emplace(name, more);
    staying.insert(staying.end(), of.begin(), of.end());
  }
  pressing_ = pressing_ || !too_large.empty() || ended.size() > without_bounds ||
              staying.size() >= how_.connections || !crowd_.of_address.empty();
  auto possible = size_t{how_.connections} * how_.leeway;
  if (how_.possible > 0)
    possible = std::min<size_t>(possible, how_.possible);
  crowd_.in_all = end_superfluous(staying, how_.connections, possible, ended);
  return ended;
}

/// What the connections of one address are used for. Of so many a whole request is here; which
/// those are, nobody knows. One that does not get complete is older than one that is soon answered,
/// so the eldest of the others are taken for incomplete.
void connection_watch::find_use(std::vector<stayer>& of, uint32_t in_flight, moment now) const {
  std::vector<stayer*> asking;
  std::vector<stayer*> silent;
  for (auto& x : of) {
    auto& seen = known_.at(x.key);
    bool brought = seen.last.received > seen.taken_then;
    bool is_new = seen.last.sent == 0 && now - x.moved < first_request;
    bool is_used = seen.last.sent > 0 && now - x.moved < rest;
    x.what = brought ? use::asked : is_new ? use::fresh : is_used ? use::just_used : use::none;
    (brought ? asking : silent).push_back(&x);
  }
  auto asked = [&](const stayer* x) {
    return known_.at(x->key).asked;
  };
  std::sort(asking.begin(), asking.end(), [&](auto* a, auto* b) { return asked(a) < asked(b); });
  for (size_t i = 0; i + in_flight < asking.size() && now - asked(asking[i]) >= rest; ++i)
    asking[i]->what = use::incomplete;
  // The answers to the rest have begun.
  if (in_flight <= asking.size())
    return;
  std::sort(silent.begin(), silent.end(), [](auto* a, auto* b) { return a->moved > b->moved; });
  for (size_t i = 0; i < silent.size() && i < in_flight - asking.size(); ++i)
    silent[i]->what = use::asked;
}

/// Ends those that are more than `most` and not in use, and those that are more than possible;
/// returns how many are being used beyond `most`.
uint32_t connection_watch::end_superfluous(std::vector<stayer>& of, size_t most, size_t possible,
                                           std::vector<int>& ended) {
  if (of.size() <= most)
    return 0;
  std::sort(of.begin(), of.end(), [](auto& a, auto& b) {
    return std::tie(a.what, a.moved, a.key) < std::tie(b.what, b.moved, b.key);
  });
  size_t gone = 0;
  for (; of.size() - gone > most; ++gone) {
    if (of[gone].what >= use::fresh && of.size() - gone <= std::max(most, possible))
      break;
    ended.push_back(of[gone].key);
  }
  of.erase(of.begin(), of.begin() + static_cast<std::ptrdiff_t>(gone));
  auto used = static_cast<size_t>(
      std::count_if(of.begin(), of.end(), [](auto& x) { return x.what > use::fresh; }));
  return static_cast<uint32_t>(used - std::min(used, most));
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
    // The first byte since the last answer, or that answer itself.
    if (is_new || sight.sent != x.last.sent || x.last.received == x.taken_then)
      x.asked = now;
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
