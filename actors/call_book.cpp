#include "actors/call_book.hpp"

#include "actors/peer_gate.hpp"

#include <algorithm>

namespace igl {

callee callee_at(const std::string& url, const std::string& origin) {
  return {url.substr(0, url.find('#')), origin};
}

call_end call_end_of(const http_response& answer) {
  return answer.status >= 500 || answer.status == 429 ? call_end::failing : call_end::answered;
}

call_end call_end_of(const caf::error& why) {
  return mood_after(why) == peer_mood::silent ? call_end::silent : call_end::unknown;
}

caf::timestamp back_at(const call_refusal& x, double chance) {
  return x.until + std::chrono::duration_cast<caf::timespan>(x.spread * chance);
}

call_permit::~call_permit() {
  if (is_doubtful_)
    from_->forget_doubtful();
}

void call_permit::ended(call_end how, caf::timestamp now) const {
  from_->ended(whom_, how, now);
}

call_book::call_book(const process_settings& settings)
    : by_url_(settings.callbacks_per_url), questions_(settings.callbacks_per_url),
      urls_(settings.breaker_failures, settings.breaker_pause),
      origins_(settings.breaker_failures, settings.breaker_pause), pause_(settings.breaker_pause),
      most_doubtful_(std::max(1u, settings.jobs_in_flight / 4)) {}

call_book::leave call_book::to_deliver(const callee& whom, caf::timestamp now) {
  return begin(whom, purpose::delivery, now);
}

call_book::leave call_book::to_ask(const callee& whom, caf::timestamp now) {
  return begin(whom, purpose::question, now);
}

call_book::leave call_book::begin(const callee& whom, purpose what, caf::timestamp now) {
  std::lock_guard guard{mutex_};
  auto refused = [](caf::timestamp until, std::chrono::milliseconds spread, std::string why,
                    bool has_failed = false) {
    return leave{nullptr, {until, spread, std::move(why), has_failed}};
  };
  // All are looked at before any is told of a call: what one of them refuses is no call.
  if (auto until = origins_.left_alone_until(whom.origin, now))
    return refused(*until, pause_ / 4,
                   "is left alone: its host did not answer hub.breaker_failures times in a row",
                   true);
  if (auto until = urls_.left_alone_until(whom.url, now))
    return refused(*until, pause_ / 4,
                   "is left alone: it failed hub.breaker_failures times in a row", true);
  constexpr auto turn = callback_pace::window / 10;
  if (auto until = by_url_.next_at(whom.url, now))
    return refused(*until, turn, "was called as often as hub.callbacks_per_url allows");
  if (what == purpose::question)
    if (auto until = questions_.next_at(whom.origin, now))
      return refused(*until, turn,
                     "is at a host that was asked as often as hub.callbacks_per_url allows");
  bool is_doubtful = origins_.has_failed(whom.origin);
  // Not at once: each that comes back costs the ledger as much as one that is called.
  if (is_doubtful && doubtful_ >= most_doubtful_)
    return refused(now + callback_pace::window / 2, callback_pace::window / 2,
                   "waits: too many calls are to hosts that did not answer last time");
  origins_.open_until(whom.origin, now);
  urls_.open_until(whom.url, now);
  by_url_.full_until(whom.url, now);
  if (what == purpose::question)
    questions_.full_until(whom.origin, now);
  doubtful_ += is_doubtful ? 1 : 0;
  return {std::make_shared<const call_permit>(shared_from_this(), whom, is_doubtful), {}};
}

void call_book::ended(const callee& whom, call_end how, caf::timestamp now) {
  using outcome = callback_breaker::outcome;
  std::lock_guard guard{mutex_};
  switch (how) {
  case call_end::answered:
    origins_.ended(whom.origin, outcome::answered, now);
    urls_.ended(whom.url, outcome::answered, now);
    return;
  case call_end::failing:
    origins_.ended(whom.origin, outcome::answered, now);
    urls_.ended(whom.url, outcome::failed, now);
    return;
  case call_end::silent:
    origins_.ended(whom.origin, outcome::failed, now);
    urls_.ended(whom.url, outcome::failed, now);
    return;
  case call_end::unknown:
    return;
  }
}

void call_book::forget_doubtful() {
  std::lock_guard guard{mutex_};
  --doubtful_;
}

} // namespace igl
