#include "tests/torture/balance.hpp"

#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/multihash.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

namespace igl::torture {

namespace {

/// The events of so many messages are told.
constexpr size_t told_in_full = 10;

using events_by_subject = std::map<std::string, std::map<event_kind, uint64_t>>;

std::string name_of(const message& x) {
  return to_string(x.ref());
}

/// All events about messages of a node, counted.
caf::expected<events_by_subject> count_events(node_client& client) {
  events_by_subject result;
  for (uint64_t after = 0;;) {
    auto page =
        client.operation("GET", "/operator/events?limit=5000&after=" + std::to_string(after));
    if (!page)
      return page.error();
    const auto& events = page->at("events");
    if (events.empty())
      return result;
    for (const auto& entry : events) {
      auto x = entry.get<event>();
      after = x.number;
      ++result[x.about][x.what];
    }
  }
}

std::string trace(node_client& client, const std::string& about) {
  auto page = client.operation("GET", "/operator/events?about=" + percent_encode(about));
  if (!page)
    return "\n      " + sentence_of(page.error());
  std::string text;
  for (const auto& entry : page->at("events"))
    text += "\n      " + entry.value("at", "") + " " + sentence_of(entry.get<event>());
  return text.empty() ? "\n      no event" : text;
}

/// What is wrong with a message at one of its sides; empty: nothing.
std::string wrong_with(node_client& client, const std::string& at, const message& x,
                       const std::string& wanted_status) {
  auto found = client.json("GET", at + "/message/" + percent_encode(name_of(x)));
  if (!found)
    return "is not there: " + sentence_of(found.error());
  auto there = found->get<message>();
  if (!(there == x))
    return "is another: " + found->dump() + " instead of " + nlohmann::json(x).dump();
  if (auto status = found->value("status", ""); status != wanted_status)
    return "is " + status + " instead of " + wanted_status;
  return {};
}

std::string wrong_with_document(node_client& client, const std::string& at,
                                const std::string& reader, const std::string& bytes) {
  auto hash = multihash_of(bytes);
  http_request request;
  request.method = "GET";
  request.url = at + "/documents/" + hash + "?as_jurisdiction=" + reader;
  request.max_body = uint64_t{64} << 20;
  auto answer = client.exchange(std::move(request));
  if (!answer)
    return "document " + hash + " cannot be had: " + sentence_of(answer.error());
  if (answer->status != 200)
    return "document " + hash + " is answered with " + std::to_string(answer->status) + " " +
           answer->body.substr(0, 200);
  if (answer->body != bytes)
    return "document " + hash + " has other bytes";
  return {};
}

/// What one nation has of what concerns it.
class side {
public:
  side(demo_network& network, std::string nation, uint64_t seed)
      : url_(network.node(nation).url), nation_(std::move(nation)), seed_(seed),
        client_({url_, {}, {}}) {}

  void look(const std::vector<promise>& promises, balance& into, std::mutex& mutex) {
    auto events = count_events(client_);
    if (!events) {
      std::lock_guard guard{mutex};
      into.faults.push_back("node " + nation_ +
                            " does not tell its events: " + sentence_of(events.error()));
      return;
    }
    uint64_t concerned = 0, documents = 0;
    std::vector<std::string> faults;
    for (const auto& x : promises) {
      auto sent = x.content.sender == nation_;
      if (!sent && x.content.receiver != nation_)
        continue;
      ++concerned;
      auto wrong = sent ? check(x, "accepted", event_kind::message_posted, *events)
                        : check(x, "received", event_kind::message_received, *events);
      if (!sent && wrong.empty())
        wrong = check_documents(x, documents);
      if (!wrong.empty())
        faults.push_back(name_of(x.content) + " at " + nation_ + " " + wrong +
                         (faults.size() < told_in_full
                              ? "; its events there:" + trace(client_, name_of(x.content))
                              : std::string{}));
    }
    if (auto status = client_.operation("GET", "/operator/status");
        status && status->get<node_status>().ledger.messages != concerned)
      faults.push_back("the lake of " + nation_ + " has " +
                       std::to_string(status->get<node_status>().ledger.messages) +
                       " messages instead of " + std::to_string(concerned));
    std::lock_guard guard{mutex};
    into.documents += documents;
    into.faults.insert(into.faults.end(), faults.begin(), faults.end());
  }

private:
  std::string check(const promise& x, const std::string& status, event_kind once,
                    events_by_subject& events) {
    if (auto wrong = wrong_with(client_, url_, x.content, status); !wrong.empty())
      return wrong;
    auto& about = events[name_of(x.content)];
    if (about[once] != 1)
      return "has " + std::to_string(about[once]) + " events " + to_string(once);
    return {};
  }

