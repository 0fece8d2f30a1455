#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <set>
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
  uint64_t unread = 0; ///< of the received ones: still in the system's buffer, not in our memory
};

/// What is known about the requests of each address.
struct requests_under_way {
  std::map<std::string, uint32_t> waiting; ///< how many are being worked on for long
  /// For each body that is larger than usual: how many bytes it may have brought into our memory.
  std::map<std::string, std::vector<uint64_t>> arriving{};
  std::map<std::string, uint32_t>
      in_flight{}; ///< how many are here as a whole and not answered yet
};

/// How many connections are being used beyond the number that is allowed.
struct crowd {
  uint32_t in_all = 0;
  std::map<std::string, uint32_t> of_address{};
};

/// Which connections have to go, decided from what is seen of all of them once in a while. Plain
/// code: no sockets, no clock.
///
/// - More connections than allowed, in all or of one address: those at rest between two requests,
///   then those whose request does not get complete, each time the ones that moved nothing for the
///   longest time. The others only when even the leeway is used up: who has sent a request and is
///   cut off is left in doubt, and HTTP does not let every client send a POST again.
/// - Swollen: more bytes than `unclaimed` came since the last answer, and no request of that
/// address
///   has a body that could explain them. What is so large is a head, or a chunk, without an end.
/// - Idle: no byte either way for `idle`, unless somebody at that address waits for an answer.
/// - Slow: for `idle`, bytes came, none went, and they came slower than `least_rate`. A request
///   that is sent letter by letter keeps nobody's place.
class connection_watch {
public:
  struct limits {
    uint32_t connections = 0;
    std::chrono::milliseconds idle{0};
    uint64_t least_rate = 256; ///< bytes per second
    uint32_t per_address = 0;  ///< 0: any number
    uint64_t unclaimed = 0;    ///< bytes; 0: any number
    /// How many times as many as allowed there may be, in all or of one address, if they are being
    /// used; but in all never more than `possible` (0: any number).
    uint32_t leeway = 1;
    uint32_t possible = 0;
  };
  explicit connection_watch(limits how) : how_(how) {}

  using moment = std::chrono::steady_clock::time_point;
  /// Returns the keys of the connections to end.
  std::vector<int> judge(const std::map<int, connection_sight>& seen, requests_under_way requests,
                         moment now);
  /// The next look should not wait: a bound is reached, or soon will be.
  bool is_pressing() const { return pressing_; }
  /// Who was not ended although there are too many: they should hear that they have to go.
  const crowd& crowded() const { return crowd_; }

private:
  struct record {
    connection_sight last;
    moment moved;               ///< the last byte, either way
    moment asked;               ///< the first byte since the last answer
    moment quiet_since;         ///< the last byte to the peer, or the start of the window
    uint64_t received_then = 0; ///< at `quiet_since`
    uint64_t taken_then = 0;    ///< into our memory, at the last answer

    uint64_t taken() const { return last.received - last.unread; }
    uint64_t unanswered() const { return taken() - std::min(taken(), taken_then); }
  };
  void remember(const std::map<int, connection_sight>& seen, moment now);
  std::set<int> swollen(std::map<std::string, std::vector<uint64_t>> arriving);
  bool is_slow(const record& x, moment now) const;
  /// In this order they have to go when there are too many.
  enum class use : uint8_t { none, incomplete, fresh, just_used, asked };
  struct stayer {
    use what;
    moment moved;
    int key;
  };
  void find_use(std::vector<stayer>& of, uint32_t in_flight, moment now) const;
  static uint32_t end_superfluous(std::vector<stayer>& of, size_t most, size_t possible,
                                  std::vector<int>& ended);

  limits how_;
  std::map<int, record> known_;
  bool pressing_ = false;
  crowd crowd_;
};

} // namespace igl
