#include "tests/actors/websub_hub.hpp"

using namespace igl;
using namespace igl::websub_tests;
using namespace std::chrono_literals;

namespace {

const std::string other = "http://other.example/";

/// A hub with two subscribers, one of which may be down.
class two_subscribers : public websub_hub {
public:
  std::string down; ///< callback that answers 503

  two_subscribers() {
    settings.retry_callback = {1s, 10min, 24, 0.0};
    settings.breaker_failures = 0;
    peers->answer = [this](const http_request& x) -> caf::expected<http_response> {
      if (x.method == "GET")
        return echo(x);
      return http_response{static_cast<uint16_t>(x.url == down ? 503 : 204), {}, {}};
    };
    open();
    subscribe(form("subscribe", "s3cret"));
    auto x = form();
    x.callback = other;
    subscribe(x);
  }
  subscriber_report report(report_reader who = report_reader::operation,
                           const std::string& secret = {}) {
    auto x = ask(desk, report_subscriber{callback, who, secret}).answer<subscriber_report>();
    REQUIRE(x);
    return *x;
  }
  std::vector<std::string> act(subscriber_act what) {
    auto x = ask(desk, act_on_subscriber{what, callback, "a test"}).answer<subscriber_acted>();
    return x ? x->outcomes : std::vector<std::string>{problem_of(x.error()).detail};
  }
};

} // namespace

TEST_SUITE_BEGIN("WebSub hub, in order");

TEST_CASE_FIXTURE(two_subscribers, "each delivery has the number of its event, which grows") {
  for (auto body : {"1", "2", "3"})
    publish(body);
  std::vector<std::string> numbers;
  for (auto& x : peers->asked)
    if (x.url == callback)
      numbers.push_back(header_of(x, event_number_header));
  CHECK(numbers == std::vector<std::string>{"1", "2", "3"});
}

TEST_CASE_FIXTURE(two_subscribers,
                  "a subscriber that is down delays nobody, and then gets everything in order") {
  down = callback;
  for (auto body : {"1", "2", "3"})
    publish(body);
  CHECK(told(other) == "1 2 3 ");
  // Only the first is tried; the attempt of each publish was the same one.
  CHECK(told(callback).find('2') == std::string::npos);
  CHECK(report().deliveries.waiting == 3);
  CHECK(report().deliveries.first->order.place == 1);
  down.clear();
  peers->asked.clear();
  work();
  CHECK(told(callback) == "1 2 3 ");
  CHECK(report().deliveries.waiting == 0);
}

TEST_CASE_FIXTURE(two_subscribers,
                  "whoever subscribes before an event is spread, but after it, is not told of it") {
  const std::string late = "http://late.example/";
  tell("1");
  settlement what;
  what.subscriptions.push_back(
      {subscription_act::put, {"un.cefact", "UN.CEFACT.*", late, "", around.now() + 1h}});
  write(std::move(what));
  work();
  CHECK(told(callback) == "1 ");
  CHECK(told(late).empty());
  publish("2");
  CHECK(told(late) == "2 ");
}

TEST_CASE_FIXTURE(two_subscribers, "what is given up makes way for the next event") {
  down = callback;
  publish("1");
  publish("2");
  give_up_first();
  down.clear();
  peers->asked.clear();
  work();
  CHECK(told(callback) == "2 ");
  REQUIRE(dead_letters().size() == 1);
  REQUIRE(on_disk->replay({dead_letters()[0].number, "an operator"}));
  work();
  CHECK(told(callback) == "2 1 ");
}

TEST_CASE_FIXTURE(two_subscribers,
                  "orders that are spread the wrong way round are told the right way") {
  for (std::string body : {"1", "2"}) {
    settlement what;
    what.tells.push_back({"AU:17", "c/" + body, {{"UN.CEFACT.x", body}}});
    write(std::move(what));
  }
  auto jobs = due();
  REQUIRE(jobs.size() == 2);
  REQUIRE(spread(jobs[1]));
  // 2 is spread, but what comes before it is not.
  CHECK(due().size() == 1);
  work();
  CHECK(told(callback) == "1 2 ");
  CHECK(told(other) == "1 2 ");
}

TEST_CASE_FIXTURE(two_subscribers, "who was away reads what it missed") {
  for (auto body : {"1", "2", "3"})
    publish(body);
  auto missed = ask(desk, read_hub_events{"un.cefact.*", 1, 100}).answer<found_hub_events>();
  REQUIRE(missed);
  REQUIRE(missed->events.size() == 2);
  CHECK(missed->events[0].body == "2");
  CHECK(missed->events[1].number == 3);
  CHECK(missed->kept_from == 1);
  CHECK(!ask(desk, read_hub_events{"a/b", 1, 100}).answer<found_hub_events>());
  auto none = ask(desk, read_hub_events{"elsewhere", 0, 100}).answer<found_hub_events>();
  CHECK(none->events.empty());
}

TEST_CASE_FIXTURE(two_subscribers,
                  "what is older than is kept becomes a dead letter that says so") {
  down = callback;
  publish("1");
  pass(100h, 1h);
  subscribe(form("subscribe", "s3cret"));
  pass(100h, 1h);
  open(); // nobody remembers the event
  down.clear();
  peers->asked.clear();
  publish("2");
  publish("3");
  CHECK(told(callback) == "2 3 ");
  REQUIRE(dead_letters().size() == 1);
  CHECK(dead_letters()[0].reason.find("hub.keep_events") != std::string::npos);
}

