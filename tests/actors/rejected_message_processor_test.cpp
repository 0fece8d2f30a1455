#include "actors/rejected_message_processor.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

const reject_message order{au_to_sg().ref(), "no channel serves SG"};

found_message stored(message_status status) {
  return {message_record{au_to_sg(), status, {}, {}, 12, {}}};
}

} // namespace

TEST_SUITE_BEGIN("rejected message processor");

TEST_CASE("rejects a pending message with the reason, and subscribers are told") {
  auto x = decide(ticket, order, stored(message_status::pending));
  REQUIRE(x);
  CHECK(x->messages.at(0).record.status == message_status::rejected);
  CHECK(x->events.at(0).what == event_kind::status_changed);
  CHECK(x->events.at(0).detail == "from pending to rejected: no channel serves SG");
  CHECK(x->opens.empty());
  CHECK(x->tells.size() == 1);
}

TEST_CASE("leaves an accepted message as it is, and says so") {
  auto x = decide(ticket, order, stored(message_status::accepted));
  REQUIRE(x);
  CHECK(x->messages.empty());
  CHECK(kinds_of(*x) == std::vector{event_kind::delivery_checked});
  CHECK(x->job->end == job_end::done);
}

TEST_CASE("a message that is rejected already stays so without a word") {
  auto x = decide(ticket, order, stored(message_status::rejected));
  REQUIRE(x);
  CHECK(x->messages.empty());
  CHECK(x->events.empty());
}

TEST_CASE("a message that is not in the lake is a fault") {
  auto x = decide(ticket, order, {});
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::internal);
}

TEST_CASE_FIXTURE(office, "settles") {
  auto worker = keep(system.spawn(rejected_message_processor, around, shared(australia())));
  ledger_book->put({au_to_sg(), message_status::pending, {}, {}, 0, {}});
  CHECK(ask(worker, ticket, order).answer<settled>());
  CHECK(ledger_book->messages.at(au_to_sg().ref()).status == message_status::rejected);
}

TEST_SUITE_END();
