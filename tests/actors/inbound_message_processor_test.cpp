#include "actors/inbound_message_processor.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

found_message stored(const message& x, message_status status) {
  return {message_record{x, status, {}, {}, 5, {}}};
}

process_message over_channel(const message& x) {
  return {x, "a", "4711"};
}

} // namespace

TEST_SUITE_BEGIN("inbound message processor");

TEST_CASE("sends our message to the outbox, lets the receiver read its document, tells") {
  auto x = decide(ticket, {au_to_sg(), {}, {}}, stored(au_to_sg(), message_status::pending),
                  australia());
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  CHECK(x->messages.empty());
  REQUIRE(x->grants.size() == 1);
  CHECK(x->grants[0].multihash == certificate);
  CHECK(x->grants[0].jurisdiction == "SG");
  CHECK(x->grants[0].because == "AU:17");
  CHECK(kinds_of(*x) == std::vector{event_kind::access_granted});
  REQUIRE(streams_of(*x) == std::vector{stream::outbox});
  REQUIRE(x->tells.size() == 1);
  auto route = order_in<route_message>(x->opens[0]);
  CHECK(route.content == au_to_sg());
  CHECK(route.round == 1);
  auto& told = x->tells[0];
  REQUIRE(told.notices.size() == 2);
  CHECK(told.notices[0].topic == "UN.CEFACT.Trade.CertificateOfOrigin.created");
  CHECK(told.notices[0].body.find("SUB-1") != std::string::npos);
  CHECK(told.notices[1].topic == "message.17.received");
  CHECK(told.notices[1].body == R"({"predicate":"message.17.received","sender_ref":"AU:17"})");
}

TEST_CASE("does not route a message to ourselves") {
  auto content = au_to_sg();
  content.receiver = "AU";
  auto x = decide(ticket, {content, {}, {}}, stored(content, message_status::pending), australia());
  REQUIRE(x);
  CHECK(x->opens.empty());
  CHECK(x->tells.size() == 1);
  CHECK(x->grants.at(0).jurisdiction == "AU");
}

TEST_CASE("grants nothing when obj names no document") {
  auto content = au_to_sg();
  content.obj = "https://example.com/certificate";
  auto x = decide(ticket, {content, {}, {}}, stored(content, message_status::pending), australia());
  REQUIRE(x);
  CHECK(x->grants.empty());
  CHECK(x->events.empty());
}

TEST_CASE("fetches the document of a foreign message that was posted here, and does not route it") {
  auto x = decide(ticket, {sg_to_au(), {}, {}}, stored(sg_to_au(), message_status::received),
                  australia());
  REQUIRE(x);
  CHECK(streams_of(*x) == std::vector{stream::object_retrieval});
  CHECK(x->tells.size() == 1);
}

TEST_CASE("a posted message that is not in the lake is a fault") {
  auto x = decide(ticket, {au_to_sg(), {}, {}}, {}, australia());
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::internal);
}

TEST_CASE("brings a message from abroad into the lake and has its document fetched") {
  auto x = decide(ticket, over_channel(sg_to_au()), {}, australia());
  REQUIRE(x);
  REQUIRE(x->messages.size() == 1);
  CHECK(x->messages[0].expects == 0);
  CHECK(x->messages[0].record.status == message_status::received);
  CHECK(x->messages[0].record.channel_id == "a");
  CHECK(x->messages[0].record.channel_txn_id == "4711");
  CHECK(kinds_of(*x) == std::vector{event_kind::message_received, event_kind::document_requested});
  REQUIRE(streams_of(*x) == std::vector{stream::object_retrieval});
  CHECK(x->tells.size() == 1);
  auto retrieve = order_in<retrieve_object>(x->opens[0]);
  CHECK(retrieve.multihash == certificate);
  CHECK(retrieve.from == "SG");
  CHECK(retrieve.grant_to == "AU");
  CHECK(retrieve.depth == 0);
}

TEST_CASE("says so when nobody is known to have the document") {
  auto settings = australia();
  settings.document_apis.clear();
  auto x = decide(ticket, over_channel(sg_to_au()), {}, settings);
  REQUIRE(x);
  CHECK(kinds_of(*x) ==
        std::vector{event_kind::message_received, event_kind::document_unavailable});
  CHECK(x->opens.empty());
  CHECK(x->tells.size() == 1);
}

