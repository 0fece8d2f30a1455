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

TEST_CASE("seconds and dates are a time from now, within bounds") {
  CHECK(pause_for(saying("120")) == 120s);
  CHECK(pause_for(saying("0")) == 0s);
  CHECK(pause_for(saying("3601")) == 1h);
  CHECK(pause_for(saying("99999999999999999999")) == 1h);
  CHECK(pause_for(saying("Sun, 06 Nov 1994 08:50:37 GMT")) == 60s);
  CHECK(pause_for(saying("Sun, 06 Nov 1994 08:49:36 GMT")) == 0s);
  CHECK(pause_for(saying("Sun, 06 Nov 2094 08:49:36 GMT")) == 1h);
  CHECK(pause_for(saying("Fri, 31 Dec 9999 23:59:59 GMT")) == 1h);
  CHECK(pause_for(saying("Fri, 31 Dec 0001 23:59:59 GMT")) == 0s);
}

TEST_CASE("what says nothing, or cannot be read, is no time") {
  CHECK(!retry_after({503, {}, {}}, sunday, 1h));
  for (auto text : {"-1", "1.5", "1 s", "later"})
    CHECK_MESSAGE(!retry_after(saying(text), sunday, 1h), text);
}

TEST_SUITE_END();
