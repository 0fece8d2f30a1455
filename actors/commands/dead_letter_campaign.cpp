#include "actors/commands/dead_letter_campaign.hpp"

#include <algorithm>

namespace igl::commands {

bool dead_letter_campaign::may_replay() const {
  if (!stopped_.empty() || waiting_.empty())
    return false;
  return canary_sang_ ? under_way_.size() < how_.under_way : under_way_.empty();
}

auto dead_letter_campaign::next(time_point now) -> step {
  if (!under_way_.empty() && under_way_.front().look_at <= now)
    return {act::look, under_way_.front().which, {}};
  if (may_replay() && next_replay_ <= now)
    return {act::replay, waiting_.front(), {}};
  if (stopped_.empty() && waiting_.empty() && !all_fetched_)
    return {act::fetch, {}, {}};
  auto until = time_point::max();
  if (!under_way_.empty())
    until = under_way_.front().look_at;
  if (may_replay())
    until = std::min(until, next_replay_);
  if (until == time_point::max())
    return {};
  return {act::wait, {}, until};
}

void dead_letter_campaign::fetched(std::vector<letter> page) {
  all_fetched_ = page.empty();
  for (auto& x : page) {
    if (taken_ >= how_.letters) {
      all_fetched_ = true;
      return;
    }
    ++taken_;
    waiting_.push_back(std::move(x));
  }
}

void dead_letter_campaign::replayed(const letter& which, time_point now) {
  waiting_.pop_front();
  ++balance_.replayed;
  under_way_.push_back({which, now, now + how_.look});
  next_replay_ = now + std::chrono::duration_cast<time_point::duration>(
                           std::chrono::duration<double>{1 / how_.rate});
}

void dead_letter_campaign::missing(const letter&) {
  waiting_.pop_front();
  ++balance_.gone;
}

void dead_letter_campaign::looked(const letter& which, fate found, const std::string& why,
                                  time_point now) {
  auto x = std::move(under_way_.front());
  under_way_.pop_front();
  const bool is_canary = !canary_sang_;
  switch (found) {
  case fate::done:
    ++balance_.done;
    canary_sang_ = true;
    return;
  case fate::failed:
    ++balance_.failed;
    if (is_canary)
      return stop("the first one, " + which.job + ", failed again: " + why);
    if (balance_.failed >= how_.failures)
      stop(std::to_string(balance_.failed) + " failed again, the last of them " + which.job + ": " +
           why);
    return;
  case fate::open:
    if (now - x.since < how_.patience) {
      x.look_at = now + how_.look;
      // All are looked at equally often, so they stay in order.
      under_way_.push_back(std::move(x));
      return;
    }
    ++balance_.open;
    if (is_canary)
      stop("the first one, " + which.job + ", is still open after " +
           std::to_string(std::chrono::duration_cast<std::chrono::seconds>(how_.patience).count()) +
           " s");
  }
}

void dead_letter_campaign::stop(const std::string& why) {
  if (stopped_.empty())
    stopped_ = why;
}

} // namespace igl::commands
