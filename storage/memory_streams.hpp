#pragma once

#include "storage/streams.hpp"

#include <chrono>
#include <functional>
#include <memory>

namespace igl {

struct memory_streams_options {
  std::chrono::milliseconds ack_wait{30000};
  std::function<caf::timestamp()> now; ///< the clock; empty: the machine's
};

/// Streams in the memory of this process: for tests, scenarios on a virtual clock, and
/// `streams.kind = "in-process"`. They lose everything with the process; the ledger knows what was
/// in them.
///
/// There is no thread of its own: callbacks run on the thread of whoever publishes, acknowledges,
/// consumes or mends, one at a time and never under a lock. What is overdue is delivered again by
/// the next call on that stream; `mend` is the call that does nothing else.
std::shared_ptr<streams> make_memory_streams(memory_streams_options how);

} // namespace igl
