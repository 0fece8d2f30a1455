#include "actors/subscriptions_api.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

using namespace std::chrono_literals;

subscription_request form() {
  return {"subscribe", "UN.CEFACT.*", "http://sub.example/cb", {}, {}};
}

errc error_for(const subscription_request& x) {
  auto intent = parse_intent(x, "r");
  return intent ? errc::none : code_of(intent.error());
}

class hub : public office {
public:
  process_settings settings;

  subscriptions_api_actor api() {
    return keep(system.spawn(subscriptions_api, around,
                             std::make_shared<const process_settings>(settings)));
  }
};

} // namespace

TEST_SUITE_BEGIN("subscriptions API");

TEST_CASE("takes a good form, with the default lease") {
  auto x = parse_intent(form(), "request-1");
  REQUIRE(x);
  CHECK(x->mode == "subscribe");
  CHECK(x->topic == "un.cefact");
  CHECK(x->topic_as_asked == "UN.CEFACT.*");
  CHECK(x->lease == 432000s);
  CHECK(x->request_id == "request-1");
}

TEST_CASE("names what is missing") {
  auto x = parse_intent({}, "r");
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::missing_attributes);
  CHECK(problem_of(x.error()).source == R"(["hub.mode","hub.topic","hub.callback"])");
}

TEST_CASE("checks missing fields, mode, callback, topic and lease, in this order") {
  subscription_request x{"", "UN", "ftp://x", {}, "1"};
  CHECK(error_for(x) == errc::missing_attributes);
  x.mode = "publish";
  CHECK(error_for(x) == errc::unknown_mode);
  x.mode = "subscribe";
  CHECK(error_for(x) == errc::callback_url_validation);
  x.callback = "https://sub.example";
  CHECK(error_for(x) == errc::topic_validation);
  x.topic = "UN.*";
  CHECK(error_for(x) == errc::lease_seconds_validation);
  x.lease_seconds = "3600";
  CHECK(error_for(x) == errc::none);
}

TEST_CASE("who unsubscribes may say a lease, which means nothing") {
  auto x = form();
  x.mode = "unsubscribe";
  x.lease_seconds = "abc";
  CHECK(error_for(x) == errc::none);
}

TEST_CASE("a lease is a whole number within its bounds") {
  for (auto good : {"3600", "31536000"}) {
    auto x = form();
    x.lease_seconds = good;
    CHECK(error_for(x) == errc::none);
  }
  for (auto bad : {"3599", "31536001", "-1", "1e4", "3600.0", " 3600", "99999999999999999999"}) {
    auto x = form();
    x.lease_seconds = bad;
    CHECK_MESSAGE(error_for(x) == errc::lease_seconds_validation, bad);
  }
  auto x = form();
  x.lease_seconds = "60";
  CHECK(problem_of(parse_intent(x, "r").error()).source ==
        R"([{"max":31536000,"min":3600,"value":60}])");
}

TEST_CASE("a secret is shorter than 200 bytes") {
  auto x = form();
  x.secret = std::string(199, 's');
  CHECK(error_for(x) == errc::none);
  x.secret += 's';
  CHECK(error_for(x) == errc::bad_request);
}

TEST_CASE("a callback has at most 2,048 bytes, and is not repeated when it has more") {
  auto x = form();
  x.callback += "?" + std::string(2048 - x.callback.size() - 1, 'x');
  CHECK(error_for(x) == errc::none);
  x.callback += 'x';
  CHECK(error_for(x) == errc::callback_url_validation);
  CHECK(problem_of(parse_intent(x, "r").error()).source.size() < 100);
}

TEST_CASE("a topic that would break a Link header is refused") {
  for (auto mark : {"<", ">", "\""})
    for (auto publish : {false, true}) {
      process_settings settings;
      settings.publish = publish;
      auto x = form();
      x.topic = std::string{"a.b"} + mark + ".c";
      auto intent = parse_intent(x, "r", settings);
      REQUIRE(!intent);
      CHECK(code_of(intent.error()) == errc::topic_validation);
      x.topic = std::string{"http://site.example/#"} + mark;
      CHECK(!parse_intent(x, "r", settings));
      x.mode = "publish";
      CHECK(!parse_intent(x, "r", settings));
    }
}

TEST_CASE_FIXTURE(hub, "has the intent verified before anything changes") {
  CHECK(ask(api(), form()).answer<subscription_accepted>());
  REQUIRE(ledger_book->settlements.size() == 1);
  CHECK(ledger_book->settlements[0].subscriptions.empty());
  auto opened = ledger_book->opened<verify_intent>(stream::subscription_requests);
  REQUIRE(opened.size() == 1);
  CHECK(opened[0].callback == "http://sub.example/cb");
  CHECK(!opened[0].request_id.empty());
}

TEST_CASE_FIXTURE(hub, "believes old clients when verification is off") {
  settings.verify_intent = false;
  CHECK(ask(api(), form()).answer<subscription_accepted>());
  REQUIRE(ledger_book->settlements.size() == 1);
  auto& x = ledger_book->settlements[0];
  CHECK(x.opens.empty());
  CHECK(x.subscriptions.at(0).act == subscription_act::put);
  CHECK(x.subscriptions.at(0).what.ends == around.now() + 432000s);
  CHECK(kinds_of(x) == std::vector{event_kind::subscribed});
}

TEST_CASE_FIXTURE(hub, "does not end a subscription that is not there") {
  auto x = form();
  x.mode = "unsubscribe";
  auto unknown = ask(api(), x).answer<subscription_accepted>();
  REQUIRE(!unknown);
  CHECK(code_of(unknown.error()) == errc::subscription_not_found);
  ledger_book->subscriptions = {{"un.cefact", "UN.CEFACT.*", x.callback, {}, around.now() + 1h}};
  CHECK(ask(api(), x).answer<subscription_accepted>());
  ledger_book->subscriptions[0].ends = around.now();
  CHECK(!ask(api(), x).answer<subscription_accepted>());
}

TEST_CASE_FIXTURE(hub, "a refused form changes nothing") {
  auto x = form();
  x.topic = "a..b";
  CHECK(code_of(ask(api(), x).answer<subscription_accepted>().error()) == errc::topic_validation);
  CHECK(ledger_book->settlements.empty());
}

TEST_SUITE_END();
