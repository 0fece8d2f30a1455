#include "actors/multichannel_router.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

route way(const node_settings& settings, uint32_t attempt = 1, std::vector<std::string> tried = {},
          const std::string& in_doubt = {}) {
  return route{
      {"job", 1, attempt}, {au_to_sg(), 1, std::move(tried), {}}, shared(settings), in_doubt};
}

std::string asks(const route& x) {
  return x.candidate() == nullptr ? "" : x.candidate()->id;
}

const channel_receipt receipt{"4711"};

/// A router of Australia with two channels.
class switchyard : public office {
public:
  std::shared_ptr<channel_book> a = std::make_shared<channel_book>();
  std::shared_ptr<channel_book> b = std::make_shared<channel_book>();
  multichannel_router_actor router;

  explicit switchyard(const node_settings& settings = australia())
      : router(keep(system.spawn(multichannel_router, around, shared(settings),
                                 std::map<std::string, channel_actor>{{"a", channel_with(a)},
                                                                      {"b", channel_with(b)}}))) {}
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
  auto done = x.taken(receipt);
  CHECK(kinds_of(done) == std::vector{event_kind::channel_passed_over,
                                      event_kind::channel_passed_over, event_kind::message_routed});
  CHECK(done.events[0].detail == "elsewhere: it does not serve SG");
  CHECK(done.events[1].detail.find("screens: ") == 0);
}

TEST_CASE("a channel that takes it: ask for its delivery, record where it went") {
  auto x = way(australia(), 1, {"b"});
  auto done = x.taken(receipt);
  CHECK(done.job->end == job_end::done);
  CHECK(done.events.back().detail == "to channel a as 4711");
  REQUIRE(streams_of(done) == std::vector{stream::channel_pending, stream::message_updates});
  auto check = order_in<check_delivery>(done.opens[0]);
  CHECK(check.content == au_to_sg());
  CHECK(check.channel_id == "a");
  CHECK(check.channel_txn_id == "4711");
  CHECK(check.tried == std::vector<std::string>{"b"});
  CHECK(check.last == channel_status::received);
  CHECK(done.opens[0].due == caf::timestamp{});
  auto update = order_in<update_message>(done.opens[1]);
  CHECK(!update.patch.status);
  CHECK(update.patch.channel_id == "a");
  CHECK(update.patch.channel_txn_id == "4711");
}

TEST_CASE("the same message has the same idempotency key, until its confirmation is revoked") {
  auto settings = shared(australia());
  route first{ticket, {au_to_sg(), 1, {}, {}}, settings, {}};
  route second{ticket, {au_to_sg(), 2, {}, {}}, settings, {}};
  CHECK(first.question().idempotency_key == "AU:17");
  CHECK(second.question().idempotency_key == "AU:17/2");
  CHECK(first.question().content == au_to_sg());
}

TEST_CASE("rejects what everybody refused for good, with every reason") {
  auto x = way(australia());
  x.failed(make_problem(errc::peer_refused, "unknown field"));
  x.failed(make_problem(errc::bad_answer, "no id"));
  auto end = x.given_up();
  REQUIRE(end);
  CHECK(streams_of(*end) == std::vector{stream::rejected});
  auto why = order_in<reject_message>(end->opens[0]).reason;
  CHECK(why.find("a: peer_refused") != std::string::npos);
  CHECK(why.find("unknown field") != std::string::npos);
  CHECK(why.find("b: bad_answer") != std::string::npos);
  CHECK(kinds_of(*end) ==
        std::vector{event_kind::channel_passed_over, event_kind::channel_passed_over});
}

TEST_CASE("rejects a receiver that no channel serves, and a message when there is no channel") {
  auto settings = australia();
  for (auto& x : settings.channels)
    x.jurisdictions = {"NZ"};
  auto end = way(settings).given_up();
  REQUIRE(end);
  CHECK(order_in<reject_message>(end->opens.at(0)).reason.find("does not serve SG") !=
        std::string::npos);
  settings.channels.clear();
  auto none = way(settings).given_up();
  REQUIRE(none);
  CHECK(order_in<reject_message>(none->opens.at(0)).reason.find("no channel is configured") !=
        std::string::npos);
}

TEST_CASE("keeps the reasons of the channels that failed in this round before") {
  route x{ticket,
          {au_to_sg(), 1, {"a", "b"}, "a: it could not deliver the message"},
          shared(australia()),
          {}};
  auto end = x.given_up();
  REQUIRE(end);
  CHECK(order_in<reject_message>(end->opens.at(0)).reason.find("a: it could not deliver") !=
        std::string::npos);
}

TEST_CASE("goes on to the next channel when one is down, and comes again when all others refuse") {
  for (auto code : {errc::peer_unreachable, errc::peer_failed}) {
    auto x = way(australia());
    x.failed(make_problem(code));
    REQUIRE(asks(x) == "b");
    x.failed(make_problem(errc::peer_refused));
    auto end = x.given_up();
    REQUIRE(!end);
    CHECK(code_of(end.error()) == code);
    CHECK(worth_retrying(end.error()));
  }
}

TEST_CASE("asks a channel that may have taken the message again before it asks another") {
  auto x = way(australia(), 1);
  x.failed(make_problem(errc::peer_timeout));
  CHECK(asks(x) == "");
  CHECK(x.in_doubt() == "a");
  auto end = x.given_up();
  REQUIRE(!end);
  CHECK(code_of(end.error()) == errc::peer_timeout);
}

TEST_CASE("asks the channel in doubt first, though others come before it") {
  auto x = way(australia(), 2, {}, "b");
  CHECK(asks(x) == "b");
  x.failed(make_problem(errc::peer_unreachable));
  CHECK(asks(x) == "a");
}

TEST_CASE("after enough attempts in doubt it asks the next channel all the same") {
  auto x = way(australia(), attempts_in_doubt, {}, "a");
  x.failed(make_problem(errc::peer_timeout));
  CHECK(asks(x) == "b");
  CHECK(x.in_doubt() == "");
}

TEST_CASE("a channel that is only busy is asked later, and the attempt does not count") {
  auto x = way(australia());
  x.failed(make_problem(errc::peer_busy));
  REQUIRE(asks(x) == "b");
  x.failed(make_problem(errc::peer_refused));
  auto end = x.given_up();
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

TEST_CASE_FIXTURE(switchyard, "after a time-out posts to the same channel with the same key") {
  a->posts.answers.push_back(make_problem(errc::peer_unreachable));
  b->posts.answers.push_back(make_problem(errc::peer_timeout));
  route_message order{au_to_sg(), 1, {}, {}};
  auto first = ask(router, job_ticket{"j", 1, 1}, order).answer<settled>();
  REQUIRE(!first);
  CHECK(code_of(first.error()) == errc::peer_timeout);
  b->posts.answers.push_back(receipt);
  CHECK(ask(router, job_ticket{"j", 1, 2}, order).answer<settled>());
  // a is reachable again, but b may have the message.
  CHECK(a->posts.asked.size() == 1);
  REQUIRE(b->posts.asked.size() == 2);
  CHECK(b->posts.asked[0].idempotency_key == b->posts.asked[1].idempotency_key);
}

TEST_CASE_FIXTURE(switchyard,
                  "a channel that never answers becomes a time-out, and delays no other") {
  auto stuck =
      ask(router, job_ticket{"j1", 1, attempts_in_doubt}, route_message{au_to_sg("1"), 1, {}, {}});
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
