#include "actors/channel_observer.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

using s = channel_status;
using namespace std::chrono_literals;

const auto channel_a = channel_named("a");

channel_message news(std::string id, message content, s status = s::confirmed) {
  return {std::move(id), std::move(content), status};
}

channel_page page(std::vector<channel_message> messages, std::string cursor, bool more = false) {
  return {std::move(messages), std::move(cursor), more};
}

class watch : public office {
public:
  std::shared_ptr<channel_book> book_a = std::make_shared<channel_book>();

  channel_observer_actor observe(channel_settings which) {
    return keep(
        system.spawn(channel_observer, around, shared(australia()), which, channel_with(book_a)));
  }
};

} // namespace

TEST_SUITE_BEGIN("channel observer");

TEST_CASE("opens an inbox job for each confirmed message to us, and moves the cursor") {
  auto x = decide(page({news("1", sg_to_au("x")), news("2", sg_to_au("y"))}, "c2"), channel_a,
                  australia());
  REQUIRE(streams_of(x) == std::vector{stream::inbox, stream::inbox});
  auto first = order_in<process_message>(x.opens[0]);
  CHECK(first.content == sg_to_au("x"));
  CHECK(first.channel_id == "a");
  CHECK(first.channel_txn_id == "1");
  REQUIRE(x.cursors.size() == 1);
  CHECK(x.cursors[0].name == "channel/a");
  CHECK(x.cursors[0].value == "c2");
  CHECK(!x.job);
}

TEST_CASE("passes over what we sent, what is for others and what is only observed") {
  auto elsewhere = sg_to_au();
  elsewhere.receiver = "NZ";
  auto x = decide(
      page({news("1", au_to_sg()), news("2", elsewhere), news("3", sg_to_au(), s::observed)}, "c"),
      channel_a, australia());
  CHECK(x.opens.empty());
  CHECK(x.events.empty());
}

TEST_CASE("a message without a reference gets one that is always the same") {
  auto said = news("77", sg_to_au(""));
  auto x = arrival_of(channel_a, said);
  CHECK(x.content.sender_ref == uuid_of("a/77"));
  CHECK(arrival_of(channel_a, said).content.sender_ref == x.content.sender_ref);
  CHECK(arrival_of(channel_named("b"), said).content.sender_ref != x.content.sender_ref);
}

TEST_CASE("a message that breaks the rules gets a job of its own, and does not hold up the rest") {
  auto bad = sg_to_au("bad");
  bad.obj = "nothing";
  auto x = decide(page({news("1", bad), news("2", sg_to_au())}, "c"), channel_a, australia());
  REQUIRE(streams_of(x) == std::vector{stream::channel_notifications, stream::inbox});
  auto own = order_in<channel_notified>(x.opens[0]);
  CHECK(own.channel_id == "a");
  CHECK(own.message_id == "1");
}

TEST_CASE("what cannot be read gets a job of its own, by its id or with what was said of it") {
  auto said = page({news("1", sg_to_au())}, "c");
  said.unreadable = {{"2", "no receiver", "{\"id\":\"2\"}"}, {"", "not an object", "7"}};
  auto x = decide(said, channel_a, australia());
  REQUIRE(streams_of(x) ==
          std::vector{stream::inbox, stream::channel_notifications, stream::channel_notifications});
  auto by_id = order_in<channel_notified>(x.opens[1]);
  CHECK(by_id.message_id == "2");
  CHECK(!by_id.unreadable);
  auto without_id = order_in<channel_notified>(x.opens[2]);
  CHECK(without_id.channel_id == "a");
  CHECK(without_id.message_id.empty());
  CHECK(without_id.unreadable == std::string{"not an object: 7"});
  CHECK(x.cursors.at(0).value == "c");
}

