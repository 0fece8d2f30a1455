#include "actors/channel_poller.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

using s = channel_status;
using namespace std::chrono_literals;

const caf::timestamp noon{std::chrono::hours{12}};

check_delivery order(s last = s::received) {
  return {au_to_sg(), 2, {"b"}, "a", "4711", last};
}

/// Asked about every two seconds; a confirmation may be revoked for 80 seconds.
channel_settings revocable() {
  auto x = channel_named("a");
  x.revocable_for = 80s;
  return x;
}

channel_message says(s status) {
  return {"4711", au_to_sg(), status};
}

class lookout : public office {
public:
  std::shared_ptr<channel_book> a = std::make_shared<channel_book>();
  channel_poller_actor poller =
      keep(system.spawn(channel_poller, around, shared(australia()),
                        std::map<std::string, channel_actor>{{"a", channel_with(a)}}));
};

} // namespace

TEST_SUITE_BEGIN("channel poller");

TEST_CASE("asks soon at first, then less and less often up to the channel's interval") {
  CHECK(pause_before_check(0, 2000ms) == 100ms);
  CHECK(pause_before_check(1, 2000ms) == 200ms);
  CHECK(pause_before_check(4, 2000ms) == 1600ms);
  CHECK(pause_before_check(5, 2000ms) == 2000ms);
  CHECK(pause_before_check(4000000000u, 2000ms) == 2000ms);
  CHECK(pause_before_check(0, 10ms) == 10ms);
}

TEST_CASE("received: the same question later, and the attempt does not count") {
  auto x = decide(ticket, order(), says(s::received), noon, 100ms, channel_named("a"));
  REQUIRE(x);
  CHECK(x->job->end == job_end::postponed);
  CHECK(x->job->due == noon + 100ms);
  CHECK(x->events.empty());
  CHECK(x->opens.empty());
}

TEST_CASE("confirmed: the message is accepted, and the job ends") {
  auto x = decide(ticket, order(), says(s::confirmed), noon, 100ms, channel_named("a"));
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  CHECK(kinds_of(*x) == std::vector{event_kind::delivery_checked});
  CHECK(x->events[0].detail == "channel a says confirmed");
  REQUIRE(streams_of(*x) == std::vector{stream::message_updates});
  auto update = order_in<update_message>(x->opens[0]);
  CHECK(update.about == au_to_sg().ref());
  CHECK(*update.patch.status == message_status::accepted);
  CHECK(update.patch.channel_id == "a");
  CHECK(update.patch.channel_txn_id == "4711");
}

TEST_CASE("undeliverable: back to the router, without this channel") {
  auto x = decide(ticket, order(), says(s::undeliverable), noon, 100ms, channel_named("a"));
  REQUIRE(x);
  REQUIRE(streams_of(*x) == std::vector{stream::outbox});
  auto route = order_in<route_message>(x->opens[0]);
  CHECK(route.round == 2);
  CHECK(route.tried == std::vector<std::string>{"b", "a"});
  CHECK(route.reasons == "channel a could not deliver the message");
}

TEST_CASE("revoked: pending again, and routed anew in the next round over any channel") {
  for (auto last : {s::received, s::confirmed}) {
    auto x = decide(ticket, order(last), says(s::revoked), noon, 100ms, channel_named("a"));
    REQUIRE(x);
    CHECK(x->job->end == job_end::done);
    CHECK(x->events.at(0).detail == "channel a says revoked");
    REQUIRE(streams_of(*x) == std::vector{stream::message_updates});
    auto update = order_in<update_message>(x->opens[0]);
    CHECK(*update.patch.status == message_status::pending);
    CHECK(update.patch.channel_id == "a");
    CHECK(update.patch.channel_txn_id == "4711");
    CHECK(update.reason == "revoked/2/a");
    CHECK(update.next_round == 3u);
  }
}

TEST_CASE("a confirmation is final where it cannot be revoked") {
  auto x = decide(ticket, order(), says(s::confirmed), noon, 100ms, channel_named("a"));
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  CHECK(streams_of(*x) == std::vector{stream::message_updates});
}

