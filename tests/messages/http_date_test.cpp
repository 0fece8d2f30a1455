#include "messages/http_date.hpp"

#include <doctest/doctest.h>

#include <string>

using namespace igl;
using namespace std::chrono_literals;

namespace {

const caf::timestamp sunday{784111777s}; // Sun, 06 Nov 1994 08:49:37 GMT

} // namespace

TEST_SUITE_BEGIN("HTTP date");

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

TEST_CASE("a date beyond what a time can hold is the last one or the first one it can") {
  for (auto text : {"Fri, 31 Dec 2262 23:59:59 GMT", "Fri, 31 Dec 9999 23:59:60 GMT"})
    CHECK_MESSAGE(*parse_http_date(text) == caf::timestamp{9214646399s}, text);
  for (auto text : {"Fri, 02 Jan 0001 00:00:00 GMT", "Wed, 31 Dec 1969 23:59:59 GMT"})
    CHECK_MESSAGE(*parse_http_date(text) == caf::timestamp{}, text);
}

TEST_SUITE_END();
