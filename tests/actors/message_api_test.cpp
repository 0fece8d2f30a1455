#include "actors/message_api.hpp"

#include "actors/message_updater.hpp"
#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

class counter : public office {
public:
  message_updater_actor updater = keep(system.spawn(message_updater, around, shared(australia())));
  message_api_actor api = keep(system.spawn(message_api, around, shared(australia()), updater));
};

} // namespace

TEST_SUITE_BEGIN("message API");

TEST_CASE("takes messages of its own jurisdiction") {
  auto x = accept(au_to_sg(), "fresh", australia());
  REQUIRE(x);
  CHECK(*x == au_to_sg());
}

TEST_CASE("makes up a reference when there is none") {
  auto x = accept(au_to_sg(""), "fresh", australia());
  REQUIRE(x);
  CHECK(x->sender_ref == "fresh");
}

TEST_CASE("refuses a foreign sender, unless it is allowed") {
  auto x = accept(sg_to_au(), "fresh", australia());
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::message_validation);
  CHECK(problem_of(x.error()).source == R"(["sender is not AU: SG"])");
  auto settings = australia();
  settings.accept_foreign_sender = true;
  CHECK(accept(sg_to_au(), "fresh", settings));
}

TEST_CASE("refuses a reference that is none") {
  auto x = accept(au_to_sg("a/b"), "fresh", australia());
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::message_validation);
}

TEST_CASE("ours is pending, theirs is received") {
  CHECK(new_record(au_to_sg(), australia(), {}).status == message_status::pending);
  CHECK(new_record(sg_to_au(), australia(), {}).status == message_status::received);
}

TEST_CASE("a retry gets what is stored, other content a conflict") {
  message_record stored{au_to_sg(), message_status::accepted, "a", "1", 9, {}};
  auto again = posted_again(au_to_sg(), stored);
  REQUIRE(again);
  CHECK(*again == stored);
  auto other = au_to_sg();
  other.subject = "SUB-2";
  auto x = posted_again(other, stored);
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::conflict);
}

TEST_CASE_FIXTURE(counter, "stores a message, opens its inbox job, and answers with the record") {
  auto x = ask(api, post_message{au_to_sg()}).answer<message_record>();
  REQUIRE(x);
  CHECK(x->status == message_status::pending);
  REQUIRE(ledger_book->settlements.size() == 1);
  auto& done = ledger_book->settlements[0];
  CHECK(!done.job);
  CHECK(done.messages.at(0).expects == 0);
  CHECK(kinds_of(done) == std::vector{event_kind::message_posted});
  CHECK(streams_of(done) == std::vector{stream::inbox});
  CHECK(order_in<process_message>(done.opens[0]).channel_id.empty());
  CHECK(ask(api, find_message{au_to_sg().ref()}).answer<message_record>()->version == x->version);
}

TEST_CASE_FIXTURE(counter, "gives each message without a reference one of its own") {
  auto x = ask(api, post_message{au_to_sg("")}).answer<message_record>();
  auto y = ask(api, post_message{au_to_sg("")}).answer<message_record>();
  REQUIRE(x);
  REQUIRE(y);
  CHECK(x->content.sender_ref.size() == 36);
  CHECK(x->content.sender_ref[14] == '7'); // a version 7 UUID
  CHECK(x->content.sender_ref != y->content.sender_ref);
  // What comes later stands behind it, which keeps the ledger's writes together.
  pass(std::chrono::seconds{1}, std::chrono::seconds{1});
  auto z = ask(api, post_message{au_to_sg("")}).answer<message_record>();
  REQUIRE(z);
  CHECK(z->content.sender_ref > std::max(x->content.sender_ref, y->content.sender_ref));
}

TEST_CASE_FIXTURE(counter, "posting twice stores once; other content changes nothing") {
  auto first = ask(api, post_message{au_to_sg()}).answer<message_record>();
  auto again = ask(api, post_message{au_to_sg()}).answer<message_record>();
  REQUIRE(first);
  REQUIRE(again);
  CHECK(again->version == first->version);
  auto other = au_to_sg();
  other.subject = "SUB-2";
  auto x = ask(api, post_message{other}).answer<message_record>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::conflict);
  CHECK(ledger_book->settlements.size() == 1);
  CHECK(ledger_book->messages.at(au_to_sg().ref()).content.subject == "SUB-1");
}

TEST_CASE_FIXTURE(counter, "a refused message changes nothing") {
  auto x = ask(api, post_message{sg_to_au()}).answer<message_record>();
  REQUIRE(!x);
  CHECK(ledger_book->settlements.empty());
}

TEST_CASE_FIXTURE(counter, "passes the ledger's trouble on") {
  ledger_book->refusals.push_back(make_problem(errc::storage_full));
  auto x = ask(api, post_message{au_to_sg()}).answer<message_record>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_full);
}

TEST_CASE_FIXTURE(counter, "says which message it does not know") {
  auto x = ask(api, find_message{{"AU", "no\"ne"}}).answer<message_record>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::message_not_found);
  CHECK(problem_of(x.error()).source == R"([{"reference":"AU:no\"ne"}])");
}

TEST_CASE_FIXTURE(counter, "has the updater change a message") {
  ask(api, post_message{au_to_sg()}).answer<message_record>();
  patch_message patch{au_to_sg().ref(), {message_status::accepted, {}, {}}};
  auto x = ask(api, patch).answer<message_record>();
  REQUIRE(x);
  CHECK(x->status == message_status::accepted);
  patch.about.sender_ref = "unknown";
  CHECK(code_of(ask(api, patch).answer<message_record>().error()) == errc::message_not_found);
}

TEST_SUITE_END();
