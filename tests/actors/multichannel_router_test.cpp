#include "actors/multichannel_router.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

const caf::timestamp later{std::chrono::hours{7}};

route way(const node_settings& settings, uint32_t attempt = 1, std::vector<std::string> tried = {},
          caf::optional<route_doubt> doubt = {}) {
  return route{{"job", 1, attempt},
               {au_to_sg(), 1, std::move(tried), {}, std::move(doubt)},
               shared(settings)};
}

/// What the next attempt is given.
route again(const node_settings& settings, const settlement& end, uint32_t attempt = 2) {
  REQUIRE(end.job);
  REQUIRE(end.job->end == job_end::again);
  REQUIRE(streams_of(end) == std::vector{stream::outbox});
  return route{{"job", 1, attempt}, order_in<route_message>(end.opens[0]), shared(settings)};
}

/// How it ends when every channel answers with the code.
settlement when_all_say(route x, errc code) {
  while (x.candidate() != nullptr)
    x.failed(make_problem(code));
  auto end = x.given_up(later);
  REQUIRE(end);
  return *end;
}

std::string reason_in(const settlement& x) {
  REQUIRE(streams_of(x) == std::vector{stream::rejected});
  return order_in<reject_message>(x.opens[0]).reason;
}

std::string asks(const route& x) {
  return x.candidate() == nullptr ? "" : x.candidate()->id;
}

const channel_receipt receipt{"4711"};

found_message stored_message() {
  return {message_record{au_to_sg(), message_status::pending, {}, {}, 12, {}}};
}

/// A router of Australia with two channels.
class switchyard : public office {
public:
  std::shared_ptr<channel_book> a = std::make_shared<channel_book>();
  std::shared_ptr<channel_book> b = std::make_shared<channel_book>();
  multichannel_router_actor router;

  explicit switchyard(const node_settings& settings = australia())
      : router(keep(system.spawn(multichannel_router, around, shared(settings),
                                 std::map<std::string, channel_actor>{{"a", channel_with(a)},
                                                                      {"b", channel_with(b)}}))) {
    for (int ref = 0; ref < 20; ++ref)
      ledger_book->put({au_to_sg(std::to_string(ref)), message_status::pending, {}, {}, 0, {}});
  }
};

} // namespace

TEST_SUITE_BEGIN("multichannel router");

TEST_CASE("asks the channels in the operator's order") {
  auto x = way(australia());
  CHECK(asks(x) == "a");
  x.failed(make_problem(errc::peer_refused, "no"));
  CHECK(asks(x) == "b");
  x.failed(make_problem(errc::peer_refused, "no"));
  CHECK(asks(x) == "");
}

TEST_CASE("a channel that took the message back is asked after the others, the last one last") {
  auto settings = australia();
  settings.channels.push_back(channel_named("c"));
  auto asked = [&](std::vector<std::string> taken_back_by) {
    route_message order{au_to_sg(), 3, {}, {}};
    order.taken_back_by = std::move(taken_back_by);
    route x{{"job", 1, 1}, order, shared(settings)};
    std::string all;
    for (; x.candidate() != nullptr; x.failed(make_problem(errc::peer_refused, "no")))
      all += asks(x);
    return all;
  };
  CHECK(asked({}) == "abc");
  CHECK(asked({"a"}) == "bca");
  CHECK(asked({"a", "b"}) == "cab");
  CHECK(asked({"a", "b", "a"}) == "cba");
  CHECK(asked({"a", "b", "c"}) == "abc");
  CHECK(asked({"gone"}) == "abc");
}

TEST_CASE("what was taken back goes on with the delivery, and to the next channel that fails") {
  route_message order{au_to_sg(), 2, {}, {}};
  order.taken_back_by = std::vector<std::string>{"a"};
  route x{{"job", 1, 1}, order, shared(australia())};
  REQUIRE(asks(x) == "b");
  auto done = *x.taken(receipt, stored_message(), later);
  auto follow = order_in<check_delivery>(done.opens.at(0));
  CHECK(follow.taken_back_by == std::vector<std::string>{"a"});
}

