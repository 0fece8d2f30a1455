#include "ledger_fixture.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

using namespace igl;
using namespace igl::test;

namespace {

/// A ledger with jobs in lanes, and what a hub tells.
struct hub_fixture : ledger_fixture {
  static job_order in_lane(const std::string& lane, uint64_t place) {
    auto x = order(lane + "/" + std::to_string(place));
    x.lane = lane;
    x.place = place;
    return x;
  }
  static job_order holding(uint64_t place) {
    auto x = order("spread/" + std::to_string(place));
    x.on = stream::notifications;
    x.place = place;
    return x;
  }
  void open(const std::vector<job_order>& jobs) {
    settlement x;
    x.opens = jobs;
    value_of(settle(x));
  }
  /// Ids of the jobs that are due.
  std::string begun() {
    std::set<std::string> ids;
    for (auto& job : due())
      ids.insert(job.order.id);
    std::string text;
    for (auto& id : ids)
      text += id + " ";
    return text;
  }
  open_job due_one(const std::string& id) {
    for (auto& job : due())
      if (job.order.id == id)
        return job;
    FAIL("not due: " << id);
    return {};
  }
  void finish(const std::string& id, job_end how = job_end::done) {
    value_of(end(ticket_of(due_one(id)), how, clock.now() + 1min, "why"));
  }
  void lane(lane_act act, const std::string& name) {
    settlement x;
    x.lanes.push_back({act, name});
    value_of(settle(x));
  }
  void subscribe(const std::string& topic, const std::string& callback,
                 caf::timespan lease = 100h) {
    settlement x;
    x.subscriptions.push_back(
        {subscription_act::put, {topic, topic, callback, "s", clock.now() + lease}});
    value_of(settle(x));
  }
  void tell(const std::string& topic, const std::string& body) {
    settlement x;
    x.tells.push_back({"AU:17", "cause/" + body, {{topic, body}}});
    value_of(settle(x));
  }
  std::string told(const std::string& topic, uint64_t after = 0, uint32_t limit = 100) {
    std::string text;
    for (auto& e : read(find_hub_events{topic, after, limit}).events)
      text += std::to_string(e.number) + ":" + e.body + " ";
    return text;
  }
};

} // namespace

