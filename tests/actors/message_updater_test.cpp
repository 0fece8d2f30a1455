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