TEST_CASE("a message that was taken back in as many rounds as allowed is an operator's") {
  retry_settings how;
  how.attempts = 3;
  route_message order{au_to_sg(), 3, {}, {}};
  CHECK(!taken_back_too_often(ticket, order, how));
  order.taken_back_by = std::vector<std::string>{"a", "b"};
  CHECK(!taken_back_too_often(ticket, order, how));
  order.taken_back_by->push_back("a");
  auto end = taken_back_too_often(ticket, order, how);
  REQUIRE(end);
  CHECK(end->job->end == job_end::dead);
  CHECK(end->opens.empty());
  for (auto part : {"3 times", "a, b, a", "pending", "retry.revoked.attempts"})
    CHECK_MESSAGE(end->job->error.find(part) != std::string::npos, part);
}

TEST_CASE(
    "passes over channels that were tried, do not serve the receiver, or screen the message") {
  auto settings = australia();
  settings.channels = {channel_named("tried"), channel_named("elsewhere"), channel_named("screens"),
                       channel_named("takes")};
  settings.channels[1].jurisdictions = {"NZ", "CN"};
  settings.channels[2].predicate.deny = {"UN.CEFACT.*"};
  settings.channels[3].jurisdictions = {"SG"};
  auto x = way(settings, 1, {"tried"});
  REQUIRE(asks(x) == "takes");
  auto done = *x.taken(receipt, stored_message(), later);
  CHECK(kinds_of(done) == std::vector{event_kind::channel_passed_over,
                                      event_kind::channel_passed_over, event_kind::message_routed});
  CHECK(done.events[0].detail == "channel elsewhere does not serve SG");
  CHECK(done.events[1].detail.find("channel screens: ") == 0);
}

TEST_CASE("nothing is posted to a channel for receiving only") {
  auto settings = australia();
  settings.channels[0].serves = {channel_half::receiving};
  auto x = way(settings);
  REQUIRE(asks(x) == "b");
  CHECK((*x.taken(receipt, stored_message(), later)).events[0].detail ==
        "channel a is for receiving only");
  settings.channels[1].serves = {channel_half::receiving};
  CHECK(reason_in(*way(settings).given_up(later)) ==
        "no channel took the message: channel a is for receiving only; channel b is for receiving "
        "only");
  settings.channels[1].serves = {channel_half::posting};
  CHECK(asks(way(settings)) == "b");
}

TEST_CASE("undeliverable here, refused there, down elsewhere: the next one takes it") {
  auto settings = australia();
  settings.channels = {channel_named("lost"), channel_named("refuses"), channel_named("down"),
                       channel_named("token"), channel_named("takes")};
  route x{ticket,
          {au_to_sg(), 1, {"lost"}, "channel lost could not deliver the message"},
          shared(settings)};
  REQUIRE(asks(x) == "refuses");
  x.failed(make_problem(errc::peer_refused, "no"));
  REQUIRE(asks(x) == "down");
  x.failed(make_problem(errc::peer_unreachable, "nobody is there"));
  REQUIRE(asks(x) == "token");
  x.failed(make_problem(errc::peer_failed, "this node is not let in; check auth.token"));
  REQUIRE(asks(x) == "takes");
  auto done = *x.taken(receipt, stored_message(), later);
  CHECK(done.events.back().detail == "to channel takes as 4711");
  CHECK(order_in<check_delivery>(done.opens.at(0)).tried == std::vector<std::string>{"lost"});
}

TEST_CASE("none is left: rejected with the reason of each, whatever it was") {
  auto settings = australia();
  settings.channels = {channel_named("lost"), channel_named("elsewhere"), channel_named("inward"),
                       channel_named("screens"), channel_named("refuses")};
  settings.channels[1].jurisdictions = {"NZ"};
  settings.channels[2].serves = {channel_half::receiving};
  settings.channels[3].predicate.deny = {"UN.*"};
  route x{ticket,
          {au_to_sg(), 1, {"lost"}, "channel lost could not deliver the message"},
          shared(settings)};
  x.failed(make_problem(errc::peer_refused, "unknown field"));
  auto reason = reason_in(*x.given_up(later));
  for (auto part : {"channel lost could not deliver the message",
                    "channel elsewhere does not serve SG", "channel inward is for receiving only",
                    "channel screens: channel screens "
                    "screens the predicate",
                    "channel refuses refused: unknown field"})
    CHECK_MESSAGE(reason.find(part) != std::string::npos, reason);
}