TEST_SUITE("ledger lanes") {
  TEST_CASE_FIXTURE(hub_fixture, "only the first job of a lane is begun, each lane has its own") {
    open({in_lane("a", 1), in_lane("a", 2), in_lane("b", 1), in_lane("b", 2)});
    CHECK(begun() == "a/1 b/1 ");
    finish("a/1");
    CHECK(begun() == "a/2 b/1 ");
    finish("a/2");
    CHECK(begun() == "b/1 ");
    CHECK(figures().open_jobs == 2);
  }

  TEST_CASE_FIXTURE(hub_fixture, "the order is that of the places, not of the opening") {
    open({in_lane("a", 3)});
    open({in_lane("a", 2)});
    open({in_lane("a", 1)});
    // The one that was begun goes on.
    CHECK(begun() == "a/3 ");
    finish("a/3");
    CHECK(begun() == "a/1 ");
    finish("a/1");
    CHECK(begun() == "a/2 ");
  }

  TEST_CASE_FIXTURE(hub_fixture, "a job that fails keeps the next ones waiting until it is dead") {
    open({in_lane("a", 1), in_lane("a", 2)});
    finish("a/1", job_end::again);
    CHECK(begun().empty());
    clock.advance(1min);
    CHECK(begun() == "a/1 ");
    finish("a/1", job_end::postponed);
    clock.advance(1min);
    CHECK(begun() == "a/1 ");
    finish("a/1", job_end::dead);
    CHECK(begun() == "a/2 ");
    // Replayed, it is next.
    open({in_lane("a", 3)});
    value_of(it->replay({1, "an operator"}));
    finish("a/2");
    CHECK(begun() == "a/1 ");
    finish("a/1");
    CHECK(begun() == "a/3 ");
  }

  TEST_CASE_FIXTURE(hub_fixture, "nothing is begun that comes after what is not spread yet") {
    open({holding(5), holding(7)});
    open({in_lane("a", 4), in_lane("b", 5), in_lane("c", 6), in_lane("d", 8)});
    CHECK(begun() == "a/4 b/5 ");
    auto spread = [&](uint64_t place) {
      due_jobs what;
      what.on = stream::notifications;
      what.at = clock.now();
      for (auto& job : read(what).jobs)
        if (job.order.place == place)
          return job;
      FAIL("no such place");
      return open_job{};
    };
    // Out of order: 7 is done, but what 5 brings comes before 8.
    value_of(end(ticket_of(spread(7)), job_end::done));
    CHECK(begun() == "a/4 b/5 ");
    settlement last;
    last.job = job_outcome{ticket_of(spread(5)), job_end::done, {}, {}};
    last.opens = {in_lane("c", 5)};
    value_of(settle(last));
    CHECK(begun() == "a/4 b/5 c/5 d/8 ");
    finish("c/5");
    CHECK(begun() == "a/4 b/5 c/6 d/8 ");
  }

  TEST_CASE_FIXTURE(hub_fixture, "an order that goes on in another job holds back as before") {
    open({holding(5)});
    open({in_lane("a", 6)});
    due_jobs what;
    what.on = stream::notifications;
    what.at = clock.now();
    settlement page;
    page.job = job_outcome{ticket_of(read(what).jobs.at(0)), job_end::done, {}, {}};
    auto rest = holding(5);
    rest.id += "/rest";
    page.opens = {rest, in_lane("b", 5)};
    value_of(settle(page));
    CHECK(begun() == "b/5 ");
    value_of(end(ticket_of(read(what).jobs.at(0)), job_end::done));
    CHECK(begun() == "a/6 b/5 ");
  }

  TEST_CASE_FIXTURE(hub_fixture, "a lane that is held begins nothing, and goes on when released") {
    open({in_lane("a", 1), in_lane("a", 2)});
    auto with_a_worker = due_one("a/1");
    lane(lane_act::hold, "a");
    CHECK(begun().empty());
    CHECK(read(find_lane{"a"}).held);
    // What was begun may end.
    value_of(end(ticket_of(with_a_worker), job_end::done));
    open({in_lane("a", 3)});
    CHECK(begun().empty());
    reopen();
    CHECK(read(find_lane{"a"}).waiting == 2);
    lane(lane_act::release, "a");
    CHECK(begun() == "a/2 ");
    CHECK_FALSE(read(find_lane{"a"}).held);
  }

  TEST_CASE_FIXTURE(hub_fixture, "lanes outlive the process, and an event is found by its lane") {
    open({in_lane("http://a/", 1), in_lane("http://a/", 2), holding(9), in_lane("b", 10)});
    reopen();
    CHECK(begun() == "http://a//1 ");
    auto lane = read(find_lane{"http://a/"});
    CHECK(lane.waiting == 2);
    REQUIRE(lane.first);
    CHECK(lane.first->order.place == 1);
    finish("http://a//1", job_end::again);
    clock.advance(1min);
    auto last = ending(ticket_of(due_one("http://a//1")), job_end::done);
    last.events.push_back(event_of(event_kind::callback_delivered, "AU:17", "at last"));
    value_of(settle(last));
    auto latest = read(find_latest_events{"http://a/", 10}).events;
    REQUIRE(latest.size() == 2);
    CHECK(latest[0].what == event_kind::callback_delivered);
    CHECK(latest[1].what == event_kind::attempt_failed);
    CHECK(read(find_latest_events{"http://a/", 1}).events.size() == 1);
    CHECK(read(find_latest_events{"http://b/", 1}).events.empty());
    CHECK(begun() == "http://a//2 ");
  }
}

