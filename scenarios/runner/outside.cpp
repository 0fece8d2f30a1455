#include "channels/chain.hpp"
#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "messages/uri.hpp"
#include "scenarios/runner/story.hpp"
#include "storage/lmdb.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl::scenario {

// What happens around the processes: on the network, at subscribers' and on media.

namespace {

/// Why two sides never say anything to each other; empty: they do.
std::string strangers(world& in, const std::string& a, const std::string& b) {
  for (auto& [one, other] : {std::pair{a, b}, std::pair{b, a}}) {
    auto channel = in.channels().find(one.substr(0, one.find('/')));
    if (channel != in.channels().end() && in.has_nation(other)) {
      auto& sides = channel->second.between;
      if (std::find(sides.begin(), sides.end(), other) == sides.end())
        return other + " is not on channel " + channel->first;
    }
    auto who = in.subscribers().find(one);
    if (who != in.subscribers().end() && other != who->second.at)
      return one + " hears of " + who->second.at + " only, not of " + other;
  }
  return a == b && in.channels().count(a) == 0 ? a + " and itself have nothing between them" : "";
}

/// Puts what is no message behind the last entry of a shared database: channels/FORMAT.md.
caf::error scribble(const std::string& folder) {
  auto opened = lmdb::environment::open({folder, {"entries"}});
  if (!opened)
    return opened.error();
  auto entries = (*opened)->named("entries");
  return (*opened)->write([&](lmdb::write_transaction& txn) -> caf::error {
    auto last = txn.walk(entries);
    std::string place = last.last() ? std::string{last.key()} : std::string(8, '\0');
    for (auto byte = place.rbegin(); byte != place.rend() && ++*byte == '\0';)
      ++byte;
    txn.append(entries, place, "this is no message");
    return caf::none;
  });
}

} // namespace

void story::add_weather() {
  auto between = [this](std::string form, std::vector<std::string> options, std::string meaning,
                        std::function<void(weather&, const call&)> what) {
    add_simulated(std::move(form), std::move(options), std::move(meaning),
                  [=, this](const call& x) -> caf::error {
                    if (auto why = strangers(world_, x.slots[0], x.slots[1]); !why.empty())
                      return blame(x.slot_columns[1], why);
                    what(world_.wires().between(x.slots[0], x.slots[1]), x);
                    return caf::none;
                  });
  };
  between("between {SIDE} and {SIDE}",
          {"lost={SHARE}", "doubled={SHARE}", "garbled={SHARE}", "delay={TIME}"},
          "a share of what travels is lost, arrives twice or is altered, each way takes up to "
          "delay=3s; a node speaks to another one, to a channel, to a subscriber",
          [](weather& now, const call& x) {
            for (auto& [name, share] :
                 {std::pair{"lost", &now.lost}, std::pair{"doubled", &now.doubled},
                  std::pair{"garbled", &now.garbled}})
              if (x.has(name))
                *share = *parse_share(x.option(name));
            if (x.has("delay"))
              now.delay = *parse_time(x.option("delay"));
          });
  between("cut {SIDE} from {SIDE}", {}, "they do not reach each other any more",
          [](weather& now, const call&) { now.cut = true; });
  between("heal {SIDE} and {SIDE}", {}, "everything between them is as it should be again",
          [this](weather& now, const call&) {
            now = {};
            world_.disturbed();
          });
}

void story::read_what_it_missed(const subscriber& x) {
  uint64_t last = 0;
  for (auto& told : x.heard)
    last = std::max(last, told.number.value_or(0));
  http_request wanted;
  wanted.method = "GET";
  wanted.url = "/subscriptions/events?topic=" + percent_encode(x.topic) +
               "&after=" + std::to_string(last) + "&limit=1000";
  auto answer = answer_of(x.at, std::move(wanted));
  auto json = nlohmann::json::parse(answer ? answer->body : "", nullptr, false);
  if (!answer || answer->status != 200 || !json.is_object())
    return say(told_by(x.at, answer ? std::to_string(answer->status) + "  " + answer->body
                                    : "---  " + sentence_of(answer.error())));
  http_request event;
  for (auto& one : json["events"]) {
    event.body = one.value("body", "");
    auto read = told_in(event, world_.now());
    say(told_by(x.at, x.name + " read " + read.predicate + " of " + read.about));
  }
  if (json["events"].empty())
    say(told_by(x.at, x.name + " missed nothing"));
}