TEST_CASE("a token that is not taken is no refusal: the message waits for the operator") {
  auto settings = australia();
  settings.channels.resize(1);
  auto x = way(settings);
  x.failed(
      make_problem(errc::peer_failed, "this node is not let in; check auth.token of channel a"));
  auto end = x.given_up(later);
  REQUIRE(end);
  CHECK(end->job->end == job_end::again);
  CHECK(end->job->error ==
        "channel a failed: this node is not let in; check auth.token of channel a");
}

TEST_CASE("after a revocation every channel is asked, the one that revoked too") {
  route x{ticket, {au_to_sg(), 2, {}, {}}, shared(australia())};
  CHECK(asks(x) == "a");
  auto done = *x.taken(receipt, stored_message(), later);
  CHECK(order_in<check_delivery>(done.opens.at(0)).round == 2);
}

TEST_CASE("a message that is not in the lake cannot have been routed") {
  auto x = way(australia());
  CHECK(code_of(x.taken(receipt, {}, later).error()) == errc::internal);
}

TEST_CASE("a channel that takes it: ask for its delivery, record where it went") {
  auto x = way(australia(), 1, {"b"});
  auto done = *x.taken(receipt, stored_message(), later);
  CHECK(done.job->end == job_end::done);
  CHECK(done.events.back().detail == "to channel a as 4711");
  REQUIRE(streams_of(done) == std::vector{stream::channel_pending});
  auto check = order_in<check_delivery>(done.opens[0]);
  CHECK(check.content == au_to_sg());
  CHECK(check.channel_id == "a");
  CHECK(check.channel_txn_id == "4711");
  CHECK(check.tried == std::vector<std::string>{"b"});
  CHECK(check.last == channel_status::received);
  CHECK(done.opens[0].due == later + std::chrono::milliseconds{100});
  REQUIRE(done.messages.size() == 1);
  CHECK(done.messages[0].expects == stored_message().record->version);
  CHECK(done.messages[0].record.channel_id == "a");
  CHECK(done.messages[0].record.channel_txn_id == "4711");
  CHECK(done.messages[0].record.status == message_status::pending);
}

TEST_CASE("the same message has the same idempotency key, until its confirmation is revoked") {
  auto settings = shared(australia());
  route first{ticket, {au_to_sg(), 1, {}, {}}, settings};
  route second{ticket, {au_to_sg(), 2, {}, {}}, settings};
  CHECK(first.question().idempotency_key == "AU:17");
  CHECK(second.question().idempotency_key == "AU:17/2");
  CHECK(first.question().content == au_to_sg());
}

TEST_CASE("rejects what everybody refused for good, with every reason in one line") {
  auto x = way(australia());
  x.failed(make_problem(errc::peer_refused, "unknown field"));
  x.failed(make_problem(errc::peer_refused));
  auto end = x.given_up(later);
  REQUIRE(end);
  CHECK(reason_in(*end) ==
        "no channel took the message: channel a refused: unknown field; channel b refused");
  CHECK(kinds_of(*end) ==
        std::vector{event_kind::channel_passed_over, event_kind::channel_passed_over});
}

TEST_CASE("rejects a receiver that no channel serves, and a message when there is no channel") {
  auto settings = australia();
  for (auto& x : settings.channels)
    x.jurisdictions = {"NZ"};
  auto end = way(settings).given_up(later);
  REQUIRE(end);
  CHECK(reason_in(*end).find("channel a does not serve SG") != std::string::npos);
  settings.channels.clear();
  auto none = way(settings).given_up(later);
  REQUIRE(none);
  CHECK(reason_in(*none).find("no channel is configured") != std::string::npos);
}

