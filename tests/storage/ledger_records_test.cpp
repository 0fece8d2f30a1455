#include "ledger_fixture.hpp"

#include "messages/topic.hpp"

using namespace igl;
using namespace igl::test;

namespace {

caf::optional<message_record> find(ledger_fixture& f, const std::string& ref) {
  find_message what;
  what.about = {"AU", ref};
  return f.read(what).record;
}

channel_record received(const std::string& id, const std::string& receiver = "SG") {
  channel_record x;
  x.half = channel_half::receiving;
  x.said.id = id;
  x.said.content = {"AU", "r" + id, receiver, "s", "o", "p"};
  x.said.status = channel_status::observed;
  return x;
}

settlement putting(std::vector<channel_record_change> changes) {
  settlement x;
  x.channel_records = std::move(changes);
  x.events.push_back(event_of(event_kind::channel_message_changed, "c"));
  return x;
}

std::string ids_of(const channel_records& page) {
  std::string text;
  for (const auto& record : page.records)
    text += record.said.id + " ";
  return text;
}

} // namespace

TEST_SUITE("ledger messages and events") {
  TEST_CASE_FIXTURE(ledger_fixture, "stores a message with the number of its first event") {
    auto x = putting(record_of("1"), 0);
    x.events.push_back(event_of(event_kind::access_granted, "AU:1"));
    CHECK(value_of(settle(x)).version == 1);
    CHECK(value_of(settle(putting(record_of("2"), 0))).version == 3);
    auto stored = find(*this, "1");
    REQUIRE(stored);
    auto expected = record_of("1");
    expected.version = 1;
    expected.since = clock.now();
    CHECK(*stored == expected);
    CHECK_FALSE(find(*this, "3"));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "replaces a message at the version a decision rested on") {
    value_of(settle(putting(record_of("1"), 0)));
    auto came = clock.now();
    clock.advance(1s);
    auto changed = record_of("1", message_status::accepted);
    CHECK(code_of(settle(putting(changed, 0))) == errc::stale);
    CHECK(code_of(settle(putting(changed, 7))) == errc::stale);
    CHECK(find(*this, "1")->status == message_status::pending);
    CHECK(value_of(settle(putting(changed, 1))).version == 2);
    CHECK(find(*this, "1")->status == message_status::accepted);
    CHECK(find(*this, "1")->version == 2);
    CHECK(find(*this, "1")->since == came);
    CHECK(code_of(settle(putting(changed, 1))) == errc::stale);
    CHECK(figures().messages == 1);
    CHECK(figures().events == 2);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "refuses to change a record without an event") {
    auto x = putting(record_of("1"), 0);
    x.events.clear();
    CHECK(code_of(settle(x)) == errc::internal);
    CHECK_FALSE(find(*this, "1"));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "refuses to change a record twice in one settlement") {
    auto x = putting(record_of("1"), 0);
    x.messages.push_back({record_of("1"), 0});
    CHECK(code_of(settle(x)) == errc::internal);
    CHECK_FALSE(find(*this, "1"));
  }

  TEST_CASE_FIXTURE(ledger_fixture,
                    "a settlement that fails leaves no trace among its neighbours") {
    open_job_named("job");
    auto ticket = ticket_of(due().at(0));
    auto good = putting(record_of("1"), 0);
    auto late = ending({"no such job", 1, 1}, job_end::done);
    late.messages.push_back({record_of("2"), 0});
    late.events.push_back(event_of(event_kind::message_posted, "AU:2"));
    late.opens.push_back(order("late"));
    late.cursors.push_back({"c", "late"});
    late.grants.push_back({"QmX", "SG", "AU:2"});
    auto stale = ending(ticket, job_end::done);
    stale.messages.push_back({record_of("1"), 99});
    stale.events.push_back(event_of(event_kind::message_posted, "AU:1"));
    auto good_too = putting(record_of("3"), 0);
    auto results = it->commit({good, late, stale, good_too});
    REQUIRE(results.size() == 4);
    CHECK(value_of(results[0]).version == 1);
    CHECK(code_of(results[1]) == errc::job_not_open);
    CHECK(code_of(results[2]) == errc::stale);
    CHECK(value_of(results[3]).version == 2);
    CHECK_FALSE(find(*this, "2"));
    CHECK(events("AU:2").empty());
    CHECK(read(find_cursor{"c"}).value.empty());
    CHECK_FALSE(read(may_read{"QmX", "SG"}).granted);
    REQUIRE(due().size() == 1);
    CHECK(due()[0].order.id == "job");
    CHECK(events().size() == 2);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a settlement rests on those before it in its batch") {
    auto results = it->commit({putting(record_of("1"), 0), putting(record_of("1"), 0),
                               putting(record_of("1", message_status::accepted), 1)});
    CHECK(results[0]);
    CHECK(code_of(results[1]) == errc::stale);
    CHECK(value_of(results[2]).version == 2);
    CHECK(find(*this, "1")->status == message_status::accepted);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a settlement without events has no version") {
    CHECK(value_of(settle(settlement{})).version == 0);
    CHECK(it->commit({}).empty());
  }

  TEST_CASE_FIXTURE(ledger_fixture, "numbers events without gaps, in order, over a restart") {
    value_of(settle(putting(record_of("1"), 0)));
    reopen();
    value_of(settle(putting(record_of("2"), 0)));
    value_of(settle(putting(record_of("12"), 0)));
    value_of(settle(putting(record_of("1"), 1)));
    auto log = events();
    REQUIRE(log.size() == 4);
    for (size_t i = 0; i < log.size(); ++i)
      CHECK(log[i].number == i + 1);
    auto about = events("AU:1");
    REQUIRE(about.size() == 2);
    CHECK(about[0].number == 1);
    CHECK(about[1].number == 4);
    CHECK(about[1].at == clock.now());
    CHECK(about[1].what == event_kind::message_posted);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "answers events after a number, as many as were asked for") {
    for (uint64_t i = 0; i < 10; ++i)
      value_of(settle(putting(record_of("1"), i)));
    find_events what;
    what.after = 4;
    what.limit = 3;
    for (const char* about : {"", "AU:1"}) {
      what.about = about;
      auto found = read(what).events;
      REQUIRE(found.size() == 3);
      CHECK(found[0].number == 5);
      CHECK(found[2].number == 7);
    }
  }

  TEST_CASE_FIXTURE(ledger_fixture, "the time of events never goes back") {
    value_of(settle(putting(record_of("1"), 0)));
    auto first = clock.now();
    clock.advance(-1h);
    value_of(settle(putting(record_of("2"), 0)));
    CHECK(events()[1].at == first);
    reopen();
    value_of(settle(putting(record_of("3"), 0)));
    CHECK(events()[2].at == first);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "keeps references apart that share their first 1000 letters") {
    std::string longest(1000, 'x');
    value_of(settle(putting(record_of(longest + "1"), 0)));
    value_of(settle(putting(record_of(longest + "2"), 0)));
    CHECK(find(*this, longest + "1")->content.sender_ref.back() == '1');
    CHECK(find(*this, longest + "2")->version == 2);
    CHECK(events("AU:" + longest + "2").size() == 1);
  }
}

