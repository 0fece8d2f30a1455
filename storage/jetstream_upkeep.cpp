#include "storage/jetstream_upkeep.hpp"

#include "messages/errors.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <utility>

namespace igl {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_pause = 20ms;
constexpr auto tick_interval = 100ms;
constexpr auto mend_again_after = 500ms;

caf::error away(std::string why) {
  return make_problem(errc::unavailable, std::move(why));
}

} // namespace

jetstream_upkeep::jetstream_upkeep(jetstream_options how) : how_(std::move(how)) {
  for (auto& x : stream_catalogue())
    names_.emplace_back(how_.owner, x.id);
  used_.insert(how_.only.begin(), how_.only.end());
  if (used_.empty())
    for (auto& x : stream_catalogue())
      used_.insert(x.id);
  upkeep_ = std::thread{[this] {
    keep_in_order();
  }};
  deadlines_ = std::thread{[this] {
    keep_deadlines();
  }};
}

jetstream_upkeep::~jetstream_upkeep() {
  {
    std::lock_guard guard{lock_};
    stopping_ = true;
    ready_ = false;
  }
  wake_.notify_all();
  answers_.give_up_all();
  upkeep_.join(); // may wait for an answer, which needs its deadline
  {
    std::lock_guard guard{lock_};
    stopped_ = true;
  }
  wake_.notify_all();
  deadlines_.join();
  answers_.give_up_all();
}

caf::error jetstream_upkeep::absence() const {
  std::lock_guard guard{lock_};
  return ready_ ? caf::error{} : away(why_);
}

std::string jetstream_upkeep::address() const {
  std::lock_guard guard{lock_};
  return link_ ? link_->address() : std::string{};
}

size_t jetstream_upkeep::largest_payload() const {
  std::lock_guard guard{lock_};
  return link_ ? link_->largest_payload() : 0;
}

void jetstream_upkeep::add(const std::shared_ptr<jetstream_consumer>& x) {
  {
    std::lock_guard guard{lock_};
    std::erase_if(consumers_, [](const auto& c) { return c.expired(); });
    consumers_.push_back(x);
    to_attach_ = true;
    if (used_.insert(x->from()).second)
      to_mend_[x->from()] = clock::now();
  }
  wake_.notify_all();
}

// -- the connection ------------------------------------------------------------------------------

void jetstream_upkeep::keep_in_order() {
  auto pause = first_pause;
  do {
    auto err = open_link();
    if (!err)
      err = set_up_streams();
    if (err) {
      note(problem_of(err).detail);
    } else {
      pause = first_pause;
      begin_service();
      serve_until_broken();
    }
    close_link();
  } while (rest(std::exchange(pause, std::min(2 * pause, how_.longest_pause))));
}

caf::error jetstream_upkeep::open_link() {
  auto url = how_.url ? how_.url() : std::string{};
  if (url.empty())
    return away("not started yet");
  {
    std::lock_guard guard{lock_};
    broken_ = false;
  }
  auto link = nats_link::open(url, "igl " + how_.owner, how_.api_timeout,
                              [this](const std::string& why) { on_closed(why); });
  judge("connection", static_cast<bool>(link));
  if (!link)
    return link.error();
  auto inbox = nats_link::fresh_inbox();
  auto listening =
      (*link)->subscribe(inbox + ".*", [this](const nats_message& x) { on_answer(x); });
  if (!listening)
    return listening.error();
  std::lock_guard guard{lock_};
  link_ = std::move(*link);
  listening_ = std::move(*listening);
  inbox_ = std::move(inbox);
  return {};
}

void jetstream_upkeep::close_link() {
  for (auto& x : consumers())
    x->detach();
  std::unique_lock guard{lock_};
  ready_ = false;
  auto listening = std::move(listening_);
  auto link = std::move(link_);
  guard.unlock();
  listening.reset(); // waits for its callback, which may want the lock
  answers_.give_up_all();
}

caf::error jetstream_upkeep::set_up_streams() {
  std::unique_lock guard{lock_};
  auto used = used_;
  to_mend_.clear();
  guard.unlock();
  // Once we have served, what is handed out may be with workers of this process.
  auto left = how_.sole_user && !served_ ? handed_out::comes_again : handed_out::stays;
  for (auto which : used) {
    auto x = set_up_stream(wanted(which), left, asking());
    judge(to_string(which), static_cast<bool>(x));
    guard.lock();
    if (broken_ || stopping_)
      return away(why_);
    if (x)
      states_[which] = x->state;
    else
      to_mend_[which] = clock::now() + mend_again_after;
    guard.unlock();
    if (!x && which == *used.begin())
      return x.error(); // JetStream itself is in trouble
    if (!x)
      spdlog::error("{}", sentence_of(x.error()));
  }
  return {};
}

void jetstream_upkeep::begin_service() {
  std::unique_lock guard{lock_};
  if (broken_ || stopping_)
    return;
  ready_ = true;
  served_ = true;
  why_.clear();
  auto address = link_->address();
  guard.unlock();
  spdlog::info("streams of {} are in order on nats-server at {}", how_.owner, address);
  attach_consumers();
  if (how_.on_ready)
    how_.on_ready();
}

