#include "actors/retry_after.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace std::chrono_literals;

namespace {

const caf::timestamp sunday{784111777s}; // Sun, 06 Nov 1994 08:49:37 GMT

http_response saying(std::string text) {
  return {503, {{"Retry-After", std::move(text)}}, {}};
}

std::chrono::milliseconds pause_for(const http_response& x) {
  return retry_after(x, sunday, 1h).value_or(-1ms);
}

} // namespace

TEST_SUITE_BEGIN("retry after");

TEST_CASE("a date has three forms") {
  for (auto text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                    "Sun Nov  6 08:49:37 1994"}) {
    auto x = parse_http_date(text);
    REQUIRE_MESSAGE(x, text);
    CHECK_MESSAGE(*x == sunday, text);
  }
  for (std::string text :
       {"", "soon", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT and more",
        "Sun, 06 Nov 1994", "Sun, 06 Nov 1994 08:49:37", "Sun Nov  6 08:49:37"})
    CHECK_MESSAGE(!parse_http_date(text), text);
}

TEST_CASE("seconds and dates are a time from now, within bounds") {
  CHECK(pause_for(saying("120")) == 120s);
  CHECK(pause_for(saying("0")) == 0s);
  CHECK(pause_for(saying("3601")) == 1h);
  CHECK(pause_for(saying("99999999999999999999")) == 1h);
  CHECK(pause_for(saying("Sun, 06 Nov 1994 08:50:37 GMT")) == 60s);
  CHECK(pause_for(saying("Sun, 06 Nov 1994 08:49:36 GMT")) == 0s);
  CHECK(pause_for(saying("Sun, 06 Nov 2094 08:49:36 GMT")) == 1h);
}

TEST_CASE("what says nothing, or cannot be read, is no time") {
  CHECK(!retry_after({503, {}, {}}, sunday, 1h));
  for (auto text : {"-1", "1.5", "1 s", "later"})
    CHECK_MESSAGE(!retry_after(saying(text), sunday, 1h), text);
}

TEST_SUITE_END();