TEST_SUITE("ledger channel records") {
  TEST_CASE_FIXTURE(ledger_fixture, "a record is found by half and id") {
    value_of(settle(putting({{received("1"), 0}})));
    find_channel_record what;
    what.half = channel_half::receiving;
    what.id = "1";
    auto found = read(what).record;
    REQUIRE(found);
    CHECK(found->said.content == received("1").said.content);
    CHECK(found->said.status == channel_status::observed);
    CHECK(found->version == 1);
    CHECK(found->updated == clock.now());
    what.half = channel_half::posting;
    CHECK_FALSE(read(what).record);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a change at another version is refused") {
    value_of(settle(putting({{received("1"), 0}})));
    CHECK(code_of(settle(putting({{received("1"), 0}}))) == errc::stale);
    CHECK(code_of(settle(putting({{received("1"), 2}}))) == errc::stale);
    CHECK(code_of(settle(putting({{received("2"), 0}, {received("2"), 0}}))) == errc::internal);
    CHECK(settle(putting({{received("1"), 1}})));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "each record comes once, at its latest version") {
    for (const char* id : {"1", "2", "3"})
      value_of(settle(putting({{received(id), 0}})));
    value_of(settle(putting({{received("1"), 1}})));
    auto posted = received("9");
    posted.half = channel_half::posting;
    value_of(settle(putting({{posted, 0}})));
    channel_records_since what;
    what.half = channel_half::receiving;
    auto page = read(what);
    CHECK(ids_of(page) == "2 3 1 ");
    CHECK(page.version == 4);
    CHECK_FALSE(page.more);
    what.half = channel_half::posting;
    CHECK(ids_of(read(what)) == "9 ");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "pages lose and repeat nothing") {
    for (int i = 0; i < 5; ++i) {
      auto a = std::to_string(i) + "a", b = std::to_string(i) + "b";
      value_of(settle(putting({{received(a), 0}, {received(b), 0}})));
    }
    channel_records_since what;
    what.limit = 3;
    std::string all;
    for (bool more = true; more;) {
      auto page = read(what);
      all += ids_of(page);
      what.version = page.version;
      more = page.more;
    }
    CHECK(all == "0a 0b 1a 1b 2a 2b 3a 3b 4a 4b ");
    CHECK(ids_of(read(what)).empty());
    CHECK(read(what).version == 5);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "only those of a receiver, and later ones still come") {
    value_of(settle(putting({{received("1", "SG"), 0}})));
    value_of(settle(putting({{received("2", "NZ"), 0}})));
    channel_records_since what;
    what.receiver = "SG";
    auto page = read(what);
    CHECK(ids_of(page) == "1 ");
    CHECK(page.version == 2);
    what.version = page.version;
    value_of(settle(putting({{received("3", "SG"), 0}})));
    CHECK(ids_of(read(what)) == "3 ");
  }

  TEST_CASE_FIXTURE(ledger_fixture,
                    "a receiver of few among many is found in several short reads") {
    std::vector<settlement> many;
    for (int i = 0; i < 5000; ++i)
      many.push_back(putting({{received(std::to_string(i), i % 2500 == 2499 ? "NZ" : "SG"), 0}}));
    for (const auto& result : it->commit(many))
      REQUIRE(result);
    channel_records_since what;
    what.receiver = "NZ";
    auto page = read(what);
    CHECK(page.records.empty());
    CHECK(page.more);
    std::string all;
    for (int reads = 0; page.more && reads < 10; ++reads) {
      what.version = page.version;
      page = read(what);
      all += ids_of(page);
    }
    CHECK(all == "2499 4999 ");
    CHECK(page.version == 5000);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "from a point in time on") {
    std::vector<caf::timestamp> at;
    for (int i = 0; i < 20; ++i) {
      clock.advance(1s);
      at.push_back(clock.now());
      value_of(settle(putting({{received(std::to_string(i)), 0}})));
      value_of(settle(putting(record_of(std::to_string(i)), 0))); // versions have gaps
    }
    channel_records_since what;
    for (size_t i = 0; i < at.size(); ++i) {
      what.since = at[i];
      auto page = read(what);
      REQUIRE(page.records.size() == at.size() - i);
      CHECK(page.records[0].said.id == std::to_string(i));
    }
    what.since = at.back() + 1ns;
    auto none = read(what);
    CHECK(none.records.empty());
    what.version = none.version;
    value_of(settle(putting({{received("later"), 0}})));
    CHECK(ids_of(read(what)) == "later ");
  }
}