void jetstream_upkeep::serve_until_broken() {
  for (std::unique_lock guard{lock_}; !stopping_ && !broken_;) {
    auto next = std::min_element(to_mend_.begin(), to_mend_.end(),
                                 [](auto& a, auto& b) { return a.second < b.second; });
    if (to_attach_) {
      guard.unlock();
      attach_consumers();
      guard.lock();
    } else if (next != to_mend_.end() && next->second <= clock::now()) {
      auto which = next->first;
      to_mend_.erase(next);
      guard.unlock();
      mend_now(which);
      guard.lock();
    } else if (next != to_mend_.end()) {
      wake_.wait_until(guard, clock::time_point{next->second});
    } else {
      wake_.wait(guard);
    }
  }
}

void jetstream_upkeep::mend_now(stream which) {
  auto x = mend_stream(wanted(which), asking());
  judge(to_string(which), static_cast<bool>(x));
  if (!x) {
    spdlog::debug("{}", sentence_of(x.error()));
    return to_mend(which, mend_again_after);
  }
  {
    std::lock_guard guard{lock_};
    states_[which] = x->state;
  }
  for (auto& c : consumers())
    if (c->from() == which)
      c->renew(x->state);
  if (x->was_gone && how_.on_ready)
    how_.on_ready();
}

void jetstream_upkeep::attach_consumers() {
  std::unique_lock guard{lock_};
  to_attach_ = false;
  auto link = link_;
  auto states = states_;
  guard.unlock();
  for (auto& x : consumers())
    if (!x->attached())
      x->attach(link, states[x->from()]);
}

void jetstream_upkeep::judge(const std::string& what, bool in_order) {
  if (in_order) {
    in_disorder_.erase(what);
    return;
  }
  auto since = in_disorder_.emplace(what, clock::now()).first->second;
  if (clock::now() - since < how_.patience)
    return;
  in_disorder_.clear(); // a new server gets its time
  if (how_.on_hopeless)
    how_.on_hopeless();
}

bool jetstream_upkeep::rest(std::chrono::milliseconds pause) {
  std::unique_lock guard{lock_};
  return !wake_.wait_for(guard, pause, [this] { return stopping_; });
}

void jetstream_upkeep::keep_deadlines() {
  for (std::unique_lock guard{lock_}; !stopped_;) {
    wake_.wait_for(guard, tick_interval);
    guard.unlock();
    answers_.give_up_overdue(clock::now());
    for (auto& x : consumers())
      x->tick();
    guard.lock();
  }
}

// -- questions and answers -----------------------------------------------------------------------

void jetstream_upkeep::ask(haste how, const std::string& subject, const std::string& payload,
                           const std::string& message_id, std::chrono::milliseconds timeout,
                           jetstream_answers::answered by) {
  std::unique_lock guard{lock_};
  auto link = stopping_ || broken_ ? nullptr : link_;
  auto reply = inbox_ + ".";
  guard.unlock();
  if (!link)
    return by(nullptr);
  auto number = answers_.expect(clock::now() + timeout, std::move(by));
  if (link->publish(how, subject, reply + std::to_string(number), payload, message_id))
    answers_.give_up(number);
}

ask_jetstream jetstream_upkeep::asking() {
  return [this](const std::string& subject, const std::string& body) {
    auto heard = std::make_shared<std::promise<jetstream_api::answer>>();
    ask(haste::at_once, subject, body, {}, how_.api_timeout,
        [heard](const nats_message* x) { heard->set_value(read(x)); });
    return heard->get_future().get();
  };
}

wanted_stream jetstream_upkeep::wanted(stream x) const {
  auto& names = names_of(x);
  return {names, jetstream_api::stream_config(names, how_.replicas),
          jetstream_api::consumer_config(names, how_.ack_wait, how_.max_ack_pending)};
}

jetstream_api::answer jetstream_upkeep::read(const nats_message* x) {
  if (x && x->status == 0)
    return jetstream_api::read_answer(x->data);
  jetstream_api::answer nothing;
  nothing.error_code = jetstream_api::no_answer;
  nothing.error = x ? "JetStream is not enabled, or not ready" : "JetStream does not answer";
  return nothing;
}

void jetstream_upkeep::on_answer(const nats_message& x) {
  auto digits = x.subject.substr(x.subject.rfind('.') + 1);
  uint64_t number = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  answers_.arrived(number, x);
}

void jetstream_upkeep::on_closed(const std::string& why) {
  {
    std::lock_guard guard{lock_};
    broken_ = true;
    ready_ = false;
  }
  note("connection lost: " + why);
  wake_.notify_all();
  answers_.give_up_all();
}

void jetstream_upkeep::to_mend(stream which, std::chrono::milliseconds in) {
  {
    std::lock_guard guard{lock_};
    to_mend_.emplace(which, clock::now() + in);
  }
  wake_.notify_all();
}

std::vector<std::shared_ptr<jetstream_consumer>> jetstream_upkeep::consumers() {
  std::lock_guard guard{lock_};
  std::vector<std::shared_ptr<jetstream_consumer>> all;
  for (auto& x : consumers_)
    if (auto c = x.lock())
      all.push_back(std::move(c));
  return all;
}

void jetstream_upkeep::note(const std::string& why) {
  {
    std::lock_guard guard{lock_};
    if (stopping_ || why_ == why)
      return;
    why_ = why;
  }
  spdlog::warn("streams of {} wait for the NATS server: {}", how_.owner, why);
}

} // namespace igl
