#pragma once

#include "actors/stream_measured.hpp"
#include "messages/surroundings.hpp"

#include <array>
#include <chrono>
#include <memory>

namespace igl {

/// What is known of one stream when it is compared with the ledger.
struct stream_comparison {
  caf::timestamp oldest_due; ///< of the stream's open jobs; when it was published, if later
  stream_level level;
  caf::timestamp told; ///< until when jobs may still have been on their way into the stream
  caf::timestamp now;
};

/// A job reaches its stream within this time after it is due, unless it is missing.
inline constexpr std::chrono::seconds publishing_takes{10};

/// Whether the ledger has open jobs that the stream does not have: the stream is empty, or its
/// oldest message is younger than a job should be. What is due before the result is missing; none:
/// nothing is.
caf::optional<caf::timestamp> missing_before(const stream_comparison& x);

/// What the reconciler can be told, and what it tells itself.
using reconciling_actor = reconciler_actor::extend<
    // INTERNAL: how full a stream is.
    caf::reacts_to<stream_measured>>;

struct reconciler_state {
  static inline const char* name = "reconciler";

  struct row {
    caf::optional<caf::timestamp> oldest_due;
    caf::timestamp told;
  };
  std::array<row, stream_count> rows;
  bool connected = false;
  caf::actor_clock::time_point next; ///< of the regular rounds
};

/// Finds what is open in the ledger but not in a stream, and has it published again; mends what a
/// crash of the streams' server left behind.
reconciling_actor::behavior_type
reconciler(reconciling_actor::stateful_pointer<reconciler_state> self, surroundings with,
           std::shared_ptr<streams> watched, job_publisher_actor publisher,
           std::chrono::milliseconds interval);

} // namespace igl
