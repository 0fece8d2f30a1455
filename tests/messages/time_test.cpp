#include "examples.hpp"
#include "messages/json.hpp"
#include "messages/json_text.hpp"

#include <doctest/doctest.h>

#include <limits>

using namespace igl;
using namespace std::chrono_literals;

namespace {

caf::timestamp seconds_after_epoch(int64_t s) {
  return caf::timestamp{std::chrono::seconds{s}};
}

} // namespace

TEST_SUITE("RFC 3339") {

  TEST_CASE("a time is written in UTC with microseconds") {
    CHECK(to_rfc3339(seconds_after_epoch(0)) == "1970-01-01T00:00:00.000000Z");
    CHECK(to_rfc3339(seconds_after_epoch(1795248930) + 125us) == "2026-11-21T08:15:30.000125Z");
    CHECK(to_rfc3339(seconds_after_epoch(951782400)) == "2000-02-29T00:00:00.000000Z");
    CHECK(to_rfc3339(test::at_nanosecond(-1)) == "1969-12-31T23:59:59.999999Z");
  }

  TEST_CASE("what is written reads back, to the microsecond") {
    for (int64_t s :
         {int64_t{-5'000'000'000}, int64_t{-1}, int64_t{0}, int64_t{1}, int64_t{951782400},
          int64_t{1795249530}, int64_t{4102444800}, int64_t{9'000'000'000}})
      for (auto us : {0us, 1us, 999999us}) {
        auto t = seconds_after_epoch(s) + us;
        CHECK(parse_rfc3339(to_rfc3339(t)) == t);
      }
  }

  TEST_CASE("any offset, any number of digits, Z or none") {
    auto t = seconds_after_epoch(1795248930);
    for (auto text :
         {"2026-11-21T08:15:30Z", "2026-11-21T08:15:30z", "2026-11-21t08:15:30Z",
          "2026-11-21 08:15:30Z", "2026-11-21T08:15:30", "2026-11-21T08:15:30.0Z",
          "2026-11-21T18:15:30+10:00", "2026-11-21T18:15:30+1000", "2026-11-21T02:45:30-05:30",
          "2026-11-22T08:14:30+23:59", "2026-11-21T08:15:30+00:00", "2026-11-21T08:15:30-00:00",
          "2026-11-21T08:15:30.000000000999999999Z"}) {
      CAPTURE(text);
      REQUIRE(parse_rfc3339(text));
      CHECK(*parse_rfc3339(text) == t);
    }
    CHECK(parse_rfc3339("2026-11-21T08:15:30.5Z") == t + 500ms);
    CHECK(parse_rfc3339("2026-11-21T08:15:30,25+00:00") == t + 250ms);
    CHECK(parse_rfc3339("2026-11-21T08:15:30.123456789123") == t + 123456789ns);
    CHECK(parse_rfc3339("2016-12-31T23:59:60Z") == parse_rfc3339("2017-01-01T00:00:00Z"));
  }

  TEST_CASE("the specification's own spelling is taken") {
    CHECK(parse_rfc3339("2020-01-12Z123456") == parse_rfc3339("2020-01-12T12:34:56Z"));
    CHECK(!parse_rfc3339("2020-01-12Z12345"));
    CHECK(!parse_rfc3339("2020-01-12Z1234567"));
    CHECK(!parse_rfc3339("2020-01-12Z256060"));
  }

  TEST_CASE("what is no time is none") {
    for (auto text : {"",
                      "2026",
                      "2026-11-21",
                      "2026-11-21T08:15",
                      "2026-13-01T00:00:00Z",
                      "2026-00-01T00:00:00Z",
                      "2026-02-29T00:00:00Z",
                      "2026-04-31T00:00:00Z",
                      "2026-11-21T24:00:00Z",
                      "2026-11-21T08:60:00Z",
                      "2026-11-21T08:15:61Z",
                      "2026-11-21T08:15:30.Z",
                      "2026-11-21T08:15:30+",
                      "2026-11-21T08:15:30+1",
                      "2026-11-21T08:15:30+24:00",
                      "2026-11-21T08:15:30+10:60",
                      "2026-11-21T08:15:30ZZ",
                      "2026-11-21T08:15:30Z ",
                      " 2026-11-21T08:15:30Z",
                      "20261121T081530Z",
                      "2026-11-21X08:15:30Z",
                      "2026-1-21T08:15:30Z",
                      "-026-11-21T08:15:30Z",
                      "+2026-11-21T08:15:30Z",
                      "2026/11/21T08:15:30Z"}) {
      CAPTURE(text);
      CHECK(!parse_rfc3339(text));
    }
  }

  TEST_CASE("years that 64 bits of nanoseconds cannot hold are none") {
    for (auto text : {"0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "1677-01-01T00:00:00Z",
                      "2262-12-31T00:00:00Z", "9999-12-31T23:59:59Z"})
      CHECK(!parse_rfc3339(text));
    // What was read once can be written and read again.
    for (auto text : {"1678-01-01T00:00:00+23:59", "2261-12-31T23:59:59-23:59",
                      "2261-12-31T23:59:60Z", "1677-09-22T00:12:44Z", "2262-04-10T23:47:16Z"}) {
      auto time = parse_rfc3339(text);
      REQUIRE_MESSAGE(time, text);
      CHECK_MESSAGE(parse_rfc3339(json_text::exact_time(*time)) == *time, text);
    }
    CHECK(parse_rfc3339("1678-01-01T00:00:00+23:59"));
    CHECK(parse_rfc3339("2261-12-31T23:59:59-23:59"));
  }

} // TEST_SUITE
