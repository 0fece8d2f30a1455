#include "channels/channel_api.hpp"
#include "channels/endpoint_rules.hpp"
#include "tests/channels/endpoint_world.hpp"

using namespace igl;
using examples::certificate;

namespace {

using hub_log = std::shared_ptr<std::vector<subscription_request>>;

subscriptions_api_actor::behavior_type hub(subscriptions_api_actor::pointer, hub_log log,
                                           caf::error answer) {
  return {[=](const subscription_request& x) -> caf::result<subscription_accepted> {
    log->push_back(x);
    if (answer)
      return answer;
    return subscription_accepted{};
  }};
}

struct channel_api_world : endpoint_world {
  endpoint_settings how = examples::australian_endpoint();
  hub_log subscriptions = std::make_shared<std::vector<subscription_request>>();
  subscriptions_api_actor front = keep(system.spawn(hub, subscriptions, caf::error{}));

  channel_api_actor api() { return keep(system.spawn(channel_api, with, how, front)); }

  caf::expected<channel_receipt> post(const channel_api_actor& to, const message& x,
                                      const std::string& key = {}) {
    return ask(to, post_to_channel{x, key}).answer<channel_receipt>();
  }

  /// Something was observed on the medium.
  uint64_t observe(const std::string& id, const std::string& receiver = "AU") {
    settlement s;
    channel_record record;
    record.half = channel_half::receiving;
    record.said = {id, certificate(id), channel_status::confirmed};
    record.said.content.sender = "SG";
    record.said.content.receiver = receiver;
    record.updated = now()();
    s.channel_records.push_back({record, 0});
    s.events.push_back({0, {}, event_kind::channel_message_changed, id, "confirmed"});
    return apply(s).version;
  }
};

std::vector<std::string> ids_of(const channel_page& page) {
  std::vector<std::string> ids;
  for (auto& x : page.messages)
    ids.push_back(x.id);
  return ids;
}

} // namespace

TEST_SUITE_BEGIN("channel api");

TEST_CASE_FIXTURE(channel_api_world, "stores what is posted and has it written to the medium") {
  auto receipt = post(api(), certificate());
  REQUIRE(receipt);
  CHECK(status_of(channel_half::posting, receipt->id) == channel_status::received);
  REQUIRE(jobs_on(stream::medium_writes).size() == 1);
  CHECK(jobs_on(stream::medium_writes)[0].order.about == receipt->id);
  CHECK(details_about(receipt->id) == std::vector<std::string>{"AU:17 to SG"});
}

TEST_CASE_FIXTURE(channel_api_world, "refuses what does not belong here, and stores nothing") {
  auto foreign = certificate();
  foreign.sender = "SG";
  auto refused = post(api(), foreign);
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::forbidden);
  CHECK(settlements == 0);
}

TEST_CASE_FIXTURE(channel_api_world, "gives the same receipt to a repeated post, with one job") {
  auto to = api();
  auto first = post(to, certificate(), "key");
  auto second = post(to, certificate(), "key");
  REQUIRE(second);
  CHECK(first->id == second->id);
  CHECK(jobs_on(stream::medium_writes).size() == 1);
  CHECK(details_about(first->id).size() == 1);
}

TEST_CASE_FIXTURE(channel_api_world, "refuses other content under the same key or reference") {
  auto to = api();
  REQUIRE(post(to, certificate(), "key"));
  REQUIRE(post(to, certificate("18")));
  auto other = certificate("18");
  other.subject = "something else";
  CHECK(code_of(post(to, other, "key").error()) == errc::conflict);
  CHECK(code_of(post(to, other).error()) == errc::conflict);
}

TEST_CASE_FIXTURE(channel_api_world, "answers equal posts at once with one id") {
  auto to = api();
  std::vector<std::string> ids;
  auto first = self->request(to, std::chrono::seconds{60}, post_to_channel{certificate(), "k"});
  auto second = self->request(to, std::chrono::seconds{60}, post_to_channel{certificate(), "k"});
  run();
  auto take = [&](const channel_receipt& x) {
    ids.push_back(x.id);
  };
  auto fail = [&](caf::error& why) {
    FAIL(sentence_of(why));
  };
  first.receive(take, fail);
  second.receive(take, fail);
  CHECK(ids.at(0) == ids.at(1));
  CHECK(jobs_on(stream::medium_writes).size() == 1);
}