void story::add_subscribers() {
  add("{SUBSCRIBER} is down", {}, "nobody listens at a subscriber's any more",
      [this](const call& x) -> caf::error {
        world_.set_listening(subscriber_of(x), false);
        return caf::none;
      });
  add("{SUBSCRIBER} is up", {}, "it listens again", [this](const call& x) -> caf::error {
    world_.set_listening(subscriber_of(x), true);
    return caf::none;
  });
  add("{SUBSCRIBER} unsubscribes", {}, "a subscriber wants to be told no more",
      [this](const call& x) { return world_.subscribe(subscriber_of(x), true); });
  add("{SUBSCRIBER} subscribes", {}, "it wants to be told again",
      [this](const call& x) { return world_.subscribe(subscriber_of(x)); });
  add("{SUBSCRIBER} reads what it missed", {},
      "it asks its hub for the events behind the last one that it was told",
      [this](const call& x) -> caf::error {
        read_what_it_missed(subscriber_of(x));
        return caf::none;
      });
  add("{SUBSCRIBER} answers {STATUS}", {},
      "a subscriber answers with another status, such as 500 or 410",
      [this](const call& x) -> caf::error {
        world_.set_answer(subscriber_of(x), static_cast<uint16_t>(*parse_number(x.slots[1])));
        return caf::none;
      });
}

void story::add_media() {
  auto chain_of = [this](const call& x) -> caf::expected<std::shared_ptr<chain>> {
    auto& medium = world_.channels().at(x.slots[0]).medium;
    if (medium != "chain")
      return blame(x.slot_columns[0],
                   "channel " + x.slots[0] + " is no chain, its medium is " + medium);
    return chain::open_existing(world_.medium_path(x.slots[0]));
  };
  add("scribble on {CHANNEL}", {},
      "somebody writes what is no message to a shared database, the medium of a channel",
      [this](const call& x) -> caf::error {
        auto& medium = world_.channels().at(x.slots[0]).medium;
        if (medium != "shared-database")
          return blame(x.slot_columns[0],
                       "channel " + x.slots[0] + " is no shared database, its medium is " + medium);
        return scribble(world_.medium_path(x.slots[0]));
      });
  auto leave_behind = [this](const call& x, chain& in, uint64_t depth) {
    auto what = x.option("transactions");
    auto then = what == "dropped"       ? rewritten::dropped
                : what == "mined-again" ? rewritten::mined_again
                                        : rewritten::waiting;
    // What was confirmed may have to be taken back, and sent again.
    world_.disturbed(std::chrono::minutes{10});
    return in.fork(depth, depth + 1, then, world_.now());
  };
  const std::string transactions = "transactions=waiting|mined-again|dropped";
  add("fork {CHANNEL}", {"depth={BLOCKS}", transactions},
      "leaves the newest blocks of a channel's chain behind; their messages are waiting, "
      "mined-again or dropped",
      [=](const call& x) -> caf::error {
        auto found = chain_of(x);
        if (!found)
          return found.error();
        return leave_behind(x, **found, x.has("depth") ? *parse_number(x.option("depth")) : 1);
      });
  add("fork {CHANNEL} at {MESSAGE}", {transactions},
      "leaves the block of a channel's message, such as au-sg:1, behind, and all on top of it",
      [=, this](const call& x) -> caf::error {
        auto found = chain_of(x);
        if (!found)
          return found.error();
        auto place = (*found)->find(world_.called().real(x.slots[1]));
        if (!place)
          return blame(x.slot_columns[1], problem_of(place.error()).detail);
        if (place->kind != chain_place::on_chain)
          return blame(x.slot_columns[1], x.slots[1] + " is in no block of the chain");
        return leave_behind(x, **found, place->confirmations);
      });
}

} // namespace igl::scenario