TEST_CASE_FIXTURE(two_subscribers, "a host that fails again and again is left alone for a while") {
  settings.breaker_failures = 3;
  settings.breaker_pause = 30s;
  settings.retry_callback = {100ms, 100ms, 100, 0.0};
  open();
  down = callback;
  publish("1");
  auto calls = [&] {
    return std::count_if(peers->asked.begin(), peers->asked.end(),
                         [](auto& x) { return x.url == callback; });
  };
  work();
  work();
  CHECK(calls() == 3);
  // Postponed, and the attempts do not count: a host that is down costs no event its chances.
  work();
  CHECK(calls() == 3);
  auto later = due_at(around.now() + 1h);
  REQUIRE(later.size() == 1);
  CHECK(later[0].order.due >= around.now() + 29s);
  down.clear();
  pass(40s, 1s);
  work();
  CHECK(calls() == 4);
  CHECK(report().deliveries.waiting == 0);
}

TEST_SUITE_END();

TEST_SUITE_BEGIN("subscriber desk");

TEST_CASE_FIXTURE(two_subscribers,
                  "tells a subscriber its lease, what waits and what was delivered") {
  publish("1");
  down = callback;
  publish("2");
  publish("3");
  auto x = report(report_reader::subscriber, "s3cret");
  REQUIRE(x.subscriptions.size() == 1);
  CHECK(x.subscriptions[0].ends == stored()->ends);
  CHECK(x.deliveries.waiting == 2);
  REQUIRE(x.latest.size() == 1);
  CHECK(x.latest[0].what == event_kind::callback_delivered);
  CHECK(x.latest[0].detail.find("answered 204") != std::string::npos);
}

TEST_CASE_FIXTURE(two_subscribers,
                  "says the same to a wrong secret as of a callback nobody knows") {
  auto ask_as = [&](const std::string& who, const std::string& secret) {
    auto x = ask(desk, report_subscriber{who, report_reader::subscriber, secret})
                 .answer<subscriber_report>();
    REQUIRE(!x);
    return code_of(x.error());
  };
  CHECK(ask_as(callback, "wrong") == errc::subscription_not_found);
  CHECK(ask_as("http://nobody/", "s3cret") == errc::subscription_not_found);
  // Without a secret there is nothing to show.
  CHECK(ask_as(other, "") == errc::subscription_not_found);
}

TEST_CASE_FIXTURE(two_subscribers, "pauses a subscriber, which loses nothing, and resumes it") {
  CHECK(act(subscriber_act::resume) == std::vector{callback + " is not paused"});
  CHECK(act(subscriber_act::pause).size() == 1);
  CHECK(act(subscriber_act::pause) == std::vector{callback + " is paused already"});
  publish("1");
  publish("2");
  CHECK(told(callback).empty());
  CHECK(told(other) == "1 2 ");
  CHECK(report().deliveries.held);
  CHECK(report().deliveries.waiting == 2);
  act(subscriber_act::resume);
  work();
  CHECK(told(callback) == "1 2 ");
  CHECK(!report().deliveries.held);
  CHECK(events_of(event_kind::deliveries_paused).size() == 1);
  auto resumed = events_of(event_kind::deliveries_resumed);
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0].detail.find("by a test") != std::string::npos);
}

TEST_CASE_FIXTURE(two_subscribers,
                  "what waits is told under another topic when the first has ended") {
  auto longer = form();
  longer.topic = "UN.CEFACT.Trade.*";
  subscribe(longer);
  down = callback;
  publish("1");
  auto unsubscribed = form("unsubscribe");
  unsubscribed.topic = longer.topic;
  subscribe(unsubscribed);
  down.clear();
  peers->asked.clear();
  work();
  CHECK(told(callback) == "1 ");
}

TEST_CASE_FIXTURE(two_subscribers, "drops a subscriber, and what waits for it ends") {
  down = callback;
  publish("1");
  publish("2");
  peers->asked.clear();
  auto outcomes = act(subscriber_act::drop);
  REQUIRE(outcomes.size() == 2);
  CHECK(outcomes[1] == "UN.CEFACT.*: it was told");
  REQUIRE(!peers->asked.empty());
  CHECK(parameter(peers->asked.back().url, "hub.mode") == "denied");
  CHECK(parameter(peers->asked.back().url, "hub.topic") == "UN.CEFACT.*");
  CHECK(!stored());
  down.clear();
  peers->asked.clear();
  work();
  CHECK(told(callback).empty());
  CHECK(due_at(around.now() + 1h).empty());
  CHECK(act(subscriber_act::drop) == std::vector{callback + " has no subscription"});
  CHECK(act(subscriber_act::pause) == std::vector{callback + " has no subscription"});
}

TEST_CASE_FIXTURE(two_subscribers, "tests a subscriber by asking it, and changes nothing") {
  auto before = stored()->ends;
  CHECK(act(subscriber_act::test) == std::vector<std::string>{"UN.CEFACT.*: it confirms"});
  REQUIRE(peers->asked.size() == 1);
  CHECK(parameter(peers->asked[0].url, "hub.mode") == "subscribe");
  peers->answer = [](const http_request&) {
    return http_response{404, {}, {}};
  };
  auto lawful = ask(desk, act_on_subscriber{subscriber_act::test, callback, "a test"})
                    .answer<subscriber_acted>();
  REQUIRE(lawful);
  CHECK(!lawful->in_vain); // W3C WebSub has it answer so to what is not new
  peers->answer = [](const http_request&) {
    return http_response{503, {}, {}};
  };
  auto dead = ask(desk, act_on_subscriber{subscriber_act::test, callback, "a test"})
                  .answer<subscriber_acted>();
  REQUIRE(dead);
  CHECK(dead->in_vain);
  CHECK(dead->outcomes ==
        std::vector<std::string>{"UN.CEFACT.*: it does not confirm: it answered 503"});
  CHECK(stored()->ends == before);
  CHECK(due().empty());
}

TEST_SUITE_END();
