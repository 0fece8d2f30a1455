#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace igl::torture {

/// What the monkey does to a network.
enum class act : uint8_t {
  kill_node,          ///< kill -9; started again after a while
  kill_endpoint,      ///< kill -9; started again after a while
  kill_nats_server,   ///< kill -9 of the server of a node or endpoint, which starts it again
  delete_nats_folder, ///< the process killed, its server awaited dead, the folder removed; started
  pause,              ///< SIGSTOP of a node or endpoint, SIGCONT after a while
  pause_nats_server,  ///< the same for the nats-server of a node or endpoint
  fill_disk,          ///< no room is left where a nation's processes keep their data, for a while
};
constexpr act every_act[] = {act::kill_node,          act::kill_endpoint, act::kill_nats_server,
                             act::delete_nats_folder, act::pause,         act::pause_nats_server,
                             act::fill_disk};
std::string to_string(act x);

/// Who can be harmed, by the names of the network's members.
struct victims {
  std::vector<std::string> nodes;
  std::vector<std::string> endpoints;
  std::vector<std::string> with_nats; ///< those of both that have a nats-server of their own
  std::vector<std::string> nations;
};

/// One thing that the monkey does.
struct deed {
  std::chrono::milliseconds at{0}; ///< from the start
  act what = act::kill_node;
  std::string whom;                   ///< a member; for fill_disk a nation
  std::chrono::milliseconds lasts{0}; ///< until it is started, continued or has room again

  friend bool operator==(const deed&, const deed&) = default;
};

/// "   63.2 s  pause: node AU, for 31.4 s"
std::string to_string(const deed& x);

/// What happens, in order of time: the same for the same seed, length and victims. Each member and
/// each disk has one harm at a time and some seconds after it; several members are harmed at once.
/// All is over when `length` is.
std::vector<deed> plan(uint64_t seed, std::chrono::milliseconds length, const victims& all);

} // namespace igl::torture
