#include "messages/topic.hpp"
#include "storage/bytes.hpp"
#include "storage/ledger_batch.hpp"
#include "storage/ledger_keys.hpp"

#include <algorithm>
#include <limits>

// Who is told, what, and in which order: subscriptions, events, and jobs in lanes.
// storage/FORMAT.md, "Lanes".

namespace igl {

namespace keys = ledger_keys;

namespace {

/// Removes what is no longer needed. If that is damaged it stays, for `igl ledger check` to name:
/// what is new must be told all the same.
template <class Sweep>
void clear_away(Sweep sweep) {
  try {
    sweep();
  } catch (const damaged_value&) {
  }
}

/// How many old events go with each new one: more than come, so that they cannot pile up.
constexpr int forgotten_per_event = 2;

/// How many ended subscriptions go with each change of one, and with each event: more than come,
/// so that they cannot pile up, and so many that what lapsed together costs the next events only.
constexpr int ended_per_change = 4;
constexpr int ended_per_event = 50;

} // namespace

// -- subscriptions -------------------------------------------------------------------------------

void ledger_batch::write_subscription(const subscription_change& x) {
  auto key = keys::of_subscription(x.what.topic, x.what.callback);
  auto what = x.what;
  what.after_event = state_.last_hub_event;
  if (auto stored = txn_.find(db_.subscriptions, key)) {
    auto before = decoded<subscription>(*stored);
    if (before.ends > now_.at)
      what.after_event = before.after_event;
    if (x.act == subscription_act::remove)
      forget_subscription(key, before);
    else
      txn_.erase(db_.subscription_ends, keys::of_subscription_end(before.ends, key));
  }
  if (x.act == subscription_act::put) {
    encode(value_, what);
    txn_.put(db_.subscriptions, key, value_);
    txn_.put(db_.subscription_ends, keys::of_subscription_end(what.ends, key), {});
    txn_.put(db_.subscriptions_of, keys::of_callback(what.callback) + key, {});
    want(what.topic, what.ends + (now_.at - now_.oldest_hub_event));
  }
  clear_away([this] { remove_ended_subscriptions(ended_per_change); });
}

/// With the callback's last one its pause ends: nobody would find it there, and a later subscriber
/// would wait for what it does not know of.
void ledger_batch::forget_subscription(std::string_view key, const subscription& x) {
  auto of_callback = keys::of_callback(x.callback);
  txn_.erase(db_.subscription_ends, keys::of_subscription_end(x.ends, key));
  txn_.erase(db_.subscriptions_of, of_callback + std::string{key});
  txn_.erase(db_.subscriptions, std::string{key});
  if (!txn_.find(db_.lanes_held, keys::of_text(x.callback)))
    return;
  auto is_last = [&] {
    auto at = txn_.walk(db_.subscriptions_of);
    return !at.seek(of_callback) || !at.key().starts_with(of_callback);
  }();
  if (is_last)
    change_lane({lane_act::release, x.callback});
}

void ledger_batch::remove_ended_subscriptions(int at_most) {
  auto now = keys::of_subscription_end(now_.at, {});
  auto first_ended = [&](lmdb::database in) -> std::optional<std::string> {
    auto at = txn_.walk(in);
    if (!at.first() || at.key().substr(0, now.size()) > now)
      return std::nullopt;
    return std::string{at.key()};
  };
  for (int i = 0; i < at_most; ++i) {
    auto ended = first_ended(db_.subscription_ends);
    if (!ended)
      break;
    auto key = ended->substr(now.size());
    if (auto stored = txn_.find(db_.subscriptions, key))
      forget_subscription(key, decoded<subscription>(*stored));
    else
      txn_.erase(db_.subscription_ends, *ended);
  }
  for (int i = 0; i < at_most; ++i) {
    auto ended = first_ended(db_.hub_wanted_ends);
    if (!ended)
      break;
    txn_.erase(db_.hub_wanted_ends, *ended);
    txn_.erase(db_.hub_wanted, ended->substr(now.size()));
  }
}

/// Events of the topic are kept until then, so that a subscriber whose lease has ended can read
/// what it missed.
void ledger_batch::want(const std::string& topic, caf::timestamp until) {
  auto key = keys::of_topic(topic);
  auto ends = keys::of_subscription_end(until, {});
  if (auto stored = txn_.find(db_.hub_wanted, key)) {
    std::string before{*stored};
    if (before >= ends)
      return;
    txn_.erase(db_.hub_wanted_ends, before + key);
  }
  txn_.put(db_.hub_wanted, key, ends);
  txn_.put(db_.hub_wanted_ends, ends + key, {});
}

// -- events --------------------------------------------------------------------------------------

void ledger_batch::tell(const message_changed& x) {
  auto wanted = x;
  wanted.notices.clear();
  for (const auto& notice : x.notices) {
    stored_hub_event event;
    event.topics = wanted_topics(notice.topic);
    if (event.topics.empty())
      continue;
    auto number = ++state_.last_hub_event;
    event.what = {number,     now_.at, notice.topic, x.about, notice.media_type.value_or(""),
                  notice.body};
    encode(value_, event);
    txn_.put(db_.hub_events, keys::of_number(number), value_);
    for (const auto& topic : event.topics)
      txn_.put(db_.hub_topics, keys::of_hub_topic(topic, number), {});
    clear_away([this] { forget_old_hub_events(); });
    if (std::none_of(event.topics.begin(), event.topics.end(),
                     [this](auto& topic) { return is_subscribed(topic); }))
      continue;
    auto& told = wanted.notices.emplace_back(notice);
    told.number = number;
    if (told.media_type)
      told.body.clear(); // no JSON, and maybe large: the event has it
  }
  if (!std::exchange(is_swept_, true))
    clear_away([this] { remove_ended_subscriptions(ended_per_event); });
  if (!wanted.notices.empty())
    open(make_job(wanted), now_.at);
}

std::vector<std::string> ledger_batch::wanted_topics(const std::string& topic) const {
  auto now = keys::of_subscription_end(now_.at, {});
  auto result = topics_matching(topic);
  std::erase_if(result, [&](const std::string& x) {
    auto until = txn_.find(db_.hub_wanted, keys::of_topic(x));
    return !until || *until <= now;
  });
  return result;
}

bool ledger_batch::is_subscribed(const std::string& topic) const {
  auto begins = keys::of_topic(topic);
  auto at = txn_.walk(db_.subscriptions);
  for (bool more = at.seek(begins); more && at.key().starts_with(begins); more = at.next())
    if (decoded<subscription>(at.value()).ends > now_.at)
      return true;
  return false;
}

void ledger_batch::forget_old_hub_events() {
  for (int i = 0; i < forgotten_per_event; ++i) {
    std::string key;
    stored_hub_event oldest;
    {
      auto at = txn_.walk(db_.hub_events);
      if (!at.first())
        return;
      key = at.key();
      decode(at.value(), oldest);
    }
    if (oldest.what.at >= now_.oldest_hub_event)
      return;
    txn_.erase(db_.hub_events, key);
    for (const auto& topic : oldest.topics)
      txn_.erase(db_.hub_topics, keys::of_hub_topic(topic, keys::number_of(key)));
  }
}

// -- lanes ---------------------------------------------------------------------------------------

// Of the jobs of a lane only one is begun: is among those that are due, or with a worker. The
// others are not in `jobs_due`, so nobody hands them out.

std::optional<stored_job> ledger_batch::first_in(const std::string& lane) const {
  auto begins = keys::of_text(lane);
  auto at = txn_.walk(db_.lanes);
  if (!at.seek(begins) || !at.key().starts_with(begins))
    return std::nullopt;
  auto stored = txn_.find(db_.jobs, std::string{at.value()});
  if (!stored)
    throw damaged_value("a lane has a job that is not open");
  return decoded<stored_job>(*stored);
}

std::optional<std::string> ledger_batch::first_key_in(const std::string& lane) const {
  auto begins = keys::of_text(lane);
  auto at = txn_.walk(db_.lanes);
  if (!at.seek(begins) || !at.key().starts_with(begins))
    return std::nullopt;
  return std::string{at.key()};
}

uint64_t ledger_batch::first_open_place() const {
  auto at = txn_.walk(db_.places_open);
  return at.first() ? keys::number_of(at.key()) : std::numeric_limits<uint64_t>::max();
}

void ledger_batch::join_lane(const open_job& x) {
  const auto& lane = x.order.lane;
  const auto first = first_key_in(lane);
  auto key = keys::of_lane_job(x);
  const bool is_behind = first && *first < key;
  txn_.put(db_.lanes, std::move(key), keys::of_text(x.order.id));
  if (is_behind)
    return;
  if (first)
    txn_.erase(db_.lanes_waiting, keys::of_waiting_lane(keys::place_of_lane_job(*first), lane));
  start_next_in(lane);
}

void ledger_batch::leave_lane(const open_job& x) {
  const auto& lane = x.order.lane;
  txn_.erase(db_.lanes, keys::of_lane_job(x));
  txn_.erase(db_.lanes_waiting, keys::of_waiting_lane(x.order.place, lane));
  pass_on(x);
}

/// The job is no longer the one that is begun: the next one is, which may be the same.
void ledger_batch::pass_on(const open_job& x) {
  auto key = keys::of_text(x.order.lane);
  auto begun = txn_.find(db_.lanes_begun, key);
  if (begun && *begun == keys::of_text(x.order.id))
    txn_.erase(db_.lanes_begun, key);
  start_next_in(x.order.lane);
}

/// Begins the first job of the lane, unless one is begun or something holds it back.
void ledger_batch::start_next_in(const std::string& lane) {
  auto key = keys::of_text(lane);
  if (txn_.find(db_.lanes_begun, key) || txn_.find(db_.lanes_held, key))
    return;
  auto next = first_in(lane);
  if (!next)
    return;
  auto place = next->job.order.place;
  if (place > first_open_place()) {
    txn_.put(db_.lanes_waiting, keys::of_waiting_lane(place, lane), lane);
    return;
  }
  // It may have been due long ago, and readers do not go back.
  next->job.order.due = std::max(next->job.order.due, now_.due);
  put_job(*next);
  insert_due(next->job);
  txn_.put(db_.lanes_begun, key, keys::of_text(next->job.order.id));
}

void ledger_batch::start_waiting_lanes() {
  std::vector<std::pair<std::string, std::string>> passed;
  {
    auto at = txn_.walk(db_.lanes_waiting);
    if (!at.first())
      return;
    const auto until = first_open_place();
    for (bool more = true; more && keys::number_of(at.key()) <= until; more = at.next())
      passed.emplace_back(at.key(), at.value());
  }
  for (const auto& [key, lane] : passed) {
    txn_.erase(db_.lanes_waiting, key);
    start_next_in(lane);
  }
}

void ledger_batch::change_lane(const lane_change& x) {
  auto key = keys::of_text(x.lane);
  if (x.act == lane_act::release) {
    txn_.erase(db_.lanes_held, key);
    return start_next_in(x.lane);
  }
  txn_.put(db_.lanes_held, key, {});
  if (auto begun = txn_.find(db_.lanes_begun, key)) {
    if (auto stored = txn_.find(db_.jobs, std::string{*begun}))
      erase_due(decoded<stored_job>(*stored).job);
    txn_.erase(db_.lanes_begun, key);
  }
  if (auto first = first_in(x.lane))
    txn_.erase(db_.lanes_waiting, keys::of_waiting_lane(first->job.order.place, x.lane));
}

} // namespace igl
