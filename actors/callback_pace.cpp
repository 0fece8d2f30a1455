#include "actors/callback_pace.hpp"

#include <algorithm>

namespace igl {

namespace {

/// A clock that was set back begins anew.
bool is_over(caf::timestamp call, caf::timestamp now) {
  return now < call || now - call >= callback_pace::window;
}

} // namespace

caf::optional<caf::timestamp> callback_pace::next_at(const std::string& url,
                                                     caf::timestamp now) const {
  auto found = calls_.find(url);
  if (most_ == 0 || found == calls_.end())
    return caf::none;
  auto& calls = found->second;
  auto first = std::find_if_not(calls.begin(), calls.end(),
                                [&](caf::timestamp x) { return is_over(x, now); });
  if (static_cast<size_t>(calls.end() - first) < most_)
    return caf::none;
  return *first + window;
}

caf::optional<caf::timestamp> callback_pace::full_until(const std::string& url,
                                                        caf::timestamp now) {
  if (most_ == 0)
    return caf::none;
  if (calls_.size() >= forget_at_)
    forget(now);
  auto& calls = calls_[url];
  while (!calls.empty() && is_over(calls.front(), now))
    calls.pop_front();
  if (calls.size() >= most_)
    return calls.front() + window;
  calls.push_back(now);
  return caf::none;
}

void callback_pace::forget(caf::timestamp now) {
  std::erase_if(calls_, [&](auto& x) { return is_over(x.second.back(), now); });
  forget_at_ = std::max(size_t{1024}, 2 * calls_.size());
}

} // namespace igl