TEST_CASE(
    "where it can be revoked the message is accepted at once, and another job goes on asking") {
  auto x = decide(ticket, order(), says(s::confirmed), noon, 100ms, revocable());
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  REQUIRE(streams_of(*x) == std::vector{stream::message_updates, stream::channel_pending});
  CHECK(*order_in<update_message>(x->opens[0]).patch.status == message_status::accepted);
  auto follow = order_in<check_delivery>(x->opens[1]);
  CHECK(follow.last == s::confirmed);
  CHECK(follow.confirmed == noon);
  CHECK(follow.content == au_to_sg());
  CHECK(follow.round == 2);
  CHECK(follow.channel_txn_id == "4711");
  CHECK(x->opens[1].due == noon + 2s);
  CHECK(x->opens[1].id != make_job(order()).id);
}

TEST_CASE(
    "a channel whose confirmations are final is not asked about them, whatever we reckon with") {
  auto said = says(s::confirmed);
  said.confirmation = confirmation_kind::final_word;
  auto x = decide(ticket, order(), said, noon, 100ms, revocable());
  REQUIRE(x);
  CHECK(streams_of(*x) == std::vector{stream::message_updates});
  // It says so of a message that was followed until now.
  auto follow = order(s::confirmed);
  follow.confirmed = noon;
  auto end = decide(ticket, follow, said, noon + 4s, 100ms, revocable());
  REQUIRE(end);
  CHECK(end->job->end == job_end::done);
  CHECK(end->opens.empty());
  said.confirmation = confirmation_kind::revocable;
  CHECK(decide(ticket, order(), said, noon, 100ms, revocable())->opens.size() == 2);
  // We do not want to hear of it.
  CHECK(decide(ticket, order(), said, noon, 100ms, channel_named("a"))->opens.size() == 1);
}

TEST_CASE("a channel that says nothing about its confirmations is asked about them for an hour") {
  channel_settings usual;
  auto x = decide(ticket, order(), says(s::confirmed), noon, 100ms, usual);
  REQUIRE(x);
  CHECK(x->opens.size() == 2);
  auto questions = 0;
  for (std::chrono::milliseconds since{0}; pause_while_revocable(since, usual) > 0s; ++questions)
    since += pause_while_revocable(since, usual);
  CHECK(questions < 20);
}

TEST_CASE("told of a revocation, goes on as if it had asked; of anything else it will ask") {
  channel_notified told{"a", "4711"};
  told.half = channel_half::posting;
  message_record ours{au_to_sg(), message_status::accepted, "a", "4711", 12, {}};
  ours.taken_back_by = {"b"};
  auto x = decide(ticket, told, says(s::revoked), {ours});
  CHECK(x.job->end == job_end::done);
  CHECK(x.events.at(0).detail == "channel a tells that it revoked");
  REQUIRE(streams_of(x) == std::vector{stream::message_updates});
  // The same job as the poller's own.
  CHECK(x.opens[0].id ==
        decide(ticket, order(s::confirmed), says(s::revoked), noon, 100ms, revocable())
            ->opens.at(0)
            .id);
  CHECK(order_in<update_message>(x.opens[0]).next_round == 3u);
  CHECK(decide(ticket, told, says(s::confirmed), {ours}).opens.empty());
  CHECK(decide(ticket, told, says(s::revoked), {}).opens.empty());
  ours.channel_txn_id = "4712";
  CHECK(decide(ticket, told, says(s::revoked), {ours}).opens.empty());
}