TEST_CASE_FIXTURE(channel_api_world, "settles again what the ledger calls stale without reason") {
  spoiled = {make_problem(errc::stale)};
  CHECK(post(api(), certificate()));
  CHECK(settlements == 2);
  spoiled.assign(20, make_problem(errc::stale));
  auto refused = post(api(), certificate("18"));
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::stale);
}

TEST_CASE_FIXTURE(channel_api_world, "passes on why the ledger cannot store it") {
  spoiled = {make_problem(errc::storage_full)};
  auto refused = post(api(), certificate());
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::storage_full);
}

TEST_CASE_FIXTURE(channel_api_world,
                  "finds a message in the posting half, then the receiving one") {
  auto to = api();
  apply(posting("both"));
  observe("both");
  observe("received");
  auto find = [&](const std::string& id) {
    return ask(to, find_channel_message{id}).answer<channel_message>();
  };
  CHECK(find("both")->status == channel_status::received);
  CHECK(find("received")->status == channel_status::confirmed);
  auto unknown = find("nowhere");
  REQUIRE(!unknown);
  CHECK(code_of(unknown.error()) == errc::not_found);
}

TEST_CASE_FIXTURE(channel_api_world,
                  "says of what was posted whether its confirmation may be revoked") {
  apply(posting("posted"));
  observe("received");
  auto word = [&](const std::string& id) {
    return ask(api(), find_channel_message{id}).answer<channel_message>()->confirmation;
  };
  CHECK(word("posted") == confirmation_kind::final_word);
  how.may_revoke = true;
  CHECK(word("posted") == confirmation_kind::revocable);
  how.may_revoke = false;
  how.medium = medium_kind::chain;
  CHECK(word("posted") == confirmation_kind::revocable);
  CHECK(word("received") == confirmation_kind::unsaid);
}

TEST_CASE_FIXTURE(channel_api_world, "lists what a sender posted, with every change, and no more") {
  auto to = api();
  apply(posting("p-1"));
  auto other = posting("p-2");
  other.channel_records[0].record.said.content.sender = "NZ";
  apply(other);
  observe("received");
  find_channel_updates question;
  question.sender = "AU";
  auto first = ask(to, question).answer<channel_page>();
  REQUIRE(first);
  REQUIRE(ids_of(*first) == std::vector<std::string>{"p-1"});
  CHECK(first->messages[0].status == channel_status::received);
  question.cursor = first->cursor;
  CHECK(ask(to, question).answer<channel_page>()->messages.empty());
  auto x = *record_of(channel_half::posting, "p-1");
  auto end = endpoint_rules::undeliverable({}, x, "why", now()());
  end.job = caf::none;
  apply(end);
  auto changed = ask(to, question).answer<channel_page>();
  REQUIRE(ids_of(*changed) == std::vector<std::string>{"p-1"});
  CHECK(changed->messages[0].status == channel_status::undeliverable);
}

TEST_CASE_FIXTURE(channel_api_world,
                  "lists what is new page by page, losing and repeating nothing") {
  auto to = api();
  for (auto id : {"a", "b", "c"})
    observe(id);
  observe("for-nz", "NZ");
  find_channel_updates question;
  question.receiver = "AU";
  question.limit = 2;
  auto first = ask(to, question).answer<channel_page>();
  REQUIRE(first);
  CHECK(ids_of(*first) == std::vector<std::string>{"a", "b"});
  CHECK(first->more);
  question.cursor = first->cursor;
  auto second = ask(to, question).answer<channel_page>();
  CHECK(ids_of(*second) == std::vector<std::string>{"c"});
  CHECK(!second->more);
  question.cursor = second->cursor;
  auto third = ask(to, question).answer<channel_page>();
  CHECK(third->messages.empty());
  observe("d");
  question.cursor = third->cursor;
  CHECK(ids_of(*ask(to, question).answer<channel_page>()) == std::vector<std::string>{"d"});
}