TEST_CASE(
    "a false alarm is an order about the same message, and no event: the lake may not know it") {
  auto x = decide(
      page({news("1", sg_to_au(), s::false_alarm), news("2", au_to_sg(), s::false_alarm)}, "c"),
      channel_a, australia());
  CHECK(x.events.empty());
  REQUIRE(streams_of(x) == std::vector{stream::inbox});
  auto order = order_in<process_message>(x.opens[0]);
  CHECK(order.said == channel_status::false_alarm);
  CHECK(order.content == sg_to_au());
  CHECK(order.channel_txn_id == "1");
  auto arrived = decide(page({news("1", sg_to_au())}, "b"), channel_a, australia());
  CHECK(arrived.opens.at(0).id == x.opens[0].id);
  CHECK(!order_in<process_message>(arrived.opens[0]).said);
}

TEST_CASE("a false alarm of what breaks the rules is nothing: that never came in") {
  auto bad = sg_to_au("bad");
  bad.obj = "nothing";
  auto x = decide(page({news("1", bad, s::false_alarm)}, "c"), channel_a, australia());
  CHECK(x.opens.empty());
  CHECK(x.events.empty());
}

TEST_CASE("one message by its id: taken, asked again, passed over, or a dead letter") {
  auto bad = sg_to_au();
  bad.predicate = "nothing";
  struct {
    channel_message said;
    job_end end;
    size_t opens;
  } const rows[] = {
      {news("1", sg_to_au()), job_end::done, 1},
      {news("1", sg_to_au(), s::observed), job_end::postponed, 0},
      {news("1", au_to_sg()), job_end::done, 0},
      {news("1", sg_to_au(), s::false_alarm), job_end::done, 1},
      {news("1", bad), job_end::dead, 0},
  };
  for (auto& row : rows) {
    auto x = decide(ticket, row.said, channel_a, australia(), {});
    CHECK(x.job->end == row.end);
    CHECK(x.opens.size() == row.opens);
    CHECK(x.cursors.empty());
  }
  auto x = decide(ticket, rows[4].said, channel_a, australia(), {});
  CHECK(x.job->error.find("predicate is not a URI") != std::string::npos);
}

TEST_CASE("the sender's state of a message is waited out, or is said loudly; it is never the end") {
  auto at = channel_a;
  at.url = "http://endpoint.example";
  auto waits = decide(ticket, news("1", sg_to_au(), s::received), at, australia(), {});
  CHECK(waits.job->end == job_end::postponed);
  for (auto state : {s::undeliverable, s::revoked}) {
    auto x = decide(ticket, news("1", sg_to_au(), state), at, australia(), {});
    CHECK(x.job->end == job_end::dead);
    CHECK(x.opens.empty());
    for (auto part :
         {"channel a", "http://endpoint.example", "message 1", "[[nodes]]", "has_updated_since"})
      CHECK_MESSAGE(x.job->error.find(part) != std::string::npos, part);
    // In a list it is a job of its own, which ends so.
    auto listed = decide(page({news("1", sg_to_au(), state)}, "c"), at, australia());
    REQUIRE(streams_of(listed) == std::vector{stream::channel_notifications});
    CHECK(order_in<channel_notified>(listed.opens[0]).message_id == "1");
    // What we sent ourselves is not meant.
    CHECK(decide(page({news("1", au_to_sg(), state)}, "c"), at, australia()).opens.empty());
  }
  CHECK(decide(page({news("1", sg_to_au(), s::received)}, "c"), at, australia()).opens.empty());
}

TEST_CASE_FIXTURE(watch, "looks at its start from the stored cursor, page by page") {
  ledger_book->cursors["channel/a"] = "c0";
  book_a->updates.answers = {page({news("1", sg_to_au("x"))}, "c1", true),
                             page({news("2", sg_to_au("y"))}, "c2")};
  auto observer = observe(channel_a);
  run();
  REQUIRE(book_a->updates.asked.size() == 2);
  CHECK(book_a->updates.asked[0].cursor == "c0");
  CHECK(book_a->updates.asked[0].receiver == "AU");
  CHECK(book_a->updates.asked[1].cursor == "c1");
  CHECK(ledger_book->cursors["channel/a"] == "c2");
  CHECK(ledger_book->opened<process_message>(stream::inbox).size() == 2);
  auto health = ask(observer, channel_health_query{}).answer<channel_health>();
  REQUIRE(health);
  CHECK(health->up);
  CHECK(health->cursor == "c2");
}