TEST_CASE("keeps the reasons of the channels that failed in this round before") {
  route x{ticket,
          {au_to_sg(), 1, {"a", "b"}, "channel a could not deliver the message"},
          shared(australia())};
  auto end = x.given_up(later);
  REQUIRE(end);
  CHECK(reason_in(*end).find("channel a could not deliver") != std::string::npos);
}

TEST_CASE("goes on to the next channel when one is down, and comes again when all others refuse") {
  for (auto code : {errc::peer_unreachable, errc::peer_failed}) {
    auto x = way(australia());
    x.failed(make_problem(code, "POST http://a/messages"));
    REQUIRE(asks(x) == "b");
    x.failed(make_problem(errc::peer_refused));
    auto end = x.given_up(later);
    REQUIRE(end);
    CHECK(end->job->end == job_end::again);
    CHECK(end->job->due == later);
    CHECK(end->opens.empty());
    CHECK(end->events.empty());
  }
}

TEST_CASE("says why an attempt failed in one line, without error codes") {
  auto settings = australia();
  settings.channels.resize(1);
  auto x = way(settings);
  x.failed(make_problem(errc::peer_unreachable, "POST http://a/messages: nobody is there"));
  auto end = x.given_up(later);
  REQUIRE(end);
  CHECK(end->job->error == "channel a cannot be reached: POST http://a/messages: nobody is there");
}

TEST_CASE("rejects what no channel took in all attempts") {
  auto settings = australia();
  auto last = settings.retry_outbox.attempts;
  CHECK(when_all_say(way(settings, last - 1), errc::peer_unreachable).job->end == job_end::again);
  auto end = when_all_say(way(settings, last), errc::peer_unreachable);
  CHECK(end.job->end == job_end::done);
  CHECK(reason_in(end).find("channel a cannot be reached; channel b cannot be reached") !=
        std::string::npos);
}

TEST_CASE("asks a channel that may have taken the message again before it asks another") {
  for (auto code : {errc::peer_timeout, errc::peer_lost, errc::bad_answer, errc::too_large}) {
    CAPTURE(to_string(code));
    auto x = way(australia());
    x.failed(make_problem(code));
    CHECK(asks(x) == "");
    auto end = x.given_up(later);
    REQUIRE(end);
    CHECK(end->job->due == later);
    auto next = again(australia(), *end);
    REQUIRE(asks(next) == "a");
    CHECK(next.question().idempotency_key == x.question().idempotency_key);
    CHECK(next.doubt()->channels == std::vector<std::string>{"a"});
    CHECK(next.doubt()->times == 1);
  }
}

TEST_CASE("asks the channel in doubt first, though others come before it") {
  auto x = way(australia(), 2, {}, route_doubt{{"b"}, 1});
  CHECK(asks(x) == "b");
  x.failed(make_problem(errc::peer_refused));
  CHECK(asks(x) == "a");
  CHECK(!x.doubt());
}

TEST_CASE("a channel in doubt that cannot be reached is no less in doubt") {
  // It was killed after its commit, and is being started anew.
  for (auto code : {errc::peer_unreachable, errc::peer_failed}) {
    auto x = way(australia(), 2, {}, route_doubt{{"a"}, 1});
    x.failed(make_problem(code));
    CHECK(asks(x) == "");
    CHECK(x.doubt()->times == 2);
  }
  auto x = way(australia(), 2, {}, route_doubt{{"a"}, 1});
  x.failed(make_problem(errc::peer_busy));
  CHECK(asks(x) == "");
  auto end = x.given_up(later);
  REQUIRE(!end);
  CHECK(code_of(end.error()) == errc::peer_busy);
}

