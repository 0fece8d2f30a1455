#include "http/pace.hpp"

#include <algorithm>
#include <cmath>

namespace igl {

namespace {

constexpr double memory = 5; // seconds
constexpr double shortest = 1, longest = 30;

double seconds_between(pace::moment from, pace::moment to) {
  return std::chrono::duration<double>(to - from).count();
}

} // namespace

void pace::begin(moment now) {
  begun_ = last_ = now;
  done_ = 0;
}

void pace::done(moment now) {
  done_ = recent(now) + 1;
  last_ = now;
}

double pace::recent(moment now) const {
  return done_ * std::exp(-seconds_between(last_, now) / memory);
}

std::chrono::seconds pace::time_for(size_t pieces, moment now) const {
  if (pieces == 0)
    return std::chrono::seconds{static_cast<int>(shortest)};
  // What was forgotten since the beginning must not look like work that was not done.
  auto remembered = memory * (1 - std::exp(-seconds_between(begun_, now) / memory));
  auto rate = remembered > 0 ? recent(now) / remembered : 0;
  auto silent = seconds_between(last_, now);
  auto needed = rate > 0 ? std::max(static_cast<double>(pieces) / rate, silent) : silent;
  return std::chrono::seconds{static_cast<int>(std::ceil(std::clamp(needed, shortest, longest)))};
}

} // namespace igl
