#include "actors/message_updater.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

using s = message_status;

message_record record(s status) {
  return {au_to_sg(), status, {}, {}, 12, {}};
}

update_message to(s status) {
  return {au_to_sg().ref(), {status, {}, {}}, "confirmed/1/a"};
}

} // namespace

TEST_SUITE_BEGIN("message updater");

TEST_CASE("a confirmed message becomes accepted, with an event, and subscribers are told") {
  auto x = decide(ticket, to(s::accepted), {record(s::pending)});
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  REQUIRE(x->messages.size() == 1);
  CHECK(x->messages[0].expects == 12);
  CHECK(x->messages[0].record.status == s::accepted);
  REQUIRE(x->events.size() == 1);
  CHECK(x->events[0].what == event_kind::status_changed);
  CHECK(x->events[0].detail == "from pending to accepted: confirmed");
  CHECK(x->opens.empty());
  REQUIRE(x->tells.size() == 1);
  auto& told = x->tells[0];
  CHECK(told.cause == "status/12");
  REQUIRE(told.notices.size() == 1);
  CHECK(told.notices[0].topic == "message.17.status");
}

TEST_CASE("a status that may not follow is left out, and an event says so") {
  struct {
    s from;
    s to;
    bool changes;
  } const rows[] = {
      {s::pending, s::accepted, true},   {s::pending, s::rejected, true},
      {s::received, s::accepted, true},  {s::accepted, s::pending, true},
      {s::rejected, s::accepted, false}, {s::accepted, s::rejected, false},
      {s::rejected, s::pending, false},
  };
  for (auto& row : rows) {
    auto x = decide(ticket, to(row.to), {record(row.from)});
    REQUIRE(x);
    CHECK(x->messages.size() == (row.changes ? 1 : 0));
    CHECK(x->tells.size() == (row.changes ? 1 : 0));
    REQUIRE(x->events.size() == 1);
    CHECK(x->events[0].what ==
          (row.changes ? event_kind::status_changed : event_kind::delivery_checked));
  }
}

TEST_CASE("the status it has already changes nothing") {
  auto x = decide(ticket, to(s::accepted), {record(s::accepted)});
  REQUIRE(x);
  CHECK(x->messages.empty());
  CHECK(x->events.empty());
  CHECK(x->job->end == job_end::done);
}

TEST_CASE("the router records the channel, and replaces it when the message is routed anew") {
  update_message order{au_to_sg().ref(), {caf::none, "a", "4711"}, "routed/1/a"};
  auto x = decide(ticket, order, {record(s::pending)});
  REQUIRE(x);
  CHECK(x->messages.at(0).record.channel_id == "a");
  CHECK(kinds_of(*x) == std::vector{event_kind::delivery_recorded});
  CHECK(x->opens.empty());
  order.patch.channel_id = "b";
  auto again = decide(ticket, order, {x->messages[0].record});
  REQUIRE(again);
  CHECK(again->messages.at(0).record.channel_id == "b");
}

namespace {

/// What the poller says of message 4711 on channel a, in the first round.
update_message said(s status) {
  update_message x{au_to_sg().ref(), {status, "a", "4711"}, "confirmed/1/a"};
  if (status == s::pending) {
    x.reason = "revoked/1/a";
    x.next_round = 2;
  }
  return x;
}

message_record on_channel_a(s status) {
  auto x = record(status);
  x.channel_id = "a";
  x.channel_txn_id = "4711";
  return x;
}

} // namespace

TEST_CASE("who took it back is noted, and the next round knows it and comes later") {
  auto stored = on_channel_a(s::accepted);
  stored.taken_back_by = {"b"};
  const caf::timestamp later{std::chrono::hours{7}};
  auto x = decide(ticket, said(s::pending), {stored}, later);
  REQUIRE(x);
  CHECK(x->messages.at(0).record.taken_back_by == std::vector<std::string>{"b", "a"});
  CHECK(x->opens.at(0).due == later);
  CHECK(order_in<route_message>(x->opens[0]).taken_back_by == std::vector<std::string>{"b", "a"});
  // A second word about the same posting counts for nothing.
  auto again = decide(ticket, said(s::pending), {x->messages[0].record}, later);
  REQUIRE(again);
  CHECK(again->messages.empty());
  CHECK(again->opens.empty());
}

TEST_CASE("a revoked message is pending again, nowhere, and routed anew; subscribers are told") {
  auto x = decide(ticket, said(s::pending), {on_channel_a(s::accepted)});
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  REQUIRE(x->messages.size() == 1);
  CHECK(x->messages[0].record.status == s::pending);
  CHECK(x->messages[0].record.channel_id.empty());
  CHECK(x->messages[0].record.channel_txn_id.empty());
  CHECK(kinds_of(*x) == std::vector{event_kind::delivery_recorded, event_kind::status_changed});
  CHECK(x->events[1].detail == "from accepted to pending: revoked");
  REQUIRE(x->tells.size() == 1);
  CHECK(x->tells[0].notices.at(0).topic == "message.17.status");
  REQUIRE(streams_of(*x) == std::vector{stream::outbox});
  auto route = order_in<route_message>(x->opens[0]);
  CHECK(route.content == au_to_sg());
  CHECK(route.round == 2);
  CHECK(route.tried.empty());
  CHECK(!route.doubt);
}