TEST_SUITE("ledger hub events") {
  TEST_CASE_FIXTURE(hub_fixture, "are numbered, and found by every topic that is subscribed") {
    tell("a.b.c", "0");
    subscribe("a.b", "http://x");
    subscribe("", "http://all");
    subscribe("other", "http://y");
    tell("a.b.c", "1");
    tell("other", "2");
    tell("a.b", "3");
    CHECK(told("a.b") == "1:1 3:3 ");
    CHECK(told("") == "1:1 2:2 3:3 ");
    CHECK(told("a.b", 1) == "3:3 ");
    CHECK(told("", 0, 2) == "1:1 2:2 ");
    CHECK(told("a").empty());
    reopen();
    tell("other", "4");
    CHECK(told("other", 2) == "4:4 ");
    auto one = read(find_hub_event{4}).what;
    REQUIRE(one);
    CHECK(one->topic == "other");
    CHECK(one->about == "AU:17");
    CHECK(one->at == clock.now());
    CHECK_FALSE(read(find_hub_event{5}).what);
  }

  TEST_CASE_FIXTURE(hub_fixture, "the number is in the order, and a body that is no JSON is not") {
    subscribe("", "http://all");
    settlement x;
    notice json{"a", "{}"}, text{"a", std::string("\xff\0", 2)};
    text.media_type = "text/plain";
    x.tells.push_back({"AU:17", "c", {json, text}});
    value_of(settle(x));
    due_jobs what;
    what.on = stream::notifications;
    what.at = clock.now();
    auto jobs = read(what).jobs;
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].order.place == 1);
    auto order = value_of(parse_order<message_changed>(jobs[0].order.body));
    CHECK(order.notices.at(0).number == uint64_t{1});
    CHECK(order.notices.at(0).body == "{}");
    CHECK(order.notices.at(1).number == uint64_t{2});
    CHECK(order.notices.at(1).body.empty());
    CHECK(read(find_hub_event{2}).what->body == std::string("\xff\0", 2));
    CHECK(read(find_hub_event{2}).what->media_type == "text/plain");
  }

  TEST_CASE_FIXTURE(hub_fixture, "are kept for who was away longer than its lease") {
    subscribe("a", "http://x", 1h);
    clock.advance(100h);
    tell("a.b", "1");
    CHECK(told("a") == "1:1 ");
    subscribe("a", "http://x", 1h);
    clock.advance(169h); // hub.keep_events after its lease
    tell("a.b", "2");
    subscribe("a", "http://x");
    CHECK(told("a", 1).empty());
  }

  TEST_CASE_FIXTURE(hub_fixture, "are kept for so long, and then forgotten with their index") {
    subscribe("a", "http://x", 10000h);
    for (auto body : {"1", "2", "3"})
      tell("a", body);
    clock.advance(168h);
    tell("a", "4");
    CHECK(told("a") == "1:1 2:2 3:3 4:4 ");
    CHECK(read(find_hub_events{"a"}).kept_from == 1);
    clock.advance(1h);
    tell("a", "5");
    CHECK(told("a") == "3:3 4:4 5:5 ");
    CHECK(read(find_hub_events{"a"}).kept_from == 3);
    CHECK_FALSE(read(find_hub_event{2}).what);
  }
}