TEST_CASE("doubts are counted by themselves, however many attempts failed before") {
  auto settings = australia();
  settings.retry_outbox.attempts = 100;
  auto x = way(settings, 17);
  x.failed(make_problem(errc::peer_timeout));
  for (uint32_t times = 2; times <= attempts_in_doubt; ++times) {
    REQUIRE(asks(x) == "");
    x = again(settings, *x.given_up(later), 16 + times);
    REQUIRE(asks(x) == "a");
    x.failed(make_problem(errc::peer_timeout));
  }
  CHECK(asks(x) == "b");
  x.failed(make_problem(errc::peer_unreachable));
  // From now on both are asked at each attempt, the one in doubt first.
  auto next = again(settings, *x.given_up(later), 30);
  CHECK(asks(next) == "a");
  next.failed(make_problem(errc::peer_timeout));
  CHECK(asks(next) == "b");
}

TEST_CASE(
    "what a channel may have taken is never rejected: a dead letter says who has to be asked") {
  auto settings = australia();
  route_doubt asked_enough{{"a"}, attempts_in_doubt};
  SUBCASE("attempts are used up") {
    auto end = when_all_say(way(settings, settings.retry_outbox.attempts, {}, asked_enough),
                            errc::peer_timeout);
    CHECK(end.job->end == job_end::dead);
    CHECK(end.opens.empty());
    CHECK(end.job->error.find("channel a, b may have taken the message") == 0);
    CHECK(end.job->error.find("channel b did not answer in time") != std::string::npos);
  }
  SUBCASE("the others refuse and it talks nonsense") {
    auto x = way(settings, 6, {}, asked_enough);
    x.failed(make_problem(errc::bad_answer, "no id"));
    x.failed(make_problem(errc::peer_refused));
    auto end = x.given_up(later);
    REQUIRE(end);
    CHECK(end->job->end == job_end::dead);
    CHECK(end->job->error.find("channel a may have taken") == 0);
  }
  SUBCASE("it could not be asked any more, but another channel could not deliver") {
    auto end = way(settings, 1, {"b"}, asked_enough);
    end.failed(make_problem(errc::peer_timeout));
    CHECK(end.given_up(later)->job->end == job_end::again);
    CHECK(way(settings, 1, {"a", "b"}, asked_enough).given_up(later)->job->end == job_end::dead);
  }
  SUBCASE("it says no at last") {
    auto end = when_all_say(way(settings, 6, {}, asked_enough), errc::peer_refused);
    CHECK(end.job->end == job_end::done);
    CHECK(streams_of(end) == std::vector{stream::rejected});
  }
  SUBCASE("the source gives up") {
    route_message order{au_to_sg(), 1, {}, {}, asked_enough};
    CHECK(unroutable(ticket, order, "the worker crashed").job->end == job_end::dead);
    order.doubt = caf::none;
    CHECK(reason_in(unroutable(ticket, order, "the worker crashed")).find("the worker crashed") !=
          std::string::npos);
  }
}

TEST_CASE("the channel that takes it leaves the doubts about others to who follows the delivery") {
  auto x = way(australia(), 8, {}, route_doubt{{"a"}, attempts_in_doubt});
  x.failed(make_problem(errc::peer_timeout));
  REQUIRE(asks(x) == "b");
  auto follow = order_in<check_delivery>((*x.taken(receipt, stored_message(), later)).opens.at(0));
  REQUIRE(follow.doubt);
  CHECK(follow.doubt->channels == std::vector<std::string>{"a"});
  auto alone = way(australia(), 8, {}, route_doubt{{"a"}, 1});
  CHECK(!order_in<check_delivery>((*alone.taken(receipt, stored_message(), later)).opens.at(0))
             .doubt);
}

TEST_CASE("a channel that is only busy is asked later, and the attempt does not count") {
  auto x = way(australia());
  x.failed(make_problem(errc::peer_busy));
  REQUIRE(asks(x) == "b");
  x.failed(make_problem(errc::peer_refused));
  auto end = x.given_up(later);
  REQUIRE(!end);
  CHECK(code_of(end.error()) == errc::peer_busy);
}