TEST_CASE_FIXTURE(watch,
                  "looks often at first, then from time to time, and writes nothing for nothing") {
  for (int i = 0; i < 20; ++i)
    book_a->updates.answers.push_back(page({}, ""));
  observe(channel_a);
  run();
  CHECK(book_a->updates.asked.size() == 1);
  pass(1s, 50ms);
  CHECK(book_a->updates.asked.size() == 3);
  pass(120s, 250ms);
  auto later = book_a->updates.asked.size();
  pass(60s, 250ms);
  CHECK(book_a->updates.asked.size() == later + 2);
  CHECK(ledger_book->settlements.empty());
}

TEST_CASE_FIXTURE(watch, "a notification's job is closed with the last page") {
  book_a->updates.answers = {page({}, "c0"), page({news("1", sg_to_au("x"))}, "c1", true),
                             page({news("2", sg_to_au("y"))}, "c2")};
  auto observer = observe(channel_a);
  run();
  ledger_book->settlements.clear();
  CHECK(ask(observer, ticket, channel_notified{"a", {}}).answer<settled>());
  REQUIRE(ledger_book->settlements.size() == 2);
  CHECK(!ledger_book->settlements[0].job);
  CHECK(ledger_book->settlements[1].job->end == job_end::done);
}

TEST_CASE_FIXTURE(watch, "a notification that comes during a look gets a look of its own") {
  auto observer = observe(channel_a); // its first look gets no answer yet
  run();
  auto told = ask(observer, ticket, channel_notified{"a", {}});
  CHECK(book_a->updates.asked.size() == 1);
  book_a->updates.answers.push_back(page({news("1", sg_to_au())}, "c1"));
  pass(29s, 1s); // the first look ends with a time-out, the second one is answered
  CHECK(told.answer<settled>());
  CHECK(book_a->updates.asked.size() == 2);
  CHECK(ledger_book->cursors["channel/a"] == "c1");
}

TEST_CASE_FIXTURE(watch, "what cannot be read and has no id is a dead letter that shows it") {
  auto observer = observe(channel_a);
  run();
  auto looks = book_a->updates.asked.size();
  CHECK(ask(observer, ticket, channel_notified{"a", {}, std::string{"not an object: 7"}})
            .answer<settled>());
  REQUIRE(!ledger_book->settlements.empty());
  auto& outcome = ledger_book->settlements.back().job;
  CHECK(outcome->end == job_end::dead);
  CHECK(outcome->error.find("channel a") != std::string::npos);
  CHECK(outcome->error.find("not an object: 7") != std::string::npos);
  CHECK(book_a->updates.asked.size() == looks);
}

TEST_CASE_FIXTURE(watch, "what cannot be read under its id either is tried again") {
  auto observer = observe(channel_a);
  run();
  book_a->finds.answers = {make_problem(errc::bad_answer, "no receiver: {}")};
  auto x = ask(observer, ticket, channel_notified{"a", "2"}).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::bad_answer);
  CHECK(worth_retrying(x.error()));
}

TEST_CASE_FIXTURE(watch,
                  "a channel that is away: the job is tried again, the cursor stands still") {
  book_a->updates.answers = {page({}, "c0"), make_problem(errc::peer_unreachable, "refused")};
  auto observer = observe(channel_a);
  run();
  auto x = ask(observer, ticket, channel_notified{"a", {}}).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::peer_unreachable);
  CHECK(ledger_book->cursors["channel/a"] == "c0");
  auto health = ask(observer, channel_health_query{}).answer<channel_health>();
  CHECK(!health->up);
  CHECK(health->last_error.find("refused") != std::string::npos);
}

