#include "enum_values.hpp"
#include "messages/channel.hpp"
#include "messages/message.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace igl;

namespace {

constexpr auto channel_statuses = test::enumerators<channel_status>();
constexpr auto message_statuses = test::enumerators<message_status>();

using channel_pairs = std::set<std::pair<channel_status, channel_status>>;

void check_channel_table(channel_half half, const channel_pairs& allowed) {
  for (size_t from = 0; from < channel_statuses; ++from)
    for (size_t to = 0; to < channel_statuses; ++to) {
      std::pair change{static_cast<channel_status>(from), static_cast<channel_status>(to)};
      CAPTURE(to_string(change.first));
      CAPTURE(to_string(change.second));
      CHECK(may_follow(half, change.first, change.second) == (allowed.count(change) > 0));
    }
}

} // namespace

TEST_SUITE("status tables") {

  TEST_CASE(
      "a message is accepted or rejected once; ours can become pending again, theirs received") {
    using s = message_status;
    std::set<std::pair<s, s>> allowed{{s::pending, s::accepted},  {s::pending, s::rejected},
                                      {s::received, s::accepted}, {s::received, s::rejected},
                                      {s::accepted, s::pending},  {s::rejected, s::received}};
    for (size_t from = 0; from < message_statuses; ++from)
      for (size_t to = 0; to < message_statuses; ++to) {
        std::pair change{static_cast<s>(from), static_cast<s>(to)};
        CAPTURE(to_string(change.first));
        CAPTURE(to_string(change.second));
        CHECK(may_follow(change.first, change.second) == (allowed.count(change) > 0));
      }
  }

  TEST_CASE("a posted channel message is confirmed or undeliverable, a confirmed one revoked") {
    using s = channel_status;
    check_channel_table(
        channel_half::posting,
        {{s::received, s::confirmed}, {s::received, s::undeliverable}, {s::confirmed, s::revoked}});
  }

  TEST_CASE(
      "a received channel message is confirmed or a false alarm, also after it was confirmed") {
    using s = channel_status;
    check_channel_table(channel_half::receiving, {{s::observed, s::confirmed},
                                                  {s::observed, s::false_alarm},
                                                  {s::confirmed, s::false_alarm}});
  }

  TEST_CASE("accepted and rejected are final") {
    CHECK(is_final(message_status::accepted));
    CHECK(is_final(message_status::rejected));
    CHECK(!is_final(message_status::pending));
    CHECK(!is_final(message_status::received));
  }

  TEST_CASE("every status has a name that reads back, and no other text does") {
    std::set<std::string> names;
    for (size_t i = 0; i < message_statuses; ++i) {
      auto status = static_cast<message_status>(i);
      CHECK(parse_message_status(to_string(status)) == status);
      names.insert(to_string(status));
    }
    CHECK(names == std::set<std::string>{"pending", "received", "accepted", "rejected"});
    names.clear();
    for (size_t i = 0; i < channel_statuses; ++i) {
      auto status = static_cast<channel_status>(i);
      CHECK(parse_channel_status(to_string(status)) == status);
      names.insert(to_string(status));
    }
    CHECK(names == std::set<std::string>{"received", "confirmed", "undeliverable", "revoked",
                                         "observed", "false_alarm"});
    for (auto half : {channel_half::posting, channel_half::receiving})
      CHECK(parse_channel_half(to_string(half)) == half);
    for (auto text : {"", "Pending", "pending ", "unknown"}) {
      CHECK(!parse_message_status(text));
      CHECK(!parse_channel_status(text));
      CHECK(!parse_channel_half(text));
    }
  }

} // TEST_SUITE