TEST_CASE_FIXTURE(channel_api_world, "lists nothing from before the time that is asked for") {
  auto to = api();
  observe("old");
  pass(std::chrono::seconds{10}, std::chrono::seconds{1});
  find_channel_updates question;
  question.since = now()();
  auto first = ask(to, question).answer<channel_page>();
  REQUIRE(first);
  CHECK(first->messages.empty());
  pass(std::chrono::seconds{1}, std::chrono::seconds{1});
  observe("new");
  question.cursor = first->cursor;
  question.since = {};
  CHECK(ids_of(*ask(to, question).answer<channel_page>()) == std::vector<std::string>{"new"});
}

TEST_CASE_FIXTURE(channel_api_world, "does not list what was posted here") {
  apply(posting("posted"));
  CHECK(ask(api(), find_channel_updates{}).answer<channel_page>()->messages.empty());
}

TEST_CASE_FIXTURE(channel_api_world, "refuses a foreign cursor") {
  find_channel_updates question;
  question.cursor = "elsewhere";
  auto refused = ask(api(), question).answer<channel_page>();
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::bad_request);
}

TEST_CASE_FIXTURE(channel_api_world,
                  "refuses the cursors of a ledger that was emptied or restored") {
  auto to = api();
  observe("a");
  observe("b");
  find_channel_updates question;
  question.cursor = ask(to, question).answer<channel_page>()->cursor;
  REQUIRE(ask(to, question).answer<channel_page>());
  pass(std::chrono::seconds{1}, std::chrono::seconds{1});
  ledger::options how_opened;
  how_opened.path = folder.path("another-ledger");
  how_opened.owner = "au-endpoint";
  how_opened.map_bytes = size_t{1} << 24;
  how_opened.now = now();
  store = std::move(*ledger::open(how_opened));
  // Empty at first, then as long as the other one was, then longer.
  for (auto id : {"", "c", "d", "e"}) {
    CAPTURE(id);
    if (*id != 0)
      observe(id);
    auto refused = ask(to, question).answer<channel_page>();
    REQUIRE(!refused);
    CHECK(code_of(refused.error()) == errc::bad_request);
  }
  question.cursor.clear();
  CHECK(ids_of(*ask(to, question).answer<channel_page>()) ==
        std::vector<std::string>{"c", "d", "e"});
}

TEST_CASE_FIXTURE(channel_api_world, "hands subscriptions to the hub and its answer back") {
  subscription_request x;
  x.mode = "subscribe";
  x.topic = "jurisdiction.AU";
  CHECK(ask(api(), x).answer<subscription_accepted>());
  REQUIRE(subscriptions->size() == 1);
  CHECK(subscriptions->at(0).topic == "jurisdiction.AU");

  front = keep(system.spawn(hub, subscriptions, make_problem(errc::topic_validation)));
  CHECK(code_of(ask(api(), x).answer<subscription_accepted>().error()) == errc::topic_validation);
  front = nullptr;
  CHECK(code_of(ask(api(), x).answer<subscription_accepted>().error()) == errc::unavailable);
}

TEST_CASE_FIXTURE(channel_api_world, "names everybody on the channel") {
  CHECK(ask(api(), find_participants{}).answer<participants>()->codes == how.participants);
}

TEST_CASE_FIXTURE(channel_api_world, "revokes where the settings and the state allow it") {
  auto revoke = [&](const std::string& id) {
    return ask(api(), revoke_channel_message{id}).answer<channel_message>();
  };
  apply(posting("a"));
  CHECK(code_of(revoke("a").error()) == errc::forbidden);
  how.may_revoke = true;
  CHECK(code_of(revoke("a").error()) == errc::conflict);
  CHECK(code_of(revoke("nowhere").error()) == errc::not_found);

  settlement confirming;
  auto record = *record_of(channel_half::posting, "a");
  record.said.status = channel_status::confirmed;
  confirming.channel_records.push_back({record, record.version});
  confirming.events.push_back({0, {}, event_kind::channel_message_changed, "a", "confirmed"});
  apply(confirming);
  spoiled = {make_problem(errc::stale)};
  auto revoked = revoke("a");
  REQUIRE(revoked);
  CHECK(revoked->status == channel_status::revoked);
  CHECK(status_of(channel_half::posting, "a") == channel_status::revoked);
  REQUIRE(notices().size() == 2);
  CHECK(notices()[0].topic == "a");
  CHECK(notices()[1].topic == "posting.AU.revoked");
  CHECK(code_of(revoke("a").error()) == errc::conflict);
}

TEST_SUITE_END();