TEST_CASE("the same message again changes nothing") {
  auto x = decide(ticket, over_channel(sg_to_au()), stored(sg_to_au(), message_status::accepted),
                  australia());
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  CHECK(x->messages.empty());
  CHECK(x->events.empty());
  CHECK(x->opens.empty());
}

namespace {

process_message false_alarm(std::string txn = "4711") {
  return {sg_to_au(), "a", std::move(txn), channel_status::false_alarm};
}

/// In the lake, as channel a brought it.
message_record came_over_a(message_status status = message_status::received) {
  return {sg_to_au(), status, "a", "4711", 5, {}};
}

std::vector<std::string> topics_of(const settlement& x) {
  std::vector<std::string> topics;
  for (auto& told : x.tells)
    for (auto& notice : told.notices)
      topics.push_back(notice.topic);
  return topics;
}

const std::string predicate = "UN.CEFACT.Trade.CertificateOfOrigin.created";

} // namespace

TEST_CASE("a false alarm withdraws the message: rejected, and whoever heard of it is told") {
  auto x = decide(ticket, false_alarm(), {came_over_a()}, australia());
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  REQUIRE(x->messages.size() == 1);
  CHECK(x->messages[0].expects == 5);
  CHECK(x->messages[0].record.status == message_status::rejected);
  CHECK(is_withdrawn(x->messages[0].record));
  CHECK(kinds_of(*x) == std::vector{event_kind::message_withdrawn, event_kind::status_changed});
  CHECK(x->events[0].about == "SG:42");
  CHECK(x->events[0].detail.find("channel a takes message 4711 back: it was a false alarm") == 0);
  CHECK(x->events[1].detail == "from received to rejected: it was withdrawn");
  CHECK(x->opens.empty());
  REQUIRE(topics_of(*x) == std::vector<std::string>{predicate, "message.42.status"});
  CHECK(x->tells[0].cause == "withdrawn/5");
  for (auto& notice : x->tells[0].notices)
    CHECK(notice.body == R"({"predicate":"message.42.status","sender_ref":"SG:42"})");
}

TEST_CASE("a business that has decided is told all the same, and its decision stays") {
  for (auto status : {message_status::accepted, message_status::rejected}) {
    auto x = decide(ticket, false_alarm(), {came_over_a(status)}, australia());
    REQUIRE(x);
    CHECK(x->messages.at(0).record.status == status);
    CHECK(is_withdrawn(x->messages[0].record));
    REQUIRE(kinds_of(*x) == std::vector{event_kind::message_withdrawn});
    CHECK(x->events[0].detail.find("it stays " + to_string(status)) != std::string::npos);
    CHECK(topics_of(*x) == std::vector<std::string>{predicate, "message.42.status"});
  }
}

TEST_CASE("a false alarm of what is not in the lake leaves a trace, and what died of it is void") {
  auto other = came_over_a();
  other.content.subject = "SUB-2";
  for (auto& lake : {found_message{}, found_message{other}}) {
    auto x = decide(ticket, false_alarm(), lake, australia());
    REQUIRE(x);
    CHECK(x->job->end == job_end::done);
    CHECK(x->voids_letters == "channel a took the message back");
    CHECK(x->messages.empty());
    CHECK(x->tells.empty());
    REQUIRE(kinds_of(*x) == std::vector{event_kind::delivery_checked});
    CHECK(x->events[0].about == "SG:42");
    CHECK(x->events[0].detail == "channel a takes message 4711 back: it was a false alarm; it has "
                                 "not come into the lake");
  }
}

TEST_CASE("a false alarm of what was withdrawn, or not by this channel, makes no noise") {
  auto gone = came_over_a(message_status::rejected);
  gone.arrivals = {{"a", "4711", false}};
  auto posted = came_over_a();
  posted.channel_id.clear();
  posted.channel_txn_id.clear();
  const found_message lakes[] = {{gone}, {posted}};
  for (auto& lake : lakes) {
    auto x = decide(ticket, false_alarm(), lake, australia());
    REQUIRE(x);
    CHECK(x->job->end == job_end::done);
    CHECK(x->messages.empty());
    CHECK(x->events.empty());
    CHECK(x->tells.empty());
    CHECK(x->opens.empty());
  }
  CHECK(decide(ticket, false_alarm("4712"), {came_over_a()}, australia())->messages.empty());
}

