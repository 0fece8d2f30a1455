#include "scenarios/runner/invention.hpp"

#include "messages/text.hpp"
#include "scenarios/runner/crash.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <vector>

namespace igl::scenario {

namespace {

using texts = std::vector<std::string>;

class inventor {
public:
  explicit inventor(uint64_t seed) : chance_(seed) {}

  std::string story() {
    name_nations();
    name_channels();
    name_subscribers();
    text_ += "----\nok\n\n";
    const auto events = 5 + below(25);
    for (uint64_t i = 0; i < events; ++i)
      one_event();
    line("run quietly");
    line("recover");
    return text_ + "----\n";
  }

private:
  /// Not a distribution of the library: those differ between machines.
  uint64_t below(uint64_t end) { return chance_() % end; }
  bool one_in(uint64_t many) { return below(many) == 0; }
  template <class List>
  auto one_of(const List& all) {
    return all[below(all.size())];
  }
  std::string number(uint64_t from, uint64_t to) {
    return std::to_string(from + below(to - from + 1));
  }
  void line(const std::string& what) { text_ += what + '\n'; }

  void name_nations() {
    const texts all{"AU", "SG", "CN", "NZ"};
    nations_.assign(all.begin(), all.begin() + 2 + static_cast<ptrdiff_t>(below(3)));
    for (auto& x : nations_)
      line("nation " + x + (one_in(3) ? " retry.callback.first=1s" : "") +
           (one_in(4) ? " retry.outbox.first=1s" : ""));
  }

  void name_channels() {
    const auto count = 1 + below(3);
    for (uint64_t i = 0; i < count; ++i) {
      auto between = nations_;
      while (between.size() > 2 && one_in(2))
        between.erase(between.begin() + static_cast<ptrdiff_t>(below(between.size())));
      auto name = "c" + std::to_string(i + 1);
      std::string who;
      for (auto& x : between) {
        who += (who.empty() ? "" : ",") + x;
        endpoints_.push_back(name + "/" + x);
      }
      auto medium = one_of(texts{"memory", "stream", "shared-database", "chain", "chain", "api"});
      line("channel " + name + " medium=" + medium + " between=" + who + how(medium, name));
      channels_.push_back(name);
    }
  }

  std::string how(const std::string& medium, const std::string& name) {
    std::string text;
    if (medium == "chain") {
      chains_.push_back(name);
      text = " medium.block_interval=" + number(1, 10) + "s medium.confirmations=" + number(1, 4) +
             " medium.grace=1m medium.send_again=10s medium.sends=" + number(1, 5) +
             " revocable_for=1h poll_interval=5s";
    }
    if (one_in(8))
      text += " filters.predicate.deny=[UN.CEFACT.Trade.Invoice.*]";
    return text;
  }

  void name_subscribers() {
    const auto count = below(4);
    for (uint64_t i = 0; i < count; ++i) {
      auto name = "s" + std::to_string(i + 1);
      hubs_[name] = one_of(nations_);
      line("subscriber " + name + " at " + hubs_[name] + " topic=" +
           one_of(texts{"*", "UN.CEFACT.*", "UN.CEFACT.Trade.*", "message.*",
                        "UN.CEFACT.Trade.Invoice.created"}) +
           (one_in(3) ? " lease=" + one_of(texts{"1h", "3h", "1d"}) : ""));
      subscribers_.push_back(name);
    }
  }

  void one_event() {
    switch (below(10)) {
    case 0:
    case 1:
    case 2:
      return post();
    case 3:
      return one_in(2) ? patch() : one_in(2) ? dead_letter() : fetch();
    case 4:
    case 5:
      return pause();
    case 6:
      return end_or_begin();
    case 7:
      return subscribers_.empty() ? network() : one_in(3) ? operation() : subscriber();
    case 8:
      return chains_.empty() ? network() : chain();
    default:
      return one_in(2) ? network() : computer();
    }
  }

  void post() {
    auto from = one_of(nations_);
    auto to = one_of(nations_);
    while (to == from)
      to = one_of(nations_);
    std::string options = " predicate=" + one_of(texts{"UN.CEFACT.Trade.Invoice.created",
                                                       "UN.CEFACT.Trade.Certificate.created"});
    if (one_in(3)) {
      auto name = "d" + std::to_string(++documents_);
      line(from + " stores " + name + " for " + to +
           (documents_ > 1 && one_in(3) ? " links=d" + number(1, documents_ - 1)
                                        : " text=\"the document " + name + "\""));
      options += " object=" + name;
    }
    const auto first = posted_.size() + 1;
    const auto last = first + (one_in(3) ? below(20) : 0);
    for (auto i = first; i <= last; ++i)
      posted_.emplace_back(from + ":" + std::to_string(i), to);
    line(from + " posts " + std::to_string(first) +
         (last > first ? ".." + std::to_string(last) : "") + " to " + to + options);
    // A business that had no answer asks again.
    if (one_in(4))
      line(from + " posts " + std::to_string(first) + " to " + to + options);
  }

