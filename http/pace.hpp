#pragma once

#include <chrono>
#include <cstddef>

namespace igl {

/// How fast work is done, learned from when some of it is, to tell others when to come again. Plain
/// code: no clock.
class pace {
public:
  using moment = std::chrono::steady_clock::time_point;

  /// There was nothing to do, and now there is.
  void begin(moment now);
  /// One piece of it is done.
  void done(moment now);
  /// How long so many pieces will take: at the pace of the last seconds, and at least as long as
  /// nothing has been done until now. From 1 to 30 s.
  std::chrono::seconds time_for(size_t pieces, moment now) const;

private:
  double recent(moment now) const;

  moment begun_{};
  moment last_{};   ///< the last piece was done, or the work began
  double done_ = 0; ///< at `last_`; each weighs a third after five seconds
};

} // namespace igl