TEST_CASE("after a failover one channel's false alarm does not withdraw what the other confirmed") {
  auto both = decide(ticket, {sg_to_au(), "b", "9"}, {came_over_a()}, australia());
  REQUIRE(both);
  CHECK(kinds_of(*both) == std::vector{event_kind::delivery_recorded});
  CHECK(both->tells.empty());
  CHECK(both->opens.empty());
  auto x = decide(ticket, false_alarm(), {both->messages.at(0).record}, australia());
  REQUIRE(x);
  auto& after = x->messages.at(0).record;
  CHECK(after.status == message_status::received);
  CHECK(after.channel_id == "b");
  CHECK(x->tells.empty());
  REQUIRE(kinds_of(*x) == std::vector{event_kind::delivery_checked});
  CHECK(x->events[0].detail.find("the message stays, for channel b has confirmed it as 9") !=
        std::string::npos);
  auto last = false_alarm("9");
  last.channel_id = "b";
  CHECK(kinds_of(*decide(ticket, last, {after}, australia())).front() ==
        event_kind::message_withdrawn);
}

TEST_CASE(
    "a withdrawn message that comes again is received again, fetched and told like a new one") {
  auto gone = decide(ticket, false_alarm(), {came_over_a()}, australia())->messages.at(0).record;
  auto x = decide(ticket, {sg_to_au(), "a", "4711~2"}, {gone}, australia());
  REQUIRE(x);
  auto& after = x->messages.at(0).record;
  CHECK(after.status == message_status::received);
  CHECK(!is_withdrawn(after));
  CHECK(after.channel_txn_id == "4711~2");
  CHECK(kinds_of(*x) == std::vector{event_kind::message_received, event_kind::status_changed,
                                    event_kind::document_requested});
  CHECK(streams_of(*x) == std::vector{stream::object_retrieval});
  CHECK(topics_of(*x) ==
        std::vector<std::string>{predicate, "message.42.received", "message.42.status"});
  CHECK(x->tells[0].notices[0].body.find("SUB-1") != std::string::npos);
  CHECK(x->tells[0].cause != "received");
  // Its first arrival stays what it was.
  auto late = decide(ticket, over_channel(sg_to_au()), {gone}, australia());
  CHECK(late->messages.empty());
  CHECK(late->events.empty());
}

TEST_CASE("what a business decided stays when the message comes again, and its document is back") {
  auto gone = decide(ticket, false_alarm(), {came_over_a(message_status::accepted)}, australia());
  auto x = decide(ticket, {sg_to_au(), "a", "4711~2"}, {gone->messages.at(0).record}, australia());
  REQUIRE(x);
  CHECK(x->messages.at(0).record.status == message_status::accepted);
  CHECK(!is_withdrawn(x->messages[0].record));
  CHECK(streams_of(*x) == std::vector{stream::object_retrieval});
  CHECK(x->tells.size() == 1);
}

TEST_CASE("never overwrites a message that says something else") {
  auto other = sg_to_au();
  other.subject = "SUB-2";
  auto x = decide(ticket, over_channel(other), stored(sg_to_au(), message_status::received),
                  australia());
  REQUIRE(x);
  CHECK(x->job->end == job_end::dead);
  CHECK(x->job->error.find("something else than SG:42") != std::string::npos);
  CHECK(x->messages.empty());
}

TEST_CASE("what a channel brings must not be ours, and must be for us") {
  for (auto [sender, receiver] : {std::pair{"AU", "AU"}, {"AU", "SG"}, {"SG", "NZ"}}) {
    auto content = sg_to_au();
    content.sender = sender;
    content.receiver = receiver;
    auto x = decide(ticket, over_channel(content), {}, australia());
    REQUIRE(x);
    CHECK(x->job->end == job_end::dead);
    CHECK(x->messages.empty());
  }
}

