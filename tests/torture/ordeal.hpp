#pragma once

#include "tests/torture/disks.hpp"
#include "tests/torture/monkey.hpp"

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace igl::torture {

/// What was done of one kind.
struct suffering {
  uint64_t times = 0;
  std::chrono::milliseconds lasted{0}; ///< all together
};

/// Does to a network what the plan says, and undoes it when its time has come. Everything runs on
/// the thread that calls, which must be the program's first: children end with the thread that
/// started them.
class ordeal {
public:
  using clock = std::chrono::steady_clock;

  ordeal(demo_network& network, disks& where);

  void inflict(const deed& x);
  /// Starts, continues and gives room to whoever's time has come; starts again whoever has ended
  /// by himself, as an init system would.
  void attend();
  /// Undoes everything that is left.
  void relieve();

  /// Nothing may run any more: ends nats-servers that outlived their processes.
  void end_servers();

  /// "node AU, endpoint a-SG"; who is down, paused or without room now.
  std::string who_suffers() const;
  const std::map<act, suffering>& done() const { return done_; }
  /// Deeds that were not possible, such as the kill of a nats-server that was down.
  uint64_t missed() const { return missed_; }
  /// What nobody ordered and is no fault, with how often it was: a process that gave up with a
  /// reason (exit status 1), which an init system mends; a nats-server that did not end with its
  /// process, which the next one ends.
  const std::map<std::string, uint64_t>& remarks() const { return remarks_; }
  /// Other ends that nobody ordered, and what the run itself could not do.
  const std::vector<std::string>& faults() const { return faults_; }

private:
  struct relief {
    deed of;
    clock::time_point begun;
    clock::time_point due;
    std::function<bool()> act; ///< false: not yet possible
  };

  void kill(const deed& x, bool with_folder);
  void end_server(const demo_network::member& of, pid_t server);
  void stop_for_a_while(const deed& x, pid_t whom);
  void later(const deed& x, std::function<bool()> act);
  bool start(demo_network::member& which);
  void fault(const std::string& what);

  demo_network& network_;
  disks& disks_;
  std::vector<relief> reliefs_;
  std::set<std::string> down_; ///< members that are not to run now
  std::map<act, suffering> done_;
  uint64_t missed_ = 0;
  std::map<std::string, uint64_t> remarks_;
  std::vector<std::string> faults_;
};

/// The process id of the nats-server of a member, 0: none runs. Works whether the member runs or
/// not.
pid_t nats_server_of(const demo_network::member& which);

} // namespace igl::torture
