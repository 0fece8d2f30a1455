#include "config/settings.hpp"

#include <doctest/doctest.h>

#include <cstdint>

using namespace igl;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("settings");

TEST_CASE("a pause doubles with each failure up to the longest") {
  retry_settings x{100ms, 450ms, 10, 0.0};
  CHECK(pause_after(x, 0, 0.5) == 0ms);
  CHECK(pause_after(x, 1, 0.5) == 100ms);
  CHECK(pause_after(x, 2, 0.5) == 200ms);
  CHECK(pause_after(x, 3, 0.5) == 400ms);
  CHECK(pause_after(x, 4, 0.5) == 450ms);
  CHECK(pause_after(x, UINT32_MAX, 0.5) == 450ms);
}

TEST_CASE("a pause is longer by at most its jitter") {
  retry_settings x{1000ms, 1h, 10, 0.2};
  CHECK(pause_after(x, 1, 0.0) == 1000ms);
  CHECK(pause_after(x, 1, 0.5) == 1100ms);
  CHECK(pause_after(x, 1, 0.999) == 1199ms);
}

TEST_CASE("the longest possible pauses do not overflow") {
  retry_settings x{std::chrono::milliseconds::max() / 4, std::chrono::milliseconds::max() / 2, 10,
                   0.0};
  CHECK(pause_after(x, 50, 0.0) == std::chrono::milliseconds::max() / 2);
}

TEST_CASE("an empty filter passes everything") {
  CHECK(filter_settings{}.passes("UN.CEFACT.Trade.CoO.created"));
  CHECK(filter_settings{}.passes(""));
}

TEST_CASE("a pattern with a star matches what is below it and nothing beside it") {
  filter_settings x{{"UN.CEFACT.*"}, {}};
  CHECK(x.passes("UN.CEFACT.Trade.CoO.created"));
  CHECK(x.passes("un.cefact.trade"));
  CHECK_FALSE(x.passes("UN.CEFACTORY.Trade"));
  CHECK_FALSE(x.passes("UN.CEFACT"));
  CHECK_FALSE(x.passes("UN.CEFACT."));
}

TEST_CASE("a pattern without a star matches only itself, in any case of letters") {
  filter_settings x{{"AU"}, {}};
  CHECK(x.passes("AU"));
  CHECK(x.passes("au"));
  CHECK_FALSE(x.passes("AUS"));
  CHECK_FALSE(x.passes(""));
}

TEST_CASE("what is denied does not pass although it is allowed") {
  filter_settings x{{"UN.*"}, {"UN.CEFACT.Trade.*"}};
  CHECK(x.passes("UN.CEFACT.Health"));
  CHECK_FALSE(x.passes("UN.CEFACT.Trade.CoO"));
}

TEST_CASE("a lone star stands for any") {
  CHECK(filter_settings{{"*"}, {}}.passes("anything"));
  CHECK_FALSE(filter_settings{{"anything"}, {"*"}}.passes("anything"));
}

namespace {

message certificate() {
  return {"AU",
          "17",
          "SG",
          "AU.abn.1",
          "QmYqQAiLKFdJcFjyoY5PEQSzoqhQAGcaiMhCDgJkxCnPG3",
          "UN.CEFACT.Trade.CoO.created"};
}

} // namespace

TEST_CASE("a channel takes what reaches its jurisdictions and passes its filters") {
  channel_settings x;
  x.id = "sg";
  CHECK(x.screens(certificate()).empty());
  x.jurisdictions = {"CN", "SG"};
  x.predicate.allow = {"un.cefact.*"};
  CHECK(x.screens(certificate()).empty());
}

TEST_CASE("a channel says which part of a message it screens") {
  auto screened = [](auto change) {
    channel_settings x;
    x.id = "sg";
    change(x);
    return x.screens(certificate());
  };
  CHECK(screened([](auto& x) { x.jurisdictions = {"CN"}; }) == "channel sg does not reach SG");
  CHECK(screened([](auto& x) { x.sender.deny = {"AU"}; }) == "channel sg screens the sender AU");
  CHECK(screened([](auto& x) { x.receiver.deny = {"SG"}; }) ==
        "channel sg screens the receiver SG");
  CHECK(screened([](auto& x) { x.subject.allow = {"CN.*"}; }) ==
        "channel sg screens the subject AU.abn.1");
  CHECK(screened([](auto& x) { x.obj.deny = {"*"}; }) ==
        "channel sg screens the obj QmYqQAiLKFdJcFjyoY5PEQSzoqhQAGcaiMhCDgJkxCnPG3");
  CHECK(screened([](auto& x) { x.predicate.deny = {"UN.CEFACT.Trade.*"}; }) ==
        "channel sg screens the predicate UN.CEFACT.Trade.CoO.created");
}

TEST_CASE(
    "a channel is for both directions, and its confirmations may be revoked unless somebody says "
    "that they are final") {
  channel_settings x;
  CHECK(x.serves_half(channel_half::posting));
  CHECK(x.serves_half(channel_half::receiving));
  CHECK(x.revocable_for == std::chrono::hours{1});
  x.serves = {channel_half::receiving};
  CHECK_FALSE(x.serves_half(channel_half::posting));
}

TEST_CASE("each API has the name that configurations use") {
  CHECK(to_string(api::message) == "message");
  CHECK(to_string(api::document) == "document");
  CHECK(to_string(api::subscriptions) == "subscriptions");
  CHECK(to_string(api::message_reception) == "message-reception");
  CHECK(to_string(api::channel) == "channel");
  CHECK(to_string(api::operation) == "operator");
}

TEST_SUITE_END();