TEST_CASE_FIXTURE(watch,
                  "a channel that does not know the cursor any more is asked for everything") {
  auto unknown = make_problem(errc::bad_request, "the cursor is of another ledger");
  book_a->updates.answers = {page({}, "?c=old"), unknown,
                             page({news("1", sg_to_au("42"))}, "?c=1")};
  auto observer = observe(channel_a);
  run();
  CHECK(ask(observer, ticket, channel_notified{"a", {}}).answer<settled>());
  REQUIRE(book_a->updates.asked.size() == 3);
  CHECK(book_a->updates.asked[1].cursor == "?c=old");
  CHECK(book_a->updates.asked[2].cursor == "");
  CHECK(book_a->updates.asked[2].since == caf::timestamp{});
  CHECK(ledger_book->opened<process_message>(stream::inbox).size() == 1);
  CHECK(ledger_book->cursors["channel/a"] == "?c=1");
  auto health = ask(observer, channel_health_query{}).answer<channel_health>();
  CHECK(health->up);
  CHECK(health->last_error.find("another ledger") != std::string::npos);
}

TEST_CASE_FIXTURE(watch, "a channel that refuses even the start is not asked in a circle") {
  auto unknown = make_problem(errc::bad_request, "no");
  book_a->updates.answers = {page({}, "?c=old"), unknown, unknown};
  auto observer = observe(channel_a);
  run();
  auto x = ask(observer, ticket, channel_notified{"a", {}}).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::bad_request);
  CHECK(ledger_book->cursors["channel/a"] == "?c=old");
}

TEST_CASE_FIXTURE(watch,
                  "a channel that does not know its own next page is not asked in a circle") {
  auto unknown = make_problem(errc::bad_request, "no such page");
  auto first = page({news("1", sg_to_au("42"))}, "?c=1", true);
  book_a->updates.answers = {page({}, "?c=old"), first, unknown, first, unknown, first, unknown};
  auto observer = observe(channel_a);
  run();
  auto x = ask(observer, ticket, channel_notified{"a", {}}).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::bad_request);
  CHECK(book_a->updates.asked.size() == 5);
}

TEST_CASE_FIXTURE(watch, "a channel whose cursor stands still is not asked for ever") {
  book_a->updates.answers = {page({}, ""), page({}, "", true)};
  auto observer = observe(channel_a);
  run();
  auto x = ask(observer, ticket, channel_notified{"a", {}}).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::bad_answer);
}

TEST_CASE_FIXTURE(watch, "a channel that cannot say what is new is asked for the message") {
  auto which = channel_a;
  which.has_updated_since = false;
  auto observer = observe(which);
  pass(61s, 1s);
  CHECK(book_a->updates.asked.empty());
  book_a->finds.answers = {news("9", sg_to_au("")), make_problem(errc::not_found)};
  CHECK(ask(observer, ticket, channel_notified{"a", "9"}).answer<settled>());
  CHECK(book_a->finds.asked.at(0).id == "9");
  auto opened = ledger_book->opened<process_message>(stream::inbox);
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].content.sender_ref == uuid_of("a/9"));
  auto unknown = ask(observer, ticket, channel_notified{"a", "10"}).answer<settled>();
  REQUIRE(!unknown);
  CHECK(worth_retrying(unknown.error()));
  CHECK(ask(observer, ticket, channel_notified{"a", {}}).answer<settled>());
  CHECK(ledger_book->settlements.back().job->end == job_end::dead);
}

TEST_CASE_FIXTURE(watch, "told by id or by the list of news, a change is the same job") {
  auto by_id = channel_a;
  by_id.has_updated_since = false;
  auto first = observe(by_id);
  run();
  for (auto status : {s::confirmed, s::false_alarm}) {
    ledger_book->settlements.clear();
    book_a->finds.answers = {news("9", sg_to_au(), status)};
    CHECK(ask(first, ticket, channel_notified{"a", "9"}).answer<settled>());
    auto told = ledger_book->settlements.back().opens.at(0);
    auto listed = decide(page({news("9", sg_to_au(), status)}, "c"), channel_a, australia());
    CHECK(listed.opens.at(0).id == told.id);
    CHECK(listed.opens.at(0).body == told.body);
  }
}

TEST_SUITE_END();
