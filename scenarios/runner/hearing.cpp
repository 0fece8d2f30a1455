#include "scenarios/runner/hearing.hpp"

#include "messages/topic.hpp"

#include <algorithm>

namespace igl::scenario {

namespace {

/// Clocks differ: so long before its lease ends nobody is sure to be told any more.
constexpr std::chrono::minutes near_its_end{20};

/// So long after its end somebody may be told what was on its way then.
constexpr std::chrono::minutes on_its_way{2};

} // namespace

void hearing::saw(const hop& x, caf::timestamp now) {
  if (x.at.is != process::kind::node)
    return;
  auto& node = x.at.label;
  for (auto& change : x.what.messages) {
    auto& content = change.record.content;
    auto about = to_string(content.ref());
    auto [at, fresh] =
        known_.emplace(std::pair{node, about}, known{change.record.status, content.predicate});
    if (fresh)
      owe(node, about, content.predicate, now);
    else if (at->second.status != change.record.status)
      owe(node, about, status_topic(content.sender_ref), now);
    at->second.status = change.record.status;
  }
  for (auto& change : x.what.subscriptions)
    changed(change, node, now);
}

void hearing::changed(const subscription_change& x, const std::string& node, caf::timestamp now) {
  subscribed key{node, host_of(x.what.callback), x.what.topic};
  if (x.act == subscription_act::put) {
    subscribed_[key] = x.what.ends;
    return;
  }
  subscribed_[key] = now;
  std::erase_if(owed_, [&](auto& y) {
    return y.first.node == node && y.first.who == key.who &&
           !is_subscribed(node, key.who, y.first.predicate, now);
  });
}

bool hearing::is_subscribed(const std::string& node, const std::string& who,
                            const std::string& predicate, caf::timestamp at) const {
  auto topics = topics_matching(predicate);
  return std::any_of(topics.begin(), topics.end(), [&](auto& topic) {
    auto found = subscribed_.find({node, who, topic});
    return found != subscribed_.end() && found->second > at;
  });
}

void hearing::owe(const std::string& node, const std::string& about, const std::string& predicate,
                  caf::timestamp now) {
  auto topics = topics_matching(predicate);
  std::map<std::string, caf::timestamp> all; // who, under however many topics
  for (auto& [key, ends] : subscribed_)
    if (key.node == node && ends > now + near_its_end &&
        std::find(topics.begin(), topics.end(), key.topic) != topics.end())
      all[key.who] = std::max(all[key.who], ends);
  for (auto& [who, ends] : all) {
    auto& due = owed_[{node, who, about, predicate}];
    ++due.times;
    due.ends = ends;
  }
}

std::string hearing::saw(const subscriber& who, const subscriber::told& what) {
  auto due = owed_.find({who.at, who.name, what.about, what.predicate});
  if (due != owed_.end())
    due->second.heard.insert(what.number.value_or(0));
  auto topic = subscribed_topic(what.topic);
  auto under = topic ? subscribed_.find({who.at, who.name, *topic}) : subscribed_.end();
  auto told = who.name + " was told " + what.predicate + " of " + what.about;
  if (under == subscribed_.end())
    return told + " though it is not subscribed to " + what.topic;
  if (under->second + on_its_way < what.at)
    return told + " though its subscription to " + what.topic + " is over";
  auto message = known_.find({who.at, what.about});
  if (message == known_.end())
    return {};
  // Who hears of a message hears of its withdrawal.
  for (auto& predicate : {what.predicate, message->second.predicate})
    for (auto& matching : topics_matching(predicate))
      if (matching == *topic)
        return {};
  return told + " though it asked for " + what.topic;
}

std::vector<std::string> hearing::missing(const excuse& excused, caf::timestamp now) {
  std::vector<std::string> result;
  std::erase_if(owed_, [&](auto& x) { return x.second.ends <= now + near_its_end; });
  for (auto& [key, due] : owed_)
    if (due.heard.size() < due.times && !excused(key.node, key.who, key.about))
      result.push_back(key.who + " is subscribed at " + key.node + " and was never told " +
                       key.predicate + " of " + key.about +
                       (due.times < 2 ? "" : " the " + std::to_string(due.times) + "th time"));
  return result;
}

} // namespace igl::scenario
