#pragma once

#include "messages/surroundings.hpp"
#include "storage/streams.hpp"

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace igl {

struct job_publisher_options {
  uint32_t window = 512;                      ///< publications without acknowledgement, at most
  std::chrono::milliseconds look{1000};       ///< looks for due jobs at least this often
  std::chrono::milliseconds first_pause{100}; ///< after a failed publication; doubles
  std::chrono::milliseconds longest_pause{5000};
};

/// A job on its way into its stream.
struct publication {
  stream on = stream::inbox;
  std::string id;
  std::string payload;
};

/// A walk through the due index.
struct due_walk {
  due_place place;
  caf::optional<stream> only;          ///< a republication: of one stream…
  caf::optional<caf::timestamp> until; ///< …and what was due before
};

struct job_publisher_state {
  static inline const char* name = "job-publisher";

  due_walk following; ///< the one that never ends
  std::deque<due_walk> republications;
  std::map<uint64_t, publication> in_flight;
  std::set<std::string> ids;      ///< of all publications in flight or failed
  std::deque<publication> failed; ///< to be published again
  caf::actor_clock::time_point paused_until;
  std::chrono::milliseconds pause{0}; ///< 0: the last publication succeeded
  caf::actor_clock::time_point timer; ///< the earliest tick on its way
  bool reading = false;
  bool wanted = false;           ///< there may be due jobs behind `following`
  bool republished_last = false; ///< whose turn it is
  uint64_t last_number = 0;
  uint64_t published = 0;
  std::string last_error;
};

/// Carries open jobs that are due from the ledger to their streams.
///
/// Follows the ledger's index of due jobs, from its beginning after each start (the streams drop
/// what they have seen lately). A job counts as published when its stream says so; what failed is
/// kept and published again after a growing pause, so that nothing is passed over.
///
/// Bounds: `window` publications in flight or waiting for another try
job_publisher_actor::behavior_type
job_publisher(job_publisher_actor::stateful_pointer<job_publisher_state> self, surroundings with,
              std::shared_ptr<streams> to, job_publisher_options options);

/// How an open job goes into its stream.
publication publication_of(const open_job& job);

} // namespace igl
