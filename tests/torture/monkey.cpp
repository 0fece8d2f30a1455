#include "tests/torture/monkey.hpp"

#include <algorithm>
#include <iomanip>
#include <map>
#include <random>
#include <sstream>

namespace igl::torture {

namespace {

using ms = std::chrono::milliseconds;
using namespace std::chrono_literals;

constexpr ms first_deed = 3s;
/// What a member gets to become well again before something else is done to it.
constexpr ms respite = 6s;

/// How often an act is chosen, in parts of all.
constexpr std::pair<act, unsigned> shares[] = {
    {act::kill_node, 5},          {act::kill_endpoint, 5}, {act::kill_nats_server, 3},
    {act::delete_nats_folder, 3}, {act::pause, 5},         {act::pause_nats_server, 2},
    {act::fill_disk, 3}};

/// Chance whose numbers do not depend on the standard library.
class dice {
public:
  explicit dice(uint64_t seed) : bits_(seed) {}
  uint64_t below(uint64_t bound) { return bits_() % bound; }
  ms between(ms least, ms most) {
    return least +
           ms{static_cast<int64_t>(below(static_cast<uint64_t>((most - least).count() + 1)))};
  }

private:
  std::mt19937_64 bits_;
};

act some_act(dice& chance) {
  unsigned all = 0;
  for (const auto& [what, share] : shares)
    all += share;
  auto left = chance.below(all);
  for (const auto& [what, share] : shares) {
    if (left < share)
      return what;
    left -= share;
  }
  return act::kill_node;
}

/// Half of the pauses are short; the longest exceed the 30 seconds after which a job that is with a
/// silent worker comes again.
ms duration_of(act what, dice& chance) {
  switch (what) {
  case act::kill_nats_server:
    return 0s;
  case act::pause:
  case act::pause_nats_server:
    return chance.below(2) ? chance.between(1s, 8s) : chance.between(8s, 40s);
  case act::fill_disk:
    return chance.between(2s, 15s);
  default:
    return chance.below(8) ? chance.between(0s, 4s) : chance.between(4s, 20s);
  }
}

std::vector<std::string> candidates(act what, const victims& all) {
  switch (what) {
  case act::kill_node:
    return all.nodes;
  case act::kill_endpoint:
    return all.endpoints;
  case act::kill_nats_server:
  case act::delete_nats_folder:
  case act::pause_nats_server:
    return all.with_nats;
  case act::fill_disk:
    return all.nations;
  case act::pause:
    break;
  }
  auto both = all.nodes;
  both.insert(both.end(), all.endpoints.begin(), all.endpoints.end());
  return both;
}

std::string seconds(ms x) {
  std::ostringstream text;
  text << std::fixed << std::setprecision(1) << static_cast<double>(x.count()) / 1e3 << " s";
  return text.str();
}

} // namespace

std::string to_string(act x) {
  switch (x) {
  case act::kill_node:
    return "kill -9 node";
  case act::kill_endpoint:
    return "kill -9 endpoint";
  case act::kill_nats_server:
    return "kill -9 nats-server";
  case act::delete_nats_folder:
    return "delete nats folder";
  case act::pause:
    return "pause";
  case act::pause_nats_server:
    return "pause nats-server";
  case act::fill_disk:
    return "fill disk";
  }
  return "nothing";
}

std::string to_string(const deed& x) {
  std::ostringstream text;
  text << std::setw(9) << seconds(x.at) << "  " << to_string(x.what) << ": " << x.whom;
  if (x.lasts > 0s)
    text << ", for " << seconds(x.lasts);
  return text.str();
}

std::vector<deed> plan(uint64_t seed, ms length, const victims& all) {
  dice chance{seed};
  std::vector<deed> result;
  std::map<std::string, ms> harmed_until;
  for (auto at = first_deed; at < length; at += chance.between(500ms, 5s)) {
    auto what = some_act(chance);
    auto lasts = duration_of(what, chance);
    auto choice = candidates(what, all);
    std::erase_if(choice, [&](auto& name) { return harmed_until[name] > at; });
    if (choice.empty() || at + lasts > length)
      continue;
    deed x{at, what, choice[chance.below(choice.size())], lasts};
    harmed_until[x.whom] = at + lasts + respite;
    result.push_back(std::move(x));
  }
  return result;
}

} // namespace igl::torture
