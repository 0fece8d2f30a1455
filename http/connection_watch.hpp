#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace igl {

/// What is known about one accepted connection at one moment. Bytes are counted from its start.
struct connection_sight {
  std::string peer;    ///< address and port
  std::string address; ///< without the port
  uint64_t received = 0;
  uint64_t sent = 0;   ///< and acknowledged by the peer
  bool unsent = false; ///< there are bytes that the peer does not take
};

/// Which connections have to go, decided from what is seen of all of them once in a while. Plain
/// code: no sockets, no clock.
///
/// - More connections than allowed: the ones that moved nothing for the longest time.
/// - Idle: no byte either way for `idle`, unless somebody at that address waits for an answer.
/// - Slow: for `idle`, bytes came, none went, and they came slower than `least_rate`. A request
///   that is sent letter by letter keeps nobody's place.
class connection_watch {
public:
  struct limits {
    uint32_t connections = 0;
    std::chrono::milliseconds idle{0};
    uint64_t least_rate = 256; ///< bytes per second
  };
  explicit connection_watch(limits how) : how_(how) {}

  using moment = std::chrono::steady_clock::time_point;
  /// `waiting`: how many requests of an address are being worked on. Returns the keys of the
  /// connections to end.
  std::vector<int> judge(const std::map<int, connection_sight>& seen,
                         std::map<std::string, uint32_t> waiting, moment now);

private:
  struct record {
    connection_sight last;
    moment moved;               ///< the last byte, either way
    moment quiet_since;         ///< the last byte to the peer, or the start of the window
    uint64_t received_then = 0; ///< at `quiet_since`
  };
  void remember(const std::map<int, connection_sight>& seen, moment now);
  bool is_slow(const record& x, moment now) const;

  limits how_;
  std::map<int, record> known_;
};

} // namespace igl
