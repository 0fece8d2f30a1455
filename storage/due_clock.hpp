#pragma once

#include <caf/timestamp.hpp>

#include <mutex>
#include <set>

namespace igl {

/// Hands out due times so that a reader that walks the index of due jobs, never going back, misses
/// none.
///
/// A job becomes visible later than its due time was chosen: when its transaction is on disk. So a
/// reader that meanwhile looked at everything due until now must not have come past it. Therefore
/// - between `begin_write` and `end_write` readers are held before the time that was handed out,
///   and before the earliest one if several writes go on;
/// - a time handed out lies behind every time at which a reader has already looked.
/// A reader asks `look` BEFORE it takes its snapshot: what was committed before is in the snapshot,
/// what commits after is due later.
///
/// Due times run on the ledger's own time: the clock's, but it never goes back. When the clock is
/// set back, the ledger's time goes on from where it was (also after a restart), ahead of the clock
/// by `ahead_of_clock`.
class due_clock {
public:
  /// `last`: what was handed out before.
  due_clock(caf::timestamp last, caf::timestamp now);

  /// A transaction begins: the due time of jobs that are due at once, later than all before.
  caf::timestamp begin_write(caf::timestamp now);
  /// The transaction that was given this time is visible to new snapshots, or has failed.
  void end_write(caf::timestamp begun);

  /// The last due time that a reader may see which asks for what is due at `at`. An `at` in the
  /// future gets what it asks for, without the promise: whoever walks on from there may miss jobs.
  caf::timestamp look(caf::timestamp at, caf::timestamp now);

  caf::timespan ahead_of_clock() const;

private:
  mutable std::mutex mutex_;
  caf::timespan ahead_{0};
  caf::timestamp handed_out_;
  caf::timestamp looked_at_;
  std::set<caf::timestamp> writing_; ///< the times of the writes that go on
};

/// `x + by`, but no later than a timestamp can say.
caf::timestamp later(caf::timestamp x, caf::timespan by);

} // namespace igl