TEST_CASE_FIXTURE(switchyard, "posts to the first channel that takes it, and settles") {
  a->posts.answers.push_back(make_problem(errc::peer_refused, "no"));
  b->posts.answers.push_back(receipt);
  CHECK(ask(router, ticket, route_message{au_to_sg(), 1, {}, {}}).answer<settled>());
  CHECK(a->posts.asked.size() == 1);
  REQUIRE(b->posts.asked.size() == 1);
  CHECK(b->posts.asked[0].idempotency_key == "AU:17");
  REQUIRE(ledger_book->settlements.size() == 1);
  CHECK(ledger_book->settlements[0].events.back().detail == "to channel b as 4711");
}

TEST_CASE_FIXTURE(switchyard,
                  "after a lost connection posts to the same channel with the same key") {
  a->posts.answers.push_back(make_problem(errc::peer_unreachable));
  b->posts.answers.push_back(make_problem(errc::peer_lost));
  route_message order{au_to_sg(), 1, {}, {}};
  CHECK(ask(router, job_ticket{"j", 1, 1}, order).answer<settled>());
  REQUIRE(ledger_book->settlements.size() == 1);
  CHECK(ledger_book->settlements[0].job->end == job_end::again);
  CHECK(ledger_book->settlements[0].job->due > around.now());
  // What the ledger keeps: also a router of a new process knows it.
  auto kept = ledger_book->opened<route_message>(stream::outbox).at(0);
  b->posts.answers.push_back(receipt);
  CHECK(ask(router, job_ticket{"j", 2, 2}, kept).answer<settled>());
  // a is reachable again, but b may have the message.
  CHECK(a->posts.asked.size() == 1);
  REQUIRE(b->posts.asked.size() == 2);
  CHECK(b->posts.asked[0].idempotency_key == b->posts.asked[1].idempotency_key);
}

TEST_CASE_FIXTURE(switchyard, "a receipt that the ledger could not be told of is not forgotten") {
  a->posts.answers.push_back(make_problem(errc::peer_unreachable));
  b->posts.answers.push_back(receipt);
  ledger_book->refusals.push_back(make_problem(errc::storage_full));
  route_message order{au_to_sg(), 1, {}, {}};
  CHECK(!ask(router, job_ticket{"j", 1, 1}, order).answer<settled>());
  b->posts.answers.push_back(receipt);
  CHECK(ask(router, job_ticket{"j", 1, 2}, order).answer<settled>());
  CHECK(a->posts.asked.size() == 1);
  CHECK(b->posts.asked.size() == 2);
}

TEST_CASE_FIXTURE(switchyard,
                  "a channel that never answers becomes a time-out, and delays no other") {
  auto stuck = ask(router, job_ticket{"j1", 1, 1},
                   route_message{au_to_sg("1"), 1, {}, {}, route_doubt{{"a"}, attempts_in_doubt}});
  b->posts.answers.push_back(receipt);
  auto quick = ask(router, job_ticket{"j2", 1, 1}, route_message{au_to_sg("2"), 1, {"a"}, {}});
  CHECK(quick.answer<settled>());
  b->posts.answers.push_back(receipt);
  pass(std::chrono::seconds{60}, std::chrono::seconds{1});
  REQUIRE(ledger_book->settlements.size() == 2);
  CHECK(ledger_book->settlements[1].events.back().about == "AU:1");
  CHECK(stuck.answer<settled>());
}

TEST_CASE("a channel that hangs takes a bounded part of the jobs in hand; the rest go elsewhere") {
  auto settings = australia();
  settings.jobs_in_flight = 8;
  settings.channels[0].in_flight = 2;
  switchyard yard{settings};
  for (int i = 0; i < 20; ++i)
    yard.b->posts.answers.push_back(receipt);
  // One at a time with channel a, four wait for it, three find it full and go to channel b.
  for (int i = 0; i < 8; ++i)
    caf::anon_send(yard.router, job_ticket{std::to_string(i), 1, 1},
                   route_message{au_to_sg(std::to_string(i)), 1, {}, {}});
  yard.run();
  CHECK(yard.a->posts.asked.size() == 1);
  CHECK(yard.b->posts.asked.size() == 3);
  CHECK(yard.ledger_book->settlements.size() == 3);
}

TEST_SUITE_END();
