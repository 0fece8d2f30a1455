#pragma once

#include "actors/commands/demo_network.hpp"
#include "tests/torture/load.hpp"

#include <map>
#include <string>
#include <vector>

namespace igl::torture {

/// Whether everything that was promised is true.
struct balance {
  uint64_t messages = 0;                 ///< found at both sides, in all fields, once
  uint64_t documents = 0;                ///< found at the receiver, byte for byte
  std::vector<std::string> dead_letters; ///< each with its process, stream, subject and reason
  std::vector<std::string> faults;       ///< what is missing or wrong, and where it was last seen

  bool right() const { return faults.empty(); }
};

/// How many messages each nation must have in the end.
std::map<std::string, uint64_t> lakes_of(const std::vector<promise>& promises);

/// What is not yet as it must be in the end: "node AU has open jobs: outbox 3". Empty: everything
/// is ready, no job is open, and each lake has its number of messages.
std::string unrest_of(demo_network& network, const std::map<std::string, uint64_t>& lakes);

/// Compares what was promised with what both sides have: every field of every message, the status,
/// one event of its arrival, no message besides, every document by hash and by bytes. Several
/// threads ask, one for each nation.
balance balance_of(demo_network& network, const std::vector<promise>& promises, uint64_t seed);

} // namespace igl::torture
