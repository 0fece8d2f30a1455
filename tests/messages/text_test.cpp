#include "messages/text.hpp"

#include <doctest/doctest.h>

using namespace igl;

TEST_SUITE("text") {
  TEST_CASE("a number is digits and nothing else") {
    CHECK(*parse_number("0") == 0);
    CHECK(*parse_number("18446744073709551615") == UINT64_MAX);
    for (auto text : {"", "-1", "+1", "1 ", "0x1", "18446744073709551616", "1.0"}) {
      CAPTURE(text);
      CHECK_FALSE(parse_number(text));
    }
  }

  TEST_CASE("letters of ASCII have two cases, and white space may stand around") {
    CHECK(lower_case("Content-TYPE É") == "content-type É");
    CHECK(equal_ignoring_case("Bearer", "bEARER"));
    CHECK_FALSE(equal_ignoring_case("Bearer", "Bearers"));
    CHECK(trimmed(" \ta b\r\n") == "a b");
    CHECK(trimmed(" \t").empty());
  }
}
