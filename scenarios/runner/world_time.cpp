#include "scenarios/runner/world.hpp"

#include "messages/errors.hpp"
#include "messages/text.hpp"

#include <algorithm>

namespace igl::scenario {

namespace {

/// What is due later than this is not waited for by `rest`.
constexpr std::chrono::seconds soon{10};

} // namespace

void world::ask_later(const std::string& nation, http_request x, network::answered done) {
  x.url = "http://node-" + lower_case(nation) + x.url;
  wires_.carry(businesses_, std::move(x), std::move(done));
}

caf::expected<http_response> world::ask(const std::string& nation, http_request x) {
  if (auto why = begin())
    return why;
  auto answer = std::make_shared<caf::optional<caf::expected<http_response>>>();
  ask_later(nation, std::move(x),
            [answer](caf::expected<http_response> y) { *answer = std::move(y); });
  if (!time_.go_on([&] { return bool(*answer); }, time_.now() + patience))
    return make_problem(errc::peer_timeout, nation + " never answers");
  return std::move(**answer);
}

void world::disturbed(caf::timespan so_long) {
  disturbed_ = true;
  troubled_until_ = std::max(troubled_until_, now() + so_long);
}

bool world::is_troubled(const std::string& nation) const {
  if (now() < troubled_until_ || wires_.is_bad_for(nation))
    return true;
  for (auto& x : processes_)
    if (x->nation == nation && (!x->running || x->under->disk_full || x->under->frailty > 0 ||
                                x->under->ahead.count() != 0 || wires_.is_bad_for(x->party) ||
                                wires_.is_bad_for(x->label)))
      return true;
  return false;
}

void world::set_clock(process& x, caf::timespan ahead) {
  x.under->ahead = ahead;
  had_wrong_clock_ = true;
}

bool world::is_busy() {
  if (wires_.under_way() > 0 || waiting_for_life_ > 0)
    return true;
  return has_jobs(time_.now() + soon);
}

bool world::is_work_left() {
  return has_jobs(time_.now() + std::chrono::hours{24 * 3650});
}

bool world::has_jobs(caf::timestamp until) {
  for (auto& x : processes_) {
    auto book = x->book.lock();
    if (!book || !x->running)
      continue;
    for (auto& entry : stream_catalogue()) {
      auto due = book->read(due_jobs{entry.id, {}, until, 1});
      if (due && !due->jobs.empty())
        return true;
    }
  }
  return false;
}

void world::rest(caf::timespan at_most) {
  // Media are looked at from time to time, and so are channels by a node that may have missed a
  // notification; whoever looks opens no job for it.
  const caf::timespan still = std::chrono::seconds{std::exchange(disturbed_, false) ? 65 : 5};
  last_change_ = time_.now();
  const auto until = time_.now() + at_most;
  for (;;) {
    while (time_.step())
      ;
    if (time_.now() >= until)
      return;
    if (time_.now() - last_change_ >= still) {
      if (!is_busy())
        return;
      last_change_ = time_.now() - still + std::chrono::seconds{2};
    }
    time_.next_timer(until);
  }
}

caf::error world::recover() {
  wires_.fair_weather();
  for (auto& [name, x] : subscribers_) {
    set_listening(x, true);
    set_answer(x, 200);
  }
  for (auto& x : processes_) {
    *x->under = {};
    if (x->plan)
      x->plan->next.clear();
  }
  // Those that are down for a second come back by themselves.
  pass(std::chrono::seconds{2});
  for (auto& x : processes_)
    if (!x->running)
      if (auto why = start(*x))
        return why;
  const auto until = time_.now() + std::chrono::hours{24};
  // Longer than anybody takes to look for what he was not told of.
  caf::timespan pause = std::chrono::minutes{6};
  do {
    pass(std::min<caf::timespan>(pause, until - time_.now()));
    pause += pause / 2;
  } while (is_work_left() && time_.now() < until && !time_.stuck());
  rest();
  return caf::none;
}

void world::pass(caf::timespan time) {
  time_.go_on([] { return false; }, time_.now() + time);
}

} // namespace igl::scenario