  void patch() {
    if (posted_.empty())
      return;
    auto [message, to] = one_of(posted_);
    line(to + " patches " + message + " status=" + one_of(texts{"accepted", "rejected"}));
  }

  void dead_letter() {
    line(one_of(nations_) + (one_in(3) ? " drops" : " replays") + " dead letter " + number(1, 3));
  }

  void fetch() {
    if (documents_ > 0)
      line(one_of(nations_) + " fetches d" + number(1, documents_) + " as=" + one_of(nations_));
  }

  void pause() {
    if (one_in(3))
      line("run quietly");
    else
      line("wait " + one_of(texts{"1s", "7s", "30s", "2m", "20m", "1h", "4h"}) + " quietly");
  }

  std::string somebody() { return one_in(2) ? one_of(nations_) : one_of(endpoints_); }

  std::string moment() {
    static const texts streams{
        "inbox",           "outbox",        "channel-pending", "channel-notifications",
        "message-updates", "notifications", "delivery-outbox", "object-retrieval",
        "medium-writes"};
    return std::string{one_of(crash_points)} + " of " + one_of(streams);
  }

  void end_or_begin() {
    auto who = somebody();
    switch (below(7)) {
    case 0:
      line("stop " + who);
      return down_.push_back(who);
    case 1:
      line("kill " + who);
      return down_.push_back(who);
    case 2:
    case 3:
      line("kill " + who + ' ' + moment());
      return down_.push_back(who);
    case 4:
      return line("kill actor " +
                  one_of(texts{"multichannel-router", "message-updater", "callback-deliverer",
                               "channel-poller", "callbacks-spreader", "object-spider",
                               "inbound-message-processor", "ledger-writer"}) +
                  " of " + one_of(nations_) + (one_in(2) ? ' ' + moment() : ""));
    case 5:
      return line(who + (one_in(3) ? " is sound" : " is frail rate=0.0" + number(1, 5)));
    default:
      if (!down_.empty())
        line("start " + one_of(down_));
    }
  }

  void subscriber() {
    auto who = one_of(subscribers_);
    line(who + one_of(texts{" is down", " is up", " answers 500", " answers 503", " answers 200",
                            " answers 410", " unsubscribes", " subscribes"}));
  }

  /// What an operator does to a subscriber.
  void operation() {
    auto who = one_of(subscribers_);
    line(hubs_.at(who) + one_of(texts{" pauses ", " pauses ", " resumes ", " drops "}) + who);
  }

  void network() {
    auto channel = one_of(endpoints_);
    auto one = channel.substr(channel.find('/') + 1);
    auto other = channel.substr(0, channel.find('/'));
    if (one_in(4))
      other = one_of(nations_);
    else if (one_in(4) && !subscribers_.empty())
      other = one_of(subscribers_);
    switch (below(4)) {
    case 0:
      return line("cut " + one + " from " + other);
    case 1:
      return line("heal " + one + " and " + other);
    default:
      return line("between " + one + " and " + other + " lost=0." + number(0, 5) + " doubled=0." +
                  number(0, 5) + (one_in(2) ? " delay=" + number(1, 20) + "s" : "") +
                  (one_in(4) ? " garbled=0." + number(1, 3) : ""));
    }
  }

  void chain() {
    auto name = one_of(chains_);
    line("fork " + name +
         (one_in(2) ? " depth=" + number(1, 6) : " at " + name + ":" + number(1, 4)) +
         " transactions=" + one_of(texts{"waiting", "mined-again", "dropped"}));
  }

  void computer() {
    auto who = somebody();
    switch (below(5)) {
    case 0:
      return line("fill disk of " + who);
    case 1:
      return line("clear disk of " + who);
    case 2:
      return line("clock of " + who + (one_in(2) ? " is ahead " : " is behind ") +
                  one_of(texts{"1s", "1m", "10m"}));
    case 3:
      return line("clock of " + who + " is right");
    default:
      line("kill " + who);
      line(who + " loses its streams");
      line("start " + who);
    }
  }

  std::mt19937_64 chance_;
  std::string text_;
  texts nations_;
  texts channels_;
  texts chains_;
  texts endpoints_;
  texts subscribers_;
  std::map<std::string, std::string> hubs_;                 ///< subscriber → nation
  texts down_;                                              ///< that may be
  std::vector<std::pair<std::string, std::string>> posted_; ///< message, receiver
  uint64_t documents_ = 0;
};

} // namespace

std::string invented_story(uint64_t seed) {
  return inventor{seed}.story();
}

} // namespace igl::scenario
