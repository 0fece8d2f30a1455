#include "actors/message_reception_api.hpp"

#include "actors/signature.hpp"
#include "actors/subscription_handler.hpp"
#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

/// Channel a is asked what is new; channel b announces each message, signed.
node_settings two_channels() {
  auto settings = australia();
  settings.channels[1].has_updated_since = false;
  settings.channels[1].subscription_secret = "s3cret";
  return settings;
}

class gatehouse : public office {
public:
  std::shared_ptr<const node_settings> settings = shared(two_channels());
  message_reception_api_actor api = keep(system.spawn(
      message_reception_api, around, settings,
      std::map<std::string, subscription_handler_actor>{{"a", handler(0)}, {"b", handler(1)}}));

private:
  subscription_handler_actor handler(size_t i) {
    return keep(system.spawn(subscription_handler, around, settings, settings->channels[i],
                             channel_with(std::make_shared<channel_book>()),
                             std::string{"http://au.example"}));
  }
};

} // namespace

TEST_SUITE_BEGIN("message reception API");

TEST_CASE("all notifications of a channel that says what is new are one job") {
  auto settings = two_channels();
  auto first = told_by({"a", "1", {}, {}}, settings.channels[0]);
  auto second = told_by({"a", "2", {}, {}}, settings.channels[0]);
  REQUIRE(streams_of(first) == std::vector{stream::channel_notifications});
  CHECK(first.opens[0].id == second.opens[0].id);
  CHECK(order_in<channel_notified>(first.opens[0]).message_id.empty());
}

TEST_CASE("each notification of another channel is a job of its own") {
  auto settings = two_channels();
  auto first = told_by({"b", "1", {}, {}}, settings.channels[1]);
  auto second = told_by({"b", "2", {}, {}}, settings.channels[1]);
  CHECK(first.opens.at(0).id != second.opens.at(0).id);
  CHECK(order_in<channel_notified>(first.opens[0]).message_id == "1");
}

TEST_CASE("what became of what we posted is a job for each message, told apart from arrivals") {
  auto settings = two_channels();
  auto first = told_by({"a/posted", "1", {}, {}}, settings.channels[0]);
  auto second = told_by({"a/posted", "2", {}, {}}, settings.channels[0]);
  CHECK(first.opens.at(0).id != second.opens.at(0).id);
  auto order = order_in<channel_notified>(first.opens[0]);
  CHECK(order.channel_id == "a");
  CHECK(order.message_id == "1");
  CHECK(order.half == channel_half::posting);
  auto arrival = told_by({"b", "1", {}, {}}, settings.channels[1]);
  auto posted = told_by({"b/posted", "1", {}, {}}, settings.channels[1]);
  CHECK(arrival.opens.at(0).id != posted.opens.at(0).id);
}

TEST_CASE_FIXTURE(gatehouse, "a channel that was not asked about what we posted is not heard") {
  auto x =
      ask(api, channel_notification{"a/posted", "1", "{}", {}}).answer<notification_accepted>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::unknown_channel);
  CHECK(ledger_book->settlements.empty());
}

TEST_CASE_FIXTURE(gatehouse, "confirms what the channel's handler asked for") {
  auto x = ask(api, confirm_channel_intent{"a", "subscribe", "jurisdiction.AU", "c1"})
               .answer<channel_intent_confirmed>();
  REQUIRE(x);
  CHECK(x->challenge == "c1");
  auto other = ask(api, confirm_channel_intent{"a", "subscribe", "jurisdiction.SG", "c1"})
                   .answer<channel_intent_confirmed>();
  CHECK(!other);
}

TEST_CASE_FIXTURE(gatehouse, "does not know other channels") {
  auto x = ask(api, confirm_channel_intent{"x", "subscribe", "jurisdiction.AU", "c1"})
               .answer<channel_intent_confirmed>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::unknown_channel);
  auto y = ask(api, channel_notification{"x", "1", "{}", {}}).answer<notification_accepted>();
  REQUIRE(!y);
  CHECK(code_of(y.error()) == errc::unknown_channel);
  CHECK(ledger_book->settlements.empty());
}

TEST_CASE_FIXTURE(gatehouse, "a notification opens its job before it is answered") {
  CHECK(ask(api, channel_notification{"a", "1", "{}", {}}).answer<notification_accepted>());
  CHECK(ledger_book->opened<channel_notified>(stream::channel_notifications).size() == 1);
}

TEST_CASE_FIXTURE(gatehouse, "refuses one without an id, and ignores one with a wrong signature") {
  auto x = ask(api, channel_notification{"a", {}, "{}", {}}).answer<notification_accepted>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::bad_request);
  auto y = ask(api, channel_notification{"b", "1", "{}", {}}).answer<notification_accepted>();
  REQUIRE(y);
  CHECK(y->ignored);
  CHECK(ledger_book->settlements.empty());
  CHECK(ask(api, channel_notification{"b", "1", "{}", hub_signature("s3cret", "{}")})
            .answer<notification_accepted>());
}

TEST_CASE_FIXTURE(gatehouse, "a notification that could not be written is not accepted") {
  ledger_book->refusals.push_back(make_problem(errc::storage_failed));
  auto x = ask(api, channel_notification{"a", "1", "{}", {}}).answer<notification_accepted>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::storage_failed);
}

TEST_SUITE_END();