TEST_CASE("a message that is revoked before it became accepted is routed anew all the same") {
  auto x = decide(ticket, said(s::pending), {on_channel_a(s::pending)});
  REQUIRE(x);
  CHECK(streams_of(*x) == std::vector{stream::outbox});
  CHECK(x->tells.empty());
  auto after = x->messages.at(0).record;
  // The confirmation that was overtaken makes nothing accepted any more.
  auto late = decide(ticket, said(s::accepted), {after});
  REQUIRE(late);
  CHECK(late->messages.empty());
  CHECK(late->opens.empty());
  REQUIRE(kinds_of(*late) == std::vector{event_kind::delivery_checked});
  CHECK(late->events[0].detail.find("confirmed as 4711 on channel a, which") == 0);
}

TEST_CASE("what is said of an earlier posting does not touch the later one") {
  auto travels = on_channel_a(s::accepted);
  travels.channel_txn_id = "4712";
  for (auto status : {s::pending, s::accepted}) {
    auto x = decide(ticket, said(status), {travels});
    REQUIRE(x);
    CHECK(x->messages.empty());
    CHECK(x->opens.empty());
    CHECK(x->tells.empty());
    CHECK(kinds_of(*x) == std::vector{event_kind::delivery_checked});
  }
}

TEST_CASE("a message that a business rejected is not sent again because a channel lost it") {
  auto x = decide(ticket, said(s::pending), {on_channel_a(s::rejected)});
  REQUIRE(x);
  CHECK(x->messages.empty());
  CHECK(x->opens.empty());
  CHECK(x->events.at(0).detail == "revoked, but the message stays rejected");
}

TEST_CASE("a business that rejects what a channel took back decides for good, and hears nothing") {
  auto x = record(s::rejected);
  x.arrivals = {{"a", "1", false}};
  x.rejected_by_channel = true;
  auto done = decide(patch_message{au_to_sg().ref(), {s::rejected, {}, {}}}, {x});
  REQUIRE(done);
  REQUIRE(done->change);
  CHECK(!done->change->messages.at(0).record.rejected_by_channel);
  CHECK(done->change->events.size() == 1);
  CHECK(done->change->tells.empty());
}

TEST_CASE("a message that is not in the lake is a fault") {
  auto x = decide(ticket, to(s::accepted), {});
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::internal);
}

TEST_CASE("a business may decide once") {
  auto x = decide(patch_message{au_to_sg().ref(), {s::rejected, {}, {}}}, {record(s::pending)});
  REQUIRE(x);
  CHECK(x->record.status == s::rejected);
  CHECK(x->change);
  auto same = decide(patch_message{au_to_sg().ref(), {s::rejected, {}, {}}}, {record(s::rejected)});
  REQUIRE(same);
  CHECK(!same->change);
  auto other =
      decide(patch_message{au_to_sg().ref(), {s::accepted, {}, {}}}, {record(s::rejected)});
  REQUIRE(!other);
  CHECK(code_of(other.error()) == errc::conflict);
  auto unknown = decide(patch_message{au_to_sg().ref(), {s::accepted, {}, {}}}, {});
  REQUIRE(!unknown);
  CHECK(code_of(unknown.error()) == errc::message_not_found);
  CHECK(problem_of(unknown.error()).source ==
        R"([{"reference":")" + to_string(au_to_sg().ref()) + R"("}])");
}

TEST_CASE_FIXTURE(office, "answers a PATCH with the record as it is on disk") {
  auto updater = keep(system.spawn(message_updater, around, shared(australia())));
  ledger_book->put({au_to_sg(), s::pending, {}, {}, 0, {}});
  auto x =
      ask(updater, patch_message{au_to_sg().ref(), {s::accepted, {}, {}}}).answer<message_record>();
  REQUIRE(x);
  CHECK(*x == ledger_book->messages.at(au_to_sg().ref()));
  CHECK(x->status == s::accepted);
  auto again =
      ask(updater, patch_message{au_to_sg().ref(), {s::accepted, {}, {}}}).answer<message_record>();
  REQUIRE(again);
  CHECK(again->version == x->version);
  CHECK(ledger_book->settlements.size() == 1);
}

TEST_CASE_FIXTURE(office, "a PATCH that lost a race is judged by what is there now") {
  auto updater = keep(system.spawn(message_updater, around, shared(australia())));
  ledger_book->put({au_to_sg(), s::pending, {}, {}, 0, {}});
  ledger_book->meanwhile = [this] {
    ledger_book->put({au_to_sg(), s::rejected, {}, {}, 0, {}});
  };
  auto x =
      ask(updater, patch_message{au_to_sg().ref(), {s::accepted, {}, {}}}).answer<message_record>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::conflict);
}

TEST_CASE_FIXTURE(office, "settles a job's update") {
  auto updater = keep(system.spawn(message_updater, around, shared(australia())));
  ledger_book->put({au_to_sg(), s::pending, {}, {}, 0, {}});
  CHECK(ask(updater, ticket, to(s::accepted)).answer<settled>());
  CHECK(ledger_book->messages.at(au_to_sg().ref()).status == s::accepted);
}

TEST_SUITE_END();