TEST_CASE("asks about a confirmed message less and less often, and for the last time at the end") {
  auto how = revocable();
  CHECK(pause_while_revocable(0s, how) == 2s);
  CHECK(pause_while_revocable(2s, how) == 2s);
  CHECK(pause_while_revocable(4s, how) == 4s);
  CHECK(pause_while_revocable(20s, how) == 10s); // an eighth
  CHECK(pause_while_revocable(75s, how) == 5s);  // to the end
  CHECK(pause_while_revocable(80s, how) == 0s);
  CHECK(pause_while_revocable(24h, how) == 0s);
  CHECK(pause_while_revocable(-1h, how) == 2s); // the clock was set back
  how.revocable_for = 1s;                       // shorter than the interval
  CHECK(pause_while_revocable(0s, how) == 1s);
  how.revocable_for = 0s;
  CHECK(pause_while_revocable(0s, how) == 0s);
  // A dozen questions or so, however long it takes.
  how.revocable_for = 720h;
  auto questions = 0;
  for (std::chrono::milliseconds since{0}; pause_while_revocable(since, how) > 0s; ++questions)
    since += pause_while_revocable(since, how);
  CHECK(questions < 40);
}

TEST_CASE("still confirmed: the same question later, without a word, until it is over") {
  auto follow = order(s::confirmed);
  follow.confirmed = noon;
  auto x = decide(ticket, follow, says(s::confirmed), noon + 4s, 100ms, revocable());
  REQUIRE(x);
  CHECK(x->job->end == job_end::postponed);
  CHECK(x->job->due == noon + 8s);
  CHECK(x->events.empty());
  CHECK(x->opens.empty());
  auto over = decide(ticket, follow, says(s::confirmed), noon + 80s, 100ms, revocable());
  REQUIRE(over);
  CHECK(over->job->end == job_end::done);
  CHECK(over->events.empty());
  CHECK(over->opens.empty());
  // Found out late, but still found out.
  auto late = decide(ticket, follow, says(s::revoked), noon + 800s, 100ms, revocable());
  REQUIRE(late);
  CHECK(streams_of(*late) == std::vector{stream::message_updates});
}

TEST_CASE("a channel may be quicker than our questions, but may not take a state back") {
  struct {
    s last;
    s now;
    bool possible;
  } const rows[] = {
      {s::received, s::revoked, true},        {s::confirmed, s::confirmed, true},
      {s::confirmed, s::received, false},     {s::confirmed, s::undeliverable, false},
      {s::received, s::observed, false},      {s::received, s::false_alarm, false},
      {s::undeliverable, s::received, false}, {s::revoked, s::confirmed, false},
  };
  for (auto& row : rows) {
    auto x = decide(ticket, order(row.last), says(row.now), noon, 100ms, channel_named("a"));
    CHECK(static_cast<bool>(x) == row.possible);
    if (!x)
      CHECK(code_of(x.error()) == errc::bad_answer);
  }
}

TEST_CASE_FIXTURE(lookout, "asks for the channel's id of the message, with growing pauses") {
  for (auto pause : {100ms, 200ms, 400ms}) {
    a->finds.answers.push_back(says(s::received));
    CHECK(ask(poller, ticket, order()).answer<settled>());
    CHECK(ledger_book->settlements.back().job->due == around.now() + pause);
  }
  CHECK(a->finds.asked.back().id == "4711");
  a->finds.answers.push_back(says(s::confirmed));
  CHECK(ask(poller, ticket, order()).answer<settled>());
  CHECK(ledger_book->opened<update_message>(stream::message_updates).size() == 1);
}

TEST_CASE_FIXTURE(lookout, "a channel that does not know what it took may remember: later") {
  a->finds.answers.push_back(make_problem(errc::not_found));
  auto x = ask(poller, ticket, order()).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::peer_failed);
  CHECK(worth_retrying(x.error()));
  CHECK(ledger_book->settlements.empty());
}

TEST_CASE_FIXTURE(lookout, "a channel that is configured no more is an error that names it") {
  auto gone = order();
  gone.channel_id = "gone";
  auto x = ask(poller, ticket, gone).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::unknown_channel);
  CHECK(sentence_of(x.error()).find("gone") != std::string::npos);
}

TEST_CASE_FIXTURE(lookout, "a channel that does not answer is a peer that timed out") {
  auto question = ask(poller, ticket, order());
  CHECK(!question.answered());
  pass(std::chrono::seconds{60}, std::chrono::seconds{1});
  auto x = question.answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::peer_timeout);
}

