#include "messages/topic.hpp"
#include "storage/bytes.hpp"
#include "storage/disk_ledger.hpp"
#include "storage/ledger_keys.hpp"

#include <algorithm>

// What the hub asks: subscriptions, its events, and lanes.

namespace igl {

namespace keys = ledger_keys;

namespace {

/// So many jobs of a lane are counted.
constexpr uint64_t most_counted = 10000;

/// Whoever subscribes while an event is spread is not told of it: or the pages, which are read one
/// after the other, would not agree.
bool is_told(const subscription& x, const find_subscribers& what) {
  return x.ends > what.at && (what.event == 0 || x.after_event < what.event);
}

/// Whether the callback is told under a longer one of the topics.
bool is_told_before(const ledger_snapshot& txn, const ledger_databases& db,
                    const std::vector<std::string>& topics, size_t place, const subscription& x,
                    const find_subscribers& what) {
  const auto of_callback = keys::of_callback(x.callback);
  for (size_t i = 0; i < place; ++i)
    if (auto stored = txn.find(db.subscriptions, keys::of_topic(topics[i]) + of_callback))
      if (is_told(decoded<subscription>(*stored), what))
        return true;
  return false;
}

hub_event event_of(uint64_t number, std::string_view stored) {
  auto x = decoded<stored_hub_event>(stored).what;
  x.number = number;
  return x;
}

} // namespace

caf::expected<found_subscribers> disk_ledger::read(const find_subscribers& what) const {
  auto topics = topics_matching(what.topic);
  auto first = std::find(topics.begin(), topics.end(), what.after.topic) - topics.begin();
  if (what.after.callback.empty())
    first = 0;
  return answer<found_subscribers>([&](const auto& txn, found_subscribers& found) -> caf::error {
    auto at = txn.walk(db_.subscriptions);
    for (auto place = static_cast<size_t>(first); place < topics.size(); ++place) {
      auto begins = keys::of_topic(topics[place]);
      auto goes_on = place == static_cast<size_t>(first) && !what.after.callback.empty();
      auto after = goes_on ? keys::of_subscription(topics[place], what.after.callback) : begins;
      bool more = at.seek(after);
      if (more && goes_on && at.key() == after)
        more = at.next();
      for (; more && at.key().starts_with(begins); more = at.next()) {
        auto x = decoded<subscription>(at.value());
        if (!is_told(x, what) ||
            (what.limit > 0 && is_told_before(txn, db_, topics, place, x, what)))
          continue;
        found.subscriptions.push_back(std::move(x));
        if (what.limit > 0 && found.subscriptions.size() >= what.limit) {
          found.next = subscriber_place{topics[place], found.subscriptions.back().callback};
          return {};
        }
      }
    }
    return {};
  });
}

caf::expected<found_subscription> disk_ledger::read(const find_subscription& what) const {
  auto now = now_();
  auto topics = what.or_above ? topics_matching(what.topic) : std::vector{what.topic};
  const auto of_callback = keys::of_callback(what.callback);
  return answer<found_subscription>([&](const auto& txn, found_subscription& found) -> caf::error {
    for (auto& topic : topics)
      if (auto stored = txn.find(db_.subscriptions, keys::of_topic(topic) + of_callback))
        if (auto x = decoded<subscription>(*stored); x.ends > now) {
          found.what = std::move(x);
          return {};
        }
    return {};
  });
}

caf::expected<found_ending_subscriptions>
disk_ledger::read(const find_ending_subscriptions& what) const {
  return answer<found_ending_subscriptions>([&](const auto& txn, auto& found) -> caf::error {
    auto place = keys::of_subscription_end(what.after, {}).size();
    auto at = txn.walk(db_.subscription_ends);
    for (bool more = at.seek(keys::of_subscription_end(what.after + caf::timespan{1}, {})); more;
         more = at.next()) {
      auto stored = txn.find(db_.subscriptions, at.key().substr(place));
      if (!stored)
        return make_problem(errc::storage_failed, "an end of a subscription that is not stored");
      auto x = decoded<subscription>(*stored);
      auto& all = found.subscriptions;
      if (x.ends > what.until || (all.size() >= what.limit && x.ends != all.back().ends))
        break;
      all.push_back(std::move(x));
    }
    return {};
  });
}

caf::expected<found_subscriptions> disk_ledger::read(const find_subscriptions& what) const {
  auto now = now_();
  auto in = what.callback.empty() ? db_.subscriptions : db_.subscriptions_of;
  auto begins = what.callback.empty() ? std::string{} : keys::of_callback(what.callback);
  auto after = begins;
  if (!what.after.callback.empty())
    after += keys::of_subscription(what.after.topic, what.after.callback);
  return answer<found_subscriptions>([&](const auto& txn, auto& found) -> caf::error {
    auto at = txn.walk(in);
    bool more = at.seek(after);
    if (more && !what.after.callback.empty() && at.key() == after)
      more = at.next();
    for (; more && at.key().starts_with(begins) && found.subscriptions.size() < what.limit;
         more = at.next()) {
      auto stored = txn.find(db_.subscriptions, at.key().substr(begins.size()));
      if (!stored)
        throw damaged_value("a subscription is in the index only");
      if (auto x = decoded<subscription>(*stored); x.ends > now)
        found.subscriptions.push_back(std::move(x));
    }
    return {};
  });
}

caf::expected<found_hub_event> disk_ledger::read(const find_hub_event& what) const {
  return answer<found_hub_event>([&](const auto& txn, found_hub_event& found) -> caf::error {
    if (auto stored = txn.find(db_.hub_events, keys::of_number(what.number)))
      found.what = event_of(what.number, *stored);
    return {};
  });
}

caf::expected<found_hub_events> disk_ledger::read(const find_hub_events& what) const {
  return answer<found_hub_events>([&](const auto& txn, found_hub_events& found) -> caf::error {
    if (auto at = txn.walk(db_.hub_events); at.first())
      found.kept_from = keys::number_of(at.key());
    auto begins = keys::of_topic(what.topic);
    auto at = txn.walk(db_.hub_topics);
    for (bool more = at.seek(keys::of_hub_topic(what.topic, what.after));
         more && at.key().starts_with(begins) && found.events.size() < what.limit;
         more = at.next()) {
      auto number = keys::number_of(at.key().substr(begins.size()));
      if (number <= what.after)
        continue;
      auto stored = txn.find(db_.hub_events, keys::of_number(number));
      if (!stored)
        throw damaged_value("an event of the hub is in the index only");
      found.events.push_back(event_of(number, *stored));
    }
    return {};
  });
}

caf::expected<found_lane> disk_ledger::read(const find_lane& what) const {
  return answer<found_lane>([&](const auto& txn, found_lane& found) -> caf::error {
    auto begins = keys::of_text(what.lane);
    found.held = txn.find(db_.lanes_held, begins).has_value();
    auto at = txn.walk(db_.lanes);
    for (bool more = at.seek(begins);
         more && at.key().starts_with(begins) && found.waiting < most_counted; more = at.next()) {
      if (++found.waiting > 1)
        continue;
      auto stored = txn.find(db_.jobs, at.value());
      if (!stored)
        throw damaged_value("a lane has a job that is not open");
      found.first = decoded<stored_job>(*stored).job;
    }
    return {};
  });
}

caf::expected<found_events> disk_ledger::read(const find_latest_events& what) const {
  return answer<found_events>([&](const auto& txn, found_events& found) -> caf::error {
    auto begins = keys::of_text(what.about);
    auto at = txn.walk(db_.events_about);
    bool more = at.seek(keys::of_event_about(what.about, UINT64_MAX)) ? at.previous() : at.last();
    for (; more && found.events.size() < what.limit && at.key().starts_with(begins);
         more = at.previous()) {
      auto number = keys::number_of(at.key().substr(begins.size()));
      auto stored = txn.find(db_.events, keys::of_number(number));
      if (!stored)
        throw damaged_value("an event is in the index only");
      auto& x = found.events.emplace_back(decoded<event>(*stored));
      x.number = number;
    }
    return {};
  });
}

} // namespace igl