  std::string check_documents(const promise& x, uint64_t& good) {
    for (const auto& bytes : parcel_of(seed_, x.over, x.number).documents) {
      if (auto wrong = wrong_with_document(client_, url_, nation_, bytes); !wrong.empty())
        return wrong;
      ++good;
    }
    return {};
  }

  std::string url_;
  std::string nation_;
  uint64_t seed_;
  node_client client_;
};

std::vector<std::string> dead_letters_of(const std::string& name, const std::string& url) {
  std::vector<std::string> result;
  node_client client({url, {}, {}});
  for (uint64_t after = 0;;) {
    auto page = client.operation("GET", "/operator/dead-letters?after=" + std::to_string(after));
    if (!page)
      return result;
    const auto& letters = page->at("dead_letters");
    if (letters.empty())
      return result;
    for (const auto& entry : letters) {
      auto x = entry.get<dead_letter>();
      after = x.number;
      result.push_back(name + ": " + to_string(x.job.order.on) + " " + x.job.order.about + ": " +
                       x.reason);
    }
  }
}

} // namespace

std::map<std::string, uint64_t> lakes_of(const std::vector<promise>& promises) {
  std::map<std::string, uint64_t> result;
  for (const auto& x : promises) {
    ++result[x.content.sender];
    ++result[x.content.receiver];
  }
  return result;
}

std::string unrest_of(demo_network& network, const std::map<std::string, uint64_t>& lakes) {
  std::string text;
  auto add = [&](const std::string& what) {
    text += (text.empty() ? "" : "; ") + what;
  };
  for (auto& [name, member] : network.members()) {
    node_client client({member.url, {}, {}});
    auto ready = client.operation("GET", "/readyz");
    auto status = client.operation("GET", "/operator/status");
    if (!ready || !status) {
      add(name + " does not answer");
      continue;
    }
    for (const auto& x : ready->get<readiness>().checks)
      if (!x.ready)
        add(name + " is not ready: " + x.what + " " + x.detail);
    auto figures = status->get<node_status>().ledger;
    std::string streams;
    for (const auto& x : figures.streams)
      if (x.open > 0)
        streams += " " + to_string(x.id) + " " + std::to_string(x.open);
    if (figures.open_jobs > 0)
      add(name + " has open jobs:" + streams);
    if (member.kind != "node")
      continue;
    auto wanted = lakes.find(name.substr(name.size() - 2));
    if (wanted != lakes.end() && figures.messages < wanted->second)
      add(name + " has " + std::to_string(figures.messages) + " of " +
          std::to_string(wanted->second) + " messages");
  }
  return text;
}

balance balance_of(demo_network& network, const std::vector<promise>& promises, uint64_t seed) {
  balance result;
  std::set<std::string> names;
  for (const auto& x : promises)
    if (!names.insert(name_of(x.content)).second)
      result.faults.push_back(name_of(x.content) + " was promised twice");
  std::mutex mutex;
  std::vector<std::thread> threads;
  for (const auto& nation : network.options().nations)
    threads.emplace_back(
        [&, nation] { side(network, nation, seed).look(promises, result, mutex); });
  for (auto& thread : threads)
    thread.join();
  for (const auto& [name, member] : network.members()) {
    auto letters = dead_letters_of(name, member.url);
    result.dead_letters.insert(result.dead_letters.end(), letters.begin(), letters.end());
  }
  result.messages = promises.size();
  return result;
}

} // namespace igl::torture