TEST_CASE_FIXTURE(office, "questions about confirmed messages are not counted, nor remembered") {
  auto settings = australia();
  settings.channels[0].revocable_for = 80s;
  auto book = std::make_shared<channel_book>();
  auto poller = keep(system.spawn(channel_poller, around, shared(settings),
                                  std::map<std::string, channel_actor>{{"a", channel_with(book)}}));
  auto follow = order(s::confirmed);
  follow.confirmed = around.now();
  for (int i = 0; i < 3; ++i) {
    pass(1s, 1s);
    book->finds.answers.push_back(says(s::confirmed));
    CHECK(ask(poller, ticket, follow).answer<settled>());
    CHECK(ledger_book->settlements.back().job->due == around.now() + std::max(2s, (i + 1) * 1s));
  }
  // The same job's id, if it were counted, would have made this pause longer.
  book->finds.answers.push_back(says(s::received));
  CHECK(ask(poller, ticket, order()).answer<settled>());
  CHECK(ledger_book->settlements.back().job->due == around.now() + 100ms);
}

TEST_CASE_FIXTURE(office,
                  "while a channel is away its confirmations wait, and their time begins anew") {
  auto settings = australia();
  settings.channels[0].revocable_for = 80s;
  auto book = std::make_shared<channel_book>();
  auto poller = keep(system.spawn(channel_poller, around, shared(settings),
                                  std::map<std::string, channel_actor>{{"a", channel_with(book)}}));
  auto follow = order(s::confirmed);
  follow.confirmed = around.now();
  pass(79s, 1s);
  book->finds.answers.push_back(make_problem(errc::peer_failed, "no route"));
  REQUIRE(ask(poller, ticket, follow).answer<settled>());
  auto& settled_with = ledger_book->settlements.back();
  CHECK(settled_with.job->end == job_end::done);
  CHECK(settled_with.events.empty());
  REQUIRE(settled_with.opens.size() == 1);
  CHECK(settled_with.opens[0].due > around.now());
  auto again = parse_order<check_delivery>(settled_with.opens[0].body);
  REQUIRE(again);
  CHECK(again->last == s::confirmed);
  CHECK(again->confirmed == around.now());

  // A channel that has forgotten it needs a person.
  pass(5s, 1s);
  book->finds.answers.push_back(make_problem(errc::not_found));
  auto x = ask(poller, ticket, follow).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::peer_failed);
}

TEST_CASE_FIXTURE(office, "our own bound is no outage: the time of a confirmation runs on") {
  auto settings = australia();
  settings.channels[0].revocable_for = 80s;
  auto book = std::make_shared<channel_book>();
  auto poller = keep(system.spawn(channel_poller, around, shared(settings),
                                  std::map<std::string, channel_actor>{{"a", channel_with(book)}}));
  auto follow = order(s::confirmed);
  follow.confirmed = around.now();
  for (auto code : {errc::peer_busy, errc::overloaded}) {
    book->finds.answers.push_back(make_problem(code));
    auto x = ask(poller, ticket, follow).answer<settled>();
    REQUIRE(!x);
    CHECK(code_of(x.error()) == code);
    CHECK(ledger_book->settlements.empty());
  }
}

TEST_CASE_FIXTURE(lookout,
                  "looks at what it is told of, and forgets what the channel does not know") {
  ledger_book->put({au_to_sg(), message_status::accepted, "a", "4711", 0, {}});
  channel_notified told{"a", "4711"};
  told.half = channel_half::posting;
  a->finds.answers = {says(s::revoked), make_problem(errc::not_found),
                      make_problem(errc::peer_failed)};
  CHECK(ask(poller, ticket, told).answer<settled>());
  CHECK(a->finds.asked.at(0).id == "4711");
  CHECK(ledger_book->opened<update_message>(stream::message_updates).size() == 1);
  CHECK(ask(poller, ticket, told).answer<settled>());
  CHECK(ledger_book->settlements.back().job->end == job_end::done);
  CHECK(code_of(ask(poller, ticket, told).answer<settled>().error()) == errc::peer_failed);
}

TEST_SUITE_END();
