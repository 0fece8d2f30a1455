#include "scenarios/runner/hearing.hpp"

#include "messages/topic.hpp"

#include <algorithm>

namespace igl::scenario {

namespace {

/// Whose lease ends sooner may not be subscribed any more when its node comes to it.
constexpr std::chrono::hours long_enough{12};

} // namespace

std::string host_in(const std::string& url) {
  auto start = url.find("://") + 3;
  return url.substr(start, url.find('/', start) - start);
}

void hearing::saw(const hop& x, caf::timestamp now) {
  if (x.at.is != process::kind::node)
    return;
  auto& node = x.at.label;
  for (auto& change : x.what.messages) {
    auto& content = change.record.content;
    auto about = to_string(content.ref());
    auto [at, fresh] = known_.emplace(std::pair{node, content.ref()}, change.record.status);
    if (fresh)
      owe(node, about, content.predicate, now);
    else if (at->second != change.record.status)
      owe(node, about, status_topic(content.sender_ref), now);
    at->second = change.record.status;
  }
  for (auto& change : x.what.subscriptions)
    changed(change, node);
}

void hearing::changed(const subscription_change& x, const std::string& node) {
  subscribed key{node, host_in(x.what.callback), x.what.topic};
  if (x.act == subscription_act::put) {
    active_[key] = x.what.ends;
    return;
  }
  active_.erase(key);
  std::erase_if(owed_, [&](auto& y) { return y.first.node == node && y.first.who == key.who; });
}

void hearing::owe(const std::string& node, const std::string& about, const std::string& predicate,
                  caf::timestamp now) {
  auto topics = topics_matching(predicate);
  for (auto& [key, ends] : active_)
    if (key.node == node && ends > now + long_enough &&
        std::find(topics.begin(), topics.end(), key.topic) != topics.end())
      owed_[{node, key.who, about, predicate}] = now;
}

void hearing::saw(const subscriber& who, const subscriber::told& what) {
  owed_.erase({who.at, who.name, what.about, what.predicate});
}

std::vector<std::string> hearing::missing(const excuse& excused) {
  std::vector<std::string> result;
  for (auto& [key, since] : owed_)
    if (dropped_.count(key.about) == 0 && !excused(key.node, key.who, key.about))
      result.push_back(key.who + " is subscribed at " + key.node + " and was never told " +
                       key.predicate + " of " + key.about);
  return result;
}

} // namespace igl::scenario
