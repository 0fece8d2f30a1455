#include "http/detail/traffic.hpp"

#include <algorithm>
#include <utility>

namespace igl {

namespace {

bool changes(traffic::errand why) {
  return why == traffic::errand::change || why == traffic::errand::large_change;
}

} // namespace

bool traffic::has_place_for(errand why) const {
  if (why == errand::probe)
    return true;
  if (why == errand::read)
    return welcomed_ < most_;
  if (why == errand::large_change && large_changes_ >= most_ - most_ / 2)
    return false;
  return welcomed_ < most_ - most_ / 4;
}

bool traffic::lags(errand why) const {
  return changes(why) && waiting_for_ledger_ &&
         waiting_for_ledger_->average() >= std::max(most_ / 2, 1u);
}

bool traffic::is_crowded(const std::string& address) {
  if (auto found = crowd_.of_address.find(address);
      found != crowd_.of_address.end() && found->second > 0) {
    --found->second;
    return true;
  }
  if (crowd_.in_all == 0)
    return false;
  --crowd_.in_all;
  return true;
}

void traffic::begins() {
  std::lock_guard lock{guard_};
  last_came_ = std::chrono::steady_clock::now();
}

traffic::pass traffic::enter(errand why, const std::string& address) {
  std::lock_guard lock{guard_};
  ++in_flight_;
  ++of_address_[address];
  if (draining_)
    return {why, admission::draining, address};
  if (why != errand::probe && is_crowded(address))
    return {why, admission::crowded, address};
  if (!has_place_for(why)) {
    lacked_places_of_large_ |= changes(why) && large_changes_ > 0;
    return {why, admission::overloaded, address};
  }
  if (lags(why))
    return {why, admission::overloaded, address};
  welcomed_ += why != errand::probe;
  large_changes_ += why == errand::large_change;
  if (why == errand::change && ++small_changes_ == 1)
    pace_.begin(std::chrono::steady_clock::now());
  return {why, admission::welcome, address};
}

void traffic::leave(const pass& with) {
  std::lock_guard lock{guard_};
  if (auto found = of_address_.find(with.address);
      found != of_address_.end() && --found->second == 0)
    of_address_.erase(found);
  if (with.how == admission::welcome) {
    welcomed_ -= with.why != errand::probe;
    large_changes_ -= with.why == errand::large_change;
    if (with.why == errand::change) {
      --small_changes_;
      pace_.done(std::chrono::steady_clock::now());
    }
  }
  if (--in_flight_ == 0 && draining_)
    idle_.notify_all();
}

std::chrono::seconds traffic::retry_after() {
  std::lock_guard lock{guard_};
  return pace_.time_for(small_changes_, std::chrono::steady_clock::now());
}

void traffic::begin_wait(const std::string& address) {
  std::lock_guard lock{guard_};
  ++waiting_[address];
}

void traffic::end_wait(const std::string& address) {
  std::lock_guard lock{guard_};
  if (auto found = waiting_.find(address); found != waiting_.end() && --found->second == 0)
    waiting_.erase(found);
}

std::map<std::string, uint32_t> traffic::waiting() {
  std::lock_guard lock{guard_};
  return waiting_;
}

std::map<std::string, uint32_t> traffic::in_flight() {
  std::lock_guard lock{guard_};
  return of_address_;
}

void traffic::thin_out(const crowd& x) {
  std::lock_guard lock{guard_};
  crowd_ = x;
}

bool traffic::lacked_places_of_large() {
  std::lock_guard lock{guard_};
  return std::exchange(lacked_places_of_large_, false);
}

void traffic::watch(std::weak_ptr<web_exchange> x) {
  std::lock_guard lock{guard_};
  watched_.push_back(std::move(x));
}

std::vector<std::shared_ptr<web_exchange>> traffic::watched() {
  std::lock_guard lock{guard_};
  std::erase_if(watched_, [](auto& x) { return x.expired(); });
  std::vector<std::shared_ptr<web_exchange>> there;
  for (auto& x : watched_)
    if (auto strong = x.lock())
      there.push_back(std::move(strong));
  return there;
}

void traffic::drain() {
  std::lock_guard lock{guard_};
  draining_ = true;
}

bool traffic::is_draining() {
  std::lock_guard lock{guard_};
  return draining_;
}

bool traffic::wait_until_idle(std::chrono::milliseconds at_most) {
  std::unique_lock lock{guard_};
  return idle_.wait_for(lock, at_most, [this] { return in_flight_ == 0; });
}

void traffic::wait_until_quiet(std::chrono::milliseconds for_so_long,
                               std::chrono::milliseconds at_most) {
  auto until = std::chrono::steady_clock::now() + at_most;
  std::unique_lock lock{guard_};
  while (std::chrono::steady_clock::now() < until) {
    auto quiet = last_came_ + for_so_long;
    if (std::chrono::steady_clock::now() >= quiet)
      return;
    idle_.wait_until(lock, std::min(quiet, until));
  }
}

} // namespace igl