TEST_CASE("what breaks the rules of POST /message is a dead letter with the rule") {
  auto settings = australia();
  settings.message_bytes = 1000;
  struct {
    void (*spoil)(message&);
    const char* names;
  } const rows[] = {
      {[](message& x) { x.obj = "not a uri"; }, "obj is not a URI"},
      {[](message& x) { x.predicate = "short"; }, "predicate is not a URI"},
      {[](message& x) { x.subject = ""; }, "subject is empty"},
      {[](message& x) { x.sender = "XX"; }, "XX"},
      {[](message& x) { x.sender_ref = "a/b"; }, "sender_ref"},
      {[](message& x) { x.subject = "\xff"; }, "UTF-8"},
      {[](message& x) { x.subject = std::string(1001, 'x'); }, "message_bytes"},
  };
  for (auto& row : rows) {
    auto content = sg_to_au();
    row.spoil(content);
    auto x = decide(ticket, over_channel(content), {}, settings);
    REQUIRE(x);
    CHECK(x->job->end == job_end::dead);
    CHECK_MESSAGE(x->job->error.find(row.names) != std::string::npos, x->job->error);
    CHECK(x->messages.empty());
  }
  CHECK(!fault_of(sg_to_au(), settings));
  // What a business may post there must be good enough here.
  auto two_lines = sg_to_au();
  two_lines.subject = "line 1\nline 2";
  CHECK(!fault_of(two_lines, settings));
}

TEST_CASE_FIXTURE(office, "reads, decides and settles; and decides anew when it was too late") {
  auto worker = keep(system.spawn(inbound_message_processor, around, shared(australia())));
  // Another channel brings the same message between the question and the settlement.
  ledger_book->meanwhile = [this] {
    ledger_book->put({sg_to_au(), message_status::received, "b", "1", 0, {}});
  };
  auto done = ask(worker, ticket, over_channel(sg_to_au())).answer<settled>();
  CHECK(done);
  REQUIRE(ledger_book->settlements.size() == 1);
  // It is in the lake once; that a confirmed it too is all that is new.
  auto& record = ledger_book->messages.at(sg_to_au().ref());
  CHECK(record.status == message_status::received);
  CHECK(record.channel_id == "b");
  CHECK(record.arrivals == std::vector<message_arrival>{{"b", "1"}, {"a", "4711"}});
  CHECK(kinds_of(ledger_book->settlements[0]) == std::vector{event_kind::delivery_recorded});
  CHECK(ledger_book->settlements[0].opens.empty());
  CHECK(ledger_book->settlements[0].tells.empty());
  CHECK(ledger_book->settlements[0].job->ticket.id == "job");
}

TEST_CASE_FIXTURE(office, "gives up after ten decisions that were too late") {
  auto worker = keep(system.spawn(inbound_message_processor, around, shared(australia())));
  for (int i = 0; i < 11; ++i)
    ledger_book->refusals.push_back(make_problem(errc::stale));
  auto done = ask(worker, ticket, over_channel(sg_to_au())).answer<settled>();
  REQUIRE(!done);
  CHECK(code_of(done.error()) == errc::stale);
  CHECK(ledger_book->refusals.size() == 1);
}

TEST_CASE_FIXTURE(office, "passes on that somebody else settled the job") {
  auto worker = keep(system.spawn(inbound_message_processor, around, shared(australia())));
  ledger_book->refusals.push_back(make_problem(errc::job_not_open));
  auto done = ask(worker, ticket, over_channel(sg_to_au())).answer<settled>();
  REQUIRE(!done);
  CHECK(code_of(done.error()) == errc::job_not_open);
}

TEST_CASE("a confirmation makes no dead letter void") {
  CHECK(decide(ticket, over_channel(sg_to_au()), {}, australia())->voids_letters.empty());
}

TEST_CASE_FIXTURE(office,
                  "a false alarm and another channel's confirmation meet: the message stays") {
  auto worker = keep(system.spawn(inbound_message_processor, around, shared(australia())));
  ledger_book->put(came_over_a());
  // The confirmation of channel b is settled between the question and the withdrawal.
  ledger_book->meanwhile = [this] {
    auto x = came_over_a();
    x.arrivals = {{"a", "4711"}, {"b", "9"}};
    ledger_book->put(x);
  };
  CHECK(ask(worker, ticket, false_alarm()).answer<settled>());
  auto& record = ledger_book->messages.at(sg_to_au().ref());
  CHECK(record.status == message_status::received);
  CHECK(!is_withdrawn(record));
}

TEST_SUITE_END();
