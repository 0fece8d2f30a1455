#include "actors/subscription_handler.hpp"

#include "actors/signature.hpp"
#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

using namespace std::chrono_literals;

const auto channel_a = channel_named("a");

confirm_channel_intent verification() {
  return {"a", "subscribe", "jurisdiction.AU", "challenge-1"};
}

class desk : public office {
public:
  std::shared_ptr<channel_book> book_a = std::make_shared<channel_book>();

  subscription_handler_actor handle(channel_settings which = channel_a) {
    return keep(system.spawn(subscription_handler, around, shared(australia()), which,
                             channel_with(book_a), std::string{"http://au.example:5106/"}));
  }
  size_t asked() const { return book_a->subscriptions.asked.size(); }
};

} // namespace

TEST_SUITE_BEGIN("subscription handler");

TEST_CASE("asks for the topic of our jurisdiction, to be called at the reception API") {
  auto which = channel_a;
  which.subscription_secret = "s3cret";
  for (auto base : {"http://au.example:5106", "http://au.example:5106/"}) {
    auto x = subscription_at(which, australia(), base);
    CHECK(x.mode == "subscribe");
    CHECK(x.topic == "jurisdiction.AU");
    CHECK(x.callback == "http://au.example:5106/channel-message/a");
    CHECK(x.secret == "s3cret");
    CHECK(x.lease_seconds == "432000");
  }
}

TEST_CASE("asks the posting half for what it revokes of ours, where that is of interest") {
  auto which = channel_a;
  auto x = subscription_at(which, australia(), "http://au.example:5106", channel_half::posting);
  CHECK(x.topic == "posting.AU.revoked");
  CHECK(x.callback == "http://au.example:5106/channel-message/a/posted");
  auto confirms = [&](const char* channel, const char* topic) {
    return static_cast<bool>(decide(confirm_channel_intent{channel, "subscribe", topic, "c"}, which,
                                    australia(), channel_half::posting));
  };
  CHECK(confirms("a/posted", "posting.AU.revoked"));
  CHECK(confirms("a/posted", "posting.au.revoked"));
  CHECK_FALSE(confirms("a/posted", "jurisdiction.AU"));
  CHECK_FALSE(confirms("a/posted", ""));
  CHECK_FALSE(confirms("a", "posting.AU.revoked"));
  CHECK_FALSE(wants_revocations(which)); // its confirmations are final
  which.revocable_for = 1h;
  CHECK(wants_revocations(which));
  which.serves = {channel_half::receiving};
  CHECK_FALSE(wants_revocations(which));
  which = channel_settings{};
  CHECK(wants_revocations(which));
  which.subscription_path = "/messages/subscriptions/by_jurisdiction";
  CHECK_FALSE(wants_revocations(which));
}

TEST_CASE_FIXTURE(desk, "a channel that does not know what it revokes is asked again in an hour") {
  book_a->subscriptions.answers = {make_problem(errc::peer_refused, "no such topic"),
                                   make_problem(errc::peer_refused, "no such topic")};
  keep(system.spawn(posting_subscription_handler, around, shared(australia()), channel_a,
                    channel_with(book_a), std::string{"http://au.example:5106/"}));
  run();
  CHECK(asked() == 1);
  pass(59min, 60s);
  CHECK(asked() == 1);
  pass(2min, 60s);
  CHECK(asked() == 2);
  pass(50min, 60s);
  CHECK(asked() == 2);
}

TEST_CASE("confirms what it asked for, and nothing else") {
  struct {
    const char* mode;
    const char* topic;
    bool ours;
  } const rows[] = {
      {"subscribe", "jurisdiction.AU", true},
      {"subscribe", "jurisdiction.au", true},
      {"subscribe", "AU", true},
      {"unsubscribe", "jurisdiction.AU", false},
      {"subscribe", "jurisdiction.SG", false},
      {"subscribe", "SG", false},
      {"denied", "jurisdiction.SG", false},
      {"subscribe", "", true}, // the reference software names none
      {"", "", false},
  };
  for (auto& row : rows) {
    auto x = decide(confirm_channel_intent{"a", row.mode, row.topic, "c"}, channel_a, australia());
    CHECK(static_cast<bool>(x) == row.ours);
    if (x)
      CHECK(x->challenge == "c");
    else
      CHECK(code_of(x.error()) == errc::not_found);
  }
}

TEST_CASE("a denial is heard without a challenge") {
  auto x =
      decide(confirm_channel_intent{"a", "denied", "jurisdiction.AU", ""}, channel_a, australia());
  REQUIRE(x);
  CHECK(x->challenge.empty());
}

TEST_CASE("a verification without a challenge cannot be answered") {
  auto x = decide(confirm_channel_intent{"a", "subscribe", "AU", ""}, channel_a, australia());
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::bad_request);
}

TEST_CASE("believes the hub for how long it subscribes, but not more than was asked for") {
  auto with = [](const char* text) {
    auto x = verification();
    x.lease_seconds = text;
    return lease_granted(x);
  };
  CHECK(with("3600") == 3600s);
  CHECK(with("99999999") == channel_lease);
  for (auto nonsense : {"", "0", "-1", "1h", "99999999999999999999"})
    CHECK(with(nonsense) == channel_lease);
}

TEST_CASE("with a secret, takes only what is signed with it") {
  auto which = channel_a;
  channel_notification x{"a", "1", R"({"id": 1})", {}};
  CHECK(!decide(x, which).ignored);
  which.subscription_secret = "s3cret";
  CHECK(decide(x, which).ignored);
  x.signature = hub_signature("s3cret", x.body);
  CHECK(!decide(x, which).ignored);
  x.body += " ";
  CHECK(decide(x, which).ignored);
}

