#pragma once

#include "actors/machine.hpp"
#include "scenarios/runner/network.hpp"
#include "scenarios/runner/watched_ledger.hpp"

#include <functional>
#include <memory>
#include <string>

namespace igl::scenario {

/// What a simulated process is given.
struct machine_parts {
  simulation* in = nullptr;
  network* through = nullptr;
  std::shared_ptr<presence> who;
  std::string host;                 ///< where it is reached
  std::string name;                 ///< its chance comes from it
  std::shared_ptr<streams> carried; ///< outlive the process, as a nats-server's folder does
  watched_ledger::accepted accepted;
  std::function<void(std::weak_ptr<ledger>)> opened; ///< the ledger, while it is open
  std::function<void(const std::string&, const caf::strong_actor_ptr&)> spawned;
  /// Opens media of the kind memory; others are opened as on any machine.
  std::function<medium_opener(const endpoint_settings&)> memory_medium;
};

/// A machine that is simulated: production code above it, nothing but memory and a folder below.
std::shared_ptr<machine> simulate_machine(machine_parts parts);

} // namespace igl::scenario