TEST_SUITE("ledger subscriptions, access and cursors") {
  settlement change(subscription_act act, const std::string& topic, const std::string& callback,
                    caf::timestamp ends) {
    settlement x;
    subscription s;
    s.topic = topic;
    s.topic_as_asked = topic + ".*";
    s.callback = callback;
    s.secret = "secret";
    s.ends = ends;
    x.subscriptions.push_back({act, s});
    return x;
  }

  std::string callbacks(ledger_fixture & f, const std::string& topic) {
    std::string text;
    for (const auto& s : f.read(find_subscribers{topic, f.clock.now()}).subscriptions)
      text += s.callback + " ";
    return text;
  }

  TEST_CASE_FIXTURE(ledger_fixture, "subscribers of a topic and of everything above it are found") {
    auto ends = clock.now() + 1h;
    value_of(settle(change(subscription_act::put, "un.cefact", "http://a", ends)));
    value_of(
        settle(change(subscription_act::put, "un.cefact.trade.coo.created", "http://b", ends)));
    value_of(settle(change(subscription_act::put, "un.cefact.tra", "http://never", ends)));
    value_of(settle(change(subscription_act::put, "", "http://all", ends)));
    CHECK(callbacks(*this, "UN.CEFACT.Trade.CoO.created") == "http://b http://a http://all ");
    CHECK(callbacks(*this, "message.17.status") == "http://all ");
  }

  TEST_CASE_FIXTURE(ledger_fixture,
                    "a change becomes a job for those notices that have a subscriber") {
    settlement x;
    x.tells.push_back(
        {"AU:17", "received", {{"UN.CEFACT.Trade.COO.created", "1"}, {"other", "2"}}});
    auto told = [&] {
      value_of(settle(x));
      due_jobs what;
      what.on = stream::notifications;
      what.at = clock.now();
      return read(what).jobs;
    };
    CHECK(told().empty());
    auto ends = clock.now() + std::chrono::hours{1};
    value_of(
        settle(change(subscription_act::put, "un.cefact.trade.coo.deleted", "http://a", ends)));
    CHECK(told().empty());
    value_of(settle(change(subscription_act::put, "un.cefact", "http://a", ends)));
    auto jobs = told();
    REQUIRE(jobs.size() == 1);
    CHECK(jobs[0].order.about == "AU:17");
    auto order = value_of(parse_order<message_changed>(jobs[0].order.body));
    REQUIRE(order.notices.size() == 1);
    CHECK(order.notices[0].body == "1");
  }

  TEST_CASE_FIXTURE(ledger_fixture,
                    "who subscribes to everything is told of everything, until it ends") {
    auto ends = clock.now() + std::chrono::hours{1};
    value_of(settle(change(subscription_act::put, "", "http://all", ends)));
    settlement x;
    x.tells.push_back({"AU:17", "received", {{"anything", "1"}}});
    CHECK(value_of(settle(x)).stirred != 0);
    clock.advance(std::chrono::hours{2});
    x.tells[0].cause = "status/2";
    CHECK(value_of(settle(x)).stirred == 0);
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a subscription is replaced, found and removed by its key") {
    auto ends = clock.now() + 1h;
    value_of(settle(change(subscription_act::put, "a.b", "http://a", ends)));
    value_of(settle(change(subscription_act::put, "a.b", "http://a", ends + 1h)));
    CHECK(figures().subscriptions == 1);
    auto found = read(find_subscription{"a.b", "http://a"}).what;
    REQUIRE(found);
    CHECK(found->ends == ends + 1h);
    CHECK(found->topic_as_asked == "a.b.*");
    CHECK(found->secret == "secret");
    CHECK_FALSE(read(find_subscription{"a.b", "http://b"}).what);
    value_of(settle(change(subscription_act::remove, "a.b", "http://a", {})));
    CHECK_FALSE(read(find_subscription{"a.b", "http://a"}).what);
    CHECK(figures().subscriptions == 0);
    CHECK(settle(change(subscription_act::remove, "a.b", "http://a", {})));
  }

  TEST_CASE_FIXTURE(ledger_fixture,
                    "subscriptions that end between two times are found in that order") {
    auto start = clock.now();
    auto ending = [&](caf::timespan after, caf::timespan until, uint32_t limit = 500) {
      std::string all;
      for (auto& x :
           read(find_ending_subscriptions{start + after, start + until, limit}).subscriptions)
        all += x.callback;
      return all;
    };
    CHECK(ending(0h, 100h) == "");
    const std::pair<const char*, std::chrono::hours> leases[]{
        {"c", 3h}, {"a", 1h}, {"d", 3h}, {"b", 2h}, {"e", 4h}};
    for (auto& [callback, hours] : leases)
      value_of(settle(change(subscription_act::put, "a.b", callback, start + hours)));
    CHECK(ending(0h, 100h).size() == 5);
    CHECK(ending(0h, 2h) == "ab");
    CHECK(ending(1h, 2h) == "b");
    CHECK(ending(4h, 100h) == "");
    // What ends at the same time is on one page: whoever goes on after it passes over nobody.
    CHECK(ending(1h, 100h, 2).size() == 3);
    CHECK(ending(0h, 100h, 1) == "a");
    // Renewed: its old end is forgotten.
    value_of(settle(change(subscription_act::put, "a.b", "a", start + 5h)));
    CHECK(ending(0h, 2h) == "b");
    CHECK(ending(4h, 5h) == "a");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "an ended subscription is not found, and goes in time") {
    for (int i = 0; i < 10; ++i)
      value_of(settle(
          change(subscription_act::put, "a.b", "http://" + std::to_string(i), clock.now() + 1h)));
    clock.advance(1h);
    CHECK(callbacks(*this, "a.b").empty());
    CHECK_FALSE(read(find_subscription{"a.b", "http://1"}).what);
    CHECK(figures().subscriptions == 10);
    for (int i = 0; i < 3; ++i)
      value_of(settle(change(subscription_act::put, "c.d", "http://new", clock.now() + 1h)));
    CHECK(figures().subscriptions == 1);
    CHECK(callbacks(*this, "c.d") == "http://new ");
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a document may be read by whom it was granted to") {
    settlement x;
    x.grants = {{"QmA", "SG", "AU:17"}, {"QmA", "SG", "AU:18"}, {"QmA", "SG", "AU:17"}};
    value_of(settle(x));
    CHECK(read(may_read{"QmA", "SG"}).granted);
    CHECK_FALSE(read(may_read{"QmA", "S"}).granted);
    CHECK_FALSE(read(may_read{"QmA", "NZ"}).granted);
    CHECK_FALSE(read(may_read{"Qm", "SG"}).granted);
    CHECK_FALSE(read(may_read{"QmB", "SG"}).granted);
  }

  TEST_CASE_FIXTURE(ledger_fixture,
                    "what a withdrawn message granted is closed, until it is back") {
    auto put = [&](const std::string& ref, bool stands) {
      auto x = record_of(ref);
      x.arrivals = {{"a", "1", stands}};
      auto stored = read(find_message{x.content.ref()}).record;
      value_of(settle(putting(x, stored ? stored->version : 0)));
    };
    put("1", true);
    put("2", true);
    settlement x;
    x.grants = {{"QmAlone", "SG", "AU:1"},
                {"QmShared", "SG", "AU:1"},
                {"QmShared", "SG", "AU:2"},
                {"QmPosted", "SG", "AU:1"},
                {"QmPosted", "SG", "document-api"}};
    value_of(settle(x));
    auto open = [&](const char* document) {
      return read(may_read{document, "SG"}).granted;
    };
    CHECK(open("QmAlone"));
    put("1", false);
    CHECK_FALSE(open("QmAlone"));
    CHECK(open("QmShared"));
    CHECK(open("QmPosted"));
    // What is granted meanwhile, by a retrieval that was under way, does not count either.
    settlement late;
    late.grants = {{"QmLinked", "SG", "AU:1"}};
    value_of(settle(late));
    CHECK_FALSE(open("QmLinked"));
    put("2", false);
    CHECK_FALSE(open("QmShared"));
    reopen();
    CHECK_FALSE(open("QmAlone"));
    put("1", true);
    CHECK(open("QmAlone"));
    CHECK(open("QmShared"));
    CHECK(open("QmLinked"));
  }

  TEST_CASE_FIXTURE(ledger_fixture, "a cursor is what it was last set to") {
    CHECK(read(find_cursor{"c"}).value.empty());
    settlement x;
    x.cursors = {{"c", "1"}, {"d", "9"}};
    value_of(settle(x));
    x.cursors = {{"c", "2"}};
    value_of(settle(x));
    reopen();
    CHECK(read(find_cursor{"c"}).value == "2");
    CHECK(read(find_cursor{"d"}).value == "9");
  }
}