TEST_CASE_FIXTURE(desk, "subscribes at its start, and renews when half the lease is over") {
  book_a->subscriptions.answers = {subscription_accepted{}, subscription_accepted{}};
  auto handler = handle();
  run();
  REQUIRE(asked() == 1);
  CHECK(ask(handler, verification()).answer<channel_intent_confirmed>()->challenge ==
        "challenge-1");
  auto health = ask(handler, channel_health_query{}).answer<channel_health>();
  CHECK(health->up);
  CHECK(health->subscribed_until == around.now() + channel_lease);
  pass(59h, 600s);
  CHECK(asked() == 1);
  pass(1h, 600s);
  CHECK(asked() == 2);
}

TEST_CASE_FIXTURE(desk, "a subscription that was denied is asked for again, and shown as none") {
  for (int i = 0; i < 3; ++i)
    book_a->subscriptions.answers.push_back(subscription_accepted{});
  auto handler = handle();
  run();
  CHECK(ask(handler, verification()).answer<channel_intent_confirmed>());
  auto denial = verification();
  denial.mode = "denied";
  denial.reason = "its operator ended it";
  for (int i = 0; i < 3; ++i) // saying it again and again does not put it off
    CHECK(ask(handler, denial).answer<channel_intent_confirmed>());
  auto health = ask(handler, channel_health_query{}).answer<channel_health>();
  CHECK(health->subscribed_until == caf::timestamp{});
  CHECK(health->last_error.find("its operator ended it") != std::string::npos);
  CHECK(asked() == 1);
  pass(70s, 10s);
  CHECK(asked() == 2);
}

TEST_CASE_FIXTURE(desk, "is verified while it still waits for the answer, and does not ask again") {
  auto handler = handle();
  run();
  CHECK(ask(handler, verification()).answer<channel_intent_confirmed>());
  auto health = ask(handler, channel_health_query{}).answer<channel_health>();
  CHECK(health->subscribed_until > around.now());
}

TEST_CASE_FIXTURE(desk, "renews when half of what the hub grants is over") {
  book_a->subscriptions.answers = {subscription_accepted{}, subscription_accepted{}};
  auto handler = handle();
  run();
  auto granted = verification();
  granted.lease_seconds = "7200";
  CHECK(ask(handler, granted).answer<channel_intent_confirmed>());
  auto health = ask(handler, channel_health_query{}).answer<channel_health>();
  CHECK(health->subscribed_until == around.now() + 2h);
  pass(59min, 60s);
  CHECK(asked() == 1);
  pass(1min, 60s);
  CHECK(asked() == 2);
}

TEST_CASE_FIXTURE(desk, "confirms nothing while no request of its own is outstanding") {
  auto refuses = [&](const subscription_handler_actor& handler) {
    auto x = ask(handler, verification()).answer<channel_intent_confirmed>();
    return !x && code_of(x.error()) == errc::not_found;
  };
  SUBCASE("the hub could not be reached") {
    book_a->subscriptions.answers = {make_problem(errc::peer_unreachable)};
    auto handler = handle();
    run();
    CHECK(refuses(handler));
    auto health = ask(handler, channel_health_query{}).answer<channel_health>();
    CHECK(health->subscribed_until == caf::timestamp{});
  }
  SUBCASE("it is confirmed already, and not to be renewed yet") {
    book_a->subscriptions.answers = {subscription_accepted{}, subscription_accepted{}};
    auto handler = handle();
    run();
    CHECK(ask(handler, verification()).answer<channel_intent_confirmed>());
    // The answer may be lost on its way to the hub.
    CHECK(ask(handler, verification()).answer<channel_intent_confirmed>());
    pass(61s, 1s);
    CHECK(refuses(handler));
    pass(60h, 600s);
    REQUIRE(asked() == 2);
    CHECK(ask(handler, verification()).answer<channel_intent_confirmed>());
  }
  SUBCASE("a request whose answer was lost may be verified") {
    book_a->subscriptions.answers = {make_problem(errc::peer_lost)};
    auto handler = handle();
    run();
    CHECK(ask(handler, verification()).answer<channel_intent_confirmed>());
  }
}

TEST_CASE_FIXTURE(desk, "asks again, less and less often, while the channel is away") {
  for (int i = 0; i < 40; ++i)
    book_a->subscriptions.answers.push_back(make_problem(errc::peer_unreachable, "refused"));
  auto handler = handle();
  pass(10s, 100ms);
  auto soon = asked();
  CHECK(soon >= 3);
  pass(600s, 1s);
  auto later = asked();
  CHECK(later > soon);
  CHECK(later < 20);
  auto health = ask(handler, channel_health_query{}).answer<channel_health>();
  CHECK(!health->up);
  CHECK(health->subscribed_until == caf::timestamp{});
}

TEST_CASE_FIXTURE(desk, "asks again when the hub accepted but never verified") {
  for (int i = 0; i < 10; ++i)
    book_a->subscriptions.answers.push_back(subscription_accepted{});
  handle();
  pass(50s, 1s);
  CHECK(asked() == 1);
  pass(20s, 1s);
  CHECK(asked() == 2);
}

TEST_CASE_FIXTURE(desk, "ignores a notification with a wrong signature, and counts it") {
  auto which = channel_a;
  which.subscription_secret = "s3cret";
  auto handler = handle(which);
  auto bad = [&] {
    return ask(handler, channel_health_query{}).answer<channel_health>()->bad_signatures;
  };
  channel_notification x{"a", "1", "{}", "sha256=00"};
  CHECK(ask(handler, x).answer<notification_accepted>()->ignored);
  CHECK(bad() == 1);
  x.signature = hub_signature("s3cret", "{}");
  CHECK(!ask(handler, x).answer<notification_accepted>()->ignored);
  CHECK(bad() == 1);
}

TEST_SUITE_END();