TEST_SUITE("ledger subscribers in pages") {
  TEST_CASE_FIXTURE(hub_fixture, "each callback comes once, under its longest topic") {
    std::vector<std::string> expected;
    for (int i = 0; i < 7; ++i) {
      auto callback = "http://" + std::to_string(i);
      subscribe("a.b", callback);
      subscribe(i % 2 ? "a" : "a.b.c", callback);
    }
    subscribe("a.b.c", "http://over", 1s);
    clock.advance(2s);
    std::vector<std::string> found;
    find_subscribers what{"a.b.c", clock.now()};
    what.limit = 2;
    for (int pages = 0; pages < 10; ++pages) {
      auto page = read(what);
      CHECK(page.subscriptions.size() <= 2);
      for (auto& x : page.subscriptions)
        found.push_back(x.callback + " " + x.topic);
      if (!page.next)
        break;
      what.after = *page.next;
    }
    std::sort(found.begin(), found.end());
    CHECK(found == std::vector<std::string>{"http://0 a.b.c", "http://1 a.b", "http://2 a.b.c",
                                            "http://3 a.b", "http://4 a.b.c", "http://5 a.b",
                                            "http://6 a.b.c"});
  }

  TEST_CASE_FIXTURE(hub_fixture, "who subscribes while an event is told hears it as before") {
    subscribe("a", "http://x");
    tell("a.b", "1");
    subscribe("a.b", "http://x"); // from now on told here, but not of that event
    subscribe("a.b", "http://late");
    auto told_of = [&](uint64_t event) {
      find_subscribers what{"a.b", clock.now()};
      what.limit = 10;
      what.event = event;
      std::set<std::string> found;
      for (auto& x : read(what).subscriptions)
        found.insert(x.topic + " " + x.callback);
      return found;
    };
    CHECK(told_of(1) == std::set<std::string>{"a http://x"});
    tell("a.b", "2");
    const std::set<std::string> both{"a.b http://late", "a.b http://x"};
    CHECK(told_of(2) == both);
    clock.advance(1h);
    subscribe("a.b", "http://late"); // renewed
    CHECK(told_of(2) == both);
  }

  TEST_CASE_FIXTURE(hub_fixture, "one that ended leaves the next topic above it") {
    subscribe("a", "http://x");
    subscribe("a.b.c", "http://x", 1h);
    find_subscription what{"a.b.c", "http://x", true};
    CHECK(read(what).what->topic == "a.b.c");
    clock.advance(2h);
    CHECK(read(what).what->topic == "a");
    what.or_above = false;
    CHECK_FALSE(read(what).what);
    what = {"b", "http://x", true};
    CHECK_FALSE(read(what).what);
  }

  TEST_CASE_FIXTURE(hub_fixture, "what lapsed goes with the next events") {
    for (int i = 0; i < 120; ++i)
      subscribe("a", "http://" + std::to_string(i), 1h);
    clock.advance(2h);
    CHECK(figures().subscriptions == 120);
    for (auto body : {"1", "2", "3"})
      tell("b", body);
    CHECK(figures().subscriptions == 0);
  }

  TEST_CASE_FIXTURE(hub_fixture, "a pause ends with the callback's last subscription") {
    subscribe("a", "http://x");
    subscribe("b", "http://x", 1h);
    lane(lane_act::hold, "http://x");
    open({in_lane("http://x", 1)});
    settlement end;
    end.subscriptions.push_back(
        {subscription_act::remove, read(find_subscriptions{"http://x"}).subscriptions[0]});
    value_of(settle(end));
    CHECK(begun().empty());
    clock.advance(2h);
    tell("c", "1"); // takes with it what lapsed
    CHECK(begun() == "http://x/1 ");
    CHECK_FALSE(read(find_lane{"http://x"}).held);
  }

  TEST_CASE_FIXTURE(hub_fixture, "all are listed, or those of one callback") {
    for (auto topic : {"a", "b", "c"})
      for (auto callback : {"http://x", "http://y"})
        subscribe(topic, callback);
    std::string all;
    find_subscriptions what;
    what.limit = 4;
    for (auto page = read(what); !page.subscriptions.empty(); page = read(what)) {
      for (auto& x : page.subscriptions)
        all += x.topic;
      what.after = {page.subscriptions.back().topic, page.subscriptions.back().callback};
    }
    CHECK(all == "aabbcc");
    auto mine = read(find_subscriptions{"http://x"}).subscriptions;
    REQUIRE(mine.size() == 3);
    CHECK(mine[2].topic == "c");
    settlement drop;
    drop.subscriptions.push_back({subscription_act::remove, mine[0]});
    value_of(settle(drop));
    CHECK(read(find_subscriptions{"http://x"}).subscriptions.size() == 2);
    CHECK(read(find_subscriptions{"http://x", {"b", "http://x"}}).subscriptions.size() == 1);
    clock.advance(200h);
    CHECK(read(find_subscriptions{"http://y"}).subscriptions.empty());
    // The index goes with what has ended.
    subscribe("d", "http://z");
    subscribe("e", "http://z");
    subscribe("f", "http://z");
    CHECK(read(find_subscriptions{"http://x"}).subscriptions.empty());
    CHECK(figures().subscriptions == 3);
  }
}
