#include "messages/topic.hpp"

#include "examples.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>

#include <algorithm>

using namespace igl;

namespace {

/// Whether a subscription to `pattern` hears of `topic`.
bool matches(std::string_view pattern, std::string_view topic) {
  auto canonical = canonical_topic(pattern);
  REQUIRE(canonical);
  auto keys = topics_matching(topic);
  return std::count(keys.begin(), keys.end(), *canonical) == 1;
}

} // namespace

TEST_SUITE("topic") {

  TEST_CASE("a topic has one spelling") {
    auto canonical = [](std::string_view topic) {
      auto x = canonical_topic(topic);
      REQUIRE(x);
      return *x;
    };
    CHECK(canonical("UN.CEFACT.*") == "un.cefact");
    CHECK(canonical("un.cefact.*") == "un.cefact");
    CHECK(canonical("UN.CEFACT.Trade.CoO") == "un.cefact.trade.coo");
    CHECK(canonical("UN.CEFACT.Trade.CoO.*") == "un.cefact.trade.coo");
    CHECK(canonical("UN.*") == "un");
    CHECK(canonical("*") == "");
    CHECK(canonical("jurisdiction.AU") == "jurisdiction.au");
    CHECK(canonical("4711") == "4711");
    CHECK(canonical("message.17.status") == "message.17.status");
    CHECK(canonical("AU.abc") == "au.abc");
    CHECK(canonical("unrelated.topic") == "unrelated.topic");
  }

  TEST_CASE("a topic that the wire does not allow is refused") {
    for (auto topic : {"",
                       ".",
                       "a..b",
                       ".a",
                       "a.",
                       "a.*.b",
                       "*.a",
                       "a.b*",
                       "**",
                       "a.**",
                       ".*",
                       "*.*",
                       "a/b",
                       "UN",
                       "UN.CEFACT",
                       "UN.CEFACT.Trade",
                       "un.cefact.trade",
                       "Un.x",
                       "a\nb",
                       "a.\xff"}) {
      CAPTURE(topic);
      auto x = canonical_topic(topic);
      REQUIRE(!x);
      CHECK(code_of(x.error()) == errc::topic_validation);
      CHECK(!problem_of(x.error()).detail.empty());
    }
    CHECK(!canonical_topic(std::string(3000, 'a')));
  }

  TEST_CASE("a subscription hears of its topic and everything below it, case aside") {
    auto created = "UN.CEFACT.Trade.CoO.created";
    for (auto pattern : {"UN.CEFACT.Trade.CoO.created", "un.cefact.trade.coo.CREATED",
                         "UN.CEFACT.Trade.CoO", "UN.CEFACT.Trade.*", "UN.CEFACT.*", "UN.*", "*"})
      CHECK(matches(pattern, created));
    for (auto pattern : {"UN.CEFACT.Trade.CoO.created.x", "UN.CEFACT.Trade.Co",
                         "UN.CEFACT.Trade.C.*", "CEFACT.*", "UN.CEFACT.Trade.CoO.issued"})
      CHECK(!matches(pattern, created));
  }

  TEST_CASE("the longest match comes first, everything last") {
    CHECK(topics_matching("A.b.C") == std::vector<std::string>{"a.b.c", "a.b", "a", ""});
    CHECK(topics_matching("") == std::vector<std::string>{""});
  }

  TEST_CASE("a topic with thousands of dots makes no thousands of long keys") {
    auto topic = test::repeated("a.", 32000) + "a";
    size_t bytes = 0;
    for (auto& key : topics_matching(topic))
      bytes += key.size();
    CHECK(bytes < 2 * 1024 * 1024);
  }

  TEST_CASE("the topics of one message can be subscribed to, whatever its reference") {
    CHECK(received_topic("17") == "message.17.received");
    CHECK(status_topic("17") == "message.17.status");
    CHECK(jurisdiction_topic("AU") == "jurisdiction.AU");
    for (auto& ref :
         {std::string{"17"}, std::string{"a.b"}, std::string{"A:1 é"}, test::repeated("🚢", 256)}) {
      CHECK(matches(received_topic(ref), received_topic(ref)));
      CHECK(matches(status_topic(ref), status_topic(ref)));
      CHECK(!matches(status_topic(ref), received_topic(ref)));
    }
  }

} // TEST_SUITE
