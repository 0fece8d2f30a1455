#include "actors/callback_breaker.hpp"

#include <algorithm>

namespace igl {

bool callback_breaker::is_pause(const record& x, caf::timestamp now) const {
  // A clock that was set back would keep it open for as long as it was set back.
  return now < x.until && x.until - now <= pause_;
}

caf::optional<caf::timestamp> callback_breaker::left_alone_until(const std::string& host,
                                                                 caf::timestamp now) const {
  auto found = hosts_.find(host);
  if (found == hosts_.end() || found->second.failures < failures_ || !is_pause(found->second, now))
    return caf::none;
  return found->second.until;
}

caf::optional<caf::timestamp> callback_breaker::open_until(const std::string& host,
                                                           caf::timestamp now) {
  if (auto until = left_alone_until(host, now))
    return until;
  // This call tries. If nobody hears how it ended, another one does after a pause.
  if (auto found = hosts_.find(host); found != hosts_.end() && found->second.failures >= failures_)
    found->second.until = now + pause_;
  return caf::none;
}

void callback_breaker::ended(const std::string& host, outcome how, caf::timestamp now) {
  if (how == outcome::answered) {
    hosts_.erase(host);
  } else if (failures_ > 0) {
    if (hosts_.size() >= forget_at_)
      forget(now);
    auto& x = hosts_[host];
    x.failures = std::min(x.failures + 1, failures_);
    x.until = now + pause_;
  }
}

void callback_breaker::forget(caf::timestamp now) {
  // Whom its callers still want comes back soon after the pause, and is remembered.
  std::erase_if(hosts_, [&](auto& x) {
    return !is_pause(x.second, now) && !(x.second.until <= now && now - x.second.until <= pause_);
  });
  forget_at_ = std::max(size_t{1024}, 2 * hosts_.size());
}

} // namespace igl
