#include "storage/due_clock.hpp"

#include <algorithm>

namespace igl {

namespace {

constexpr caf::timespan tick{1};

} // namespace

caf::timestamp later(caf::timestamp x, caf::timespan by) {
  return x > caf::timestamp::max() - by ? caf::timestamp::max() : x + by;
}

due_clock::due_clock(caf::timestamp last, caf::timestamp now)
    : ahead_(std::max(caf::timespan{0}, last - now)), handed_out_(last), looked_at_(last) {}

caf::timestamp due_clock::begin_write(caf::timestamp now) {
  std::lock_guard guard(mutex_);
  auto earliest = std::max(handed_out_, looked_at_) + tick;
  if (now + ahead_ < earliest)
    ahead_ = earliest - now;
  handed_out_ = now + ahead_;
  writing_.insert(handed_out_);
  return handed_out_;
}

void due_clock::end_write(caf::timestamp begun) {
  std::lock_guard guard(mutex_);
  writing_.erase(begun);
}

caf::timestamp due_clock::look(caf::timestamp at, caf::timestamp now) {
  std::lock_guard guard(mutex_);
  auto until = later(at, ahead_);
  if (at > now)
    return until;
  if (!writing_.empty())
    return std::min(until, *writing_.begin() - tick);
  looked_at_ = std::max(looked_at_, until);
  return until;
}

caf::timespan due_clock::ahead_of_clock() const {
  std::lock_guard guard(mutex_);
  return ahead_;
}

} // namespace igl
