#pragma once

#include "actors/stream_measured.hpp"
#include "messages/surroundings.hpp"

#include <array>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace igl {

struct job_publisher_options {
  uint32_t window = 256;   ///< jobs on their way into one stream, at most
  uint32_t bundle = 16;    ///< jobs in one message of a stream, at most
  uint32_t backlog = 1024; ///< messages in one stream, about: what piles up waits in the ledger
  std::chrono::milliseconds look{1000};       ///< looks for due jobs at least this often
  std::chrono::milliseconds look_full{20};    ///< asks a full stream so often whether it has room
  std::chrono::milliseconds first_pause{100}; ///< after a failed publication; doubles
  std::chrono::milliseconds longest_pause{5000};
};

/// Jobs on their way into their stream, in one message.
struct publication {
  stream on = stream::inbox;
  std::string id;
  std::string payload;
  std::vector<std::string> jobs; ///< their publication ids
};

/// A walk through a stream's due jobs.
struct due_walk {
  due_place place;
  caf::optional<caf::timestamp> until; ///< a republication: of what was due before
};

/// Jobs that were published later than they were due, because their stream had no room or was away.
struct late_publication {
  caf::timestamp first_due, last_due;
  caf::timestamp at;
};

/// What is on its way from the ledger into one stream. Each stream has its own, so that one that is
/// full or refuses holds up no other.
struct publishing_lane {
  using time_point = caf::actor_clock::time_point;

  stream on = stream::inbox;
  due_walk following; ///< the one that never ends
  std::deque<due_walk> republications;
  std::set<std::string> jobs;     ///< publication ids of all in flight or failed
  uint32_t in_flight = 0;         ///< publications
  std::deque<publication> failed; ///< to be published again
  time_point paused_until;
  std::chrono::milliseconds pause{0}; ///< 0: the last publication succeeded
  time_point wake = time_point::max();
  uint64_t level = 0;    ///< messages in the stream when it was asked…
  uint64_t since = 0;    ///< …and published since
  time_point full_until; ///< it had no room; not asked again before
  bool measuring = false;
  bool reading = false;
  bool wanted = false;               ///< there may be due jobs behind `following`
  bool republished_last = false;     ///< whose turn it is
  std::deque<late_publication> late; ///< the last ones, in order
  std::string last_error;
};

struct job_publisher_state {
  static inline const char* name = "job-publisher";

  std::array<publishing_lane, stream_count> lanes;
  std::map<uint64_t, publication> in_flight;
  publishing_lane::time_point timer = publishing_lane::time_point::max(); ///< the next tick
  uint64_t last_number = 0;
  uint64_t published = 0;
};

/// What the publisher can be told, and what it tells itself.
using publishing_actor = job_publisher_actor::extend<
    // INTERNAL: how full a stream is.
    caf::reacts_to<stream_measured>>;

/// Carries open jobs that are due from the ledger to their streams.
///
/// Follows the ledger's queue of due jobs of each stream, from its beginning after each start. What
/// is in the stream already comes twice then, unless it is alone in its message again (the stream
/// drops that); job sources know what they have settled, and behind them the ledger. A job counts
/// as published when its stream says so; what failed is kept and published again after a growing
/// pause, so that nothing is passed over.
///
/// While publications into a stream are under way, what becomes due meanwhile gathers, and then
/// goes in messages of up to `bundle` jobs: an idle node hands over each job at once, a busy one
/// many for the price of one.
///
/// Bounds: of each stream `window` jobs in flight or waiting for another try, and `backlog`
/// messages in it
publishing_actor::behavior_type
job_publisher(publishing_actor::stateful_pointer<job_publisher_state> self, surroundings with,
              std::shared_ptr<streams> to, job_publisher_options options);

/// How open jobs go into their stream, which they all have in common; `size` is how many bytes a
/// message may have before no other job joins it. A job alone always has the same id.
std::vector<publication> publications_of(const std::vector<open_job>& jobs, uint32_t bundle,
                                         size_t size);

} // namespace igl
