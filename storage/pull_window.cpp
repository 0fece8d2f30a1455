#include "storage/pull_window.hpp"

#include <algorithm>

namespace igl {

uint32_t pull_window::next(clock::time_point now) {
  auto used = in_flight() + asked_;
  if (used >= limits_.credit)
    return 0;
  auto batch = limits_.credit - used;
  // A request costs the server as much as a job: while others wait, ask only for a handful.
  if (asked_ > 0 && batch < std::max(1u, limits_.credit / 4))
    return 0;
  if (asked_ == 0)
    last_heard_ = now;
  asked_ += batch;
  last_asked_ = now;
  return batch;
}

pull_window::arrival pull_window::arrived(const std::string& acknowledgement,
                                          clock::time_point now) {
  last_heard_ = now;
  if (asked_ > 0)
    --asked_;
  if (in_flight() >= limits_.credit)
    return arrival::refused;
  with_worker_[acknowledgement] = now + limits_.ack_wait;
  return arrival::taken;
}

void pull_window::ended(uint32_t left) {
  asked_ -= std::min(asked_, left);
}

bool pull_window::settled(const std::string& acknowledgement) {
  return with_worker_.erase(acknowledgement) > 0;
}

void pull_window::kept_alive(const std::string& acknowledgement, clock::time_point now) {
  auto i = with_worker_.find(acknowledgement);
  if (i != with_worker_.end())
    i->second = now + limits_.ack_wait;
}

void pull_window::tick(clock::time_point now) {
  std::erase_if(with_worker_, [now](const auto& x) { return x.second <= now; });
  if (asked_ == 0)
    return;
  auto silent = now - last_heard_ > limits_.silence;
  auto ended_long_ago = now - last_asked_ > limits_.expires + limits_.silence;
  if (silent || ended_long_ago)
    forget_requests();
}

void pull_window::forget_requests() {
  asked_ = 0;
}

} // namespace igl
