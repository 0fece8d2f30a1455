#include "actors/callback_breaker.hpp"

#include <algorithm>

namespace igl {

caf::optional<caf::timestamp> callback_breaker::open_until(const std::string& host,
                                                           caf::timestamp now) {
  auto found = hosts_.find(host);
  if (failures_ == 0 || found == hosts_.end() || found->second.failures < failures_)
    return caf::none;
  auto& x = found->second;
  // A clock that was set back would keep it open for as long as it was set back.
  if (now < x.until && x.until - now <= pause_)
    return x.until;
  // This call tries. If nobody hears how it ended, another one does after a pause.
  x.until = now + pause_;
  return caf::none;
}

void callback_breaker::ended(const std::string& host, outcome how, caf::timestamp now) {
  if (how == outcome::answered) {
    hosts_.erase(host);
  } else if (failures_ > 0) {
    auto& x = hosts_[host];
    x.failures = std::min(x.failures + 1, failures_);
    x.until = now + pause_;
  }
}

} // namespace igl
