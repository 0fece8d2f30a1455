#include "http/range.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

bool is_part(std::string_view header, uint64_t first, uint64_t length) {
  auto x = range_of(header, 100);
  return x.what == byte_range::meaning::part && x.first == first && x.length == length;
}

byte_range::meaning meaning_of(std::string_view header, uint64_t size = 100) {
  return range_of(header, size).what;
}

} // namespace

TEST_SUITE("range") {
  TEST_CASE("first and last, from, and the last so many") {
    CHECK(is_part("bytes=0-0", 0, 1));
    CHECK(is_part("bytes=10-19", 10, 10));
    CHECK(is_part("Bytes=99-", 99, 1));
    CHECK(is_part("bytes=90-1000", 90, 10));
    CHECK(is_part("bytes=-1", 99, 1));
    CHECK(is_part("bytes=-1000", 0, 100));
  }

  TEST_CASE("what lies behind the end cannot be had") {
    CHECK(meaning_of("bytes=100-") == byte_range::meaning::unsatisfiable);
    CHECK(meaning_of("bytes=-0") == byte_range::meaning::unsatisfiable);
    CHECK(meaning_of("bytes=0-", 0) == byte_range::meaning::unsatisfiable);
  }

  TEST_CASE("what is not one range is the whole") {
    for (auto header : {"", "bytes=", "bytes=-", "bytes=2-1", "bytes=0-1,3-4", "lines=0-1",
                        "bytes=a-b", "bytes=1"}) {
      CAPTURE(header);
      CHECK(meaning_of(header) == byte_range::meaning::whole);
      CHECK(range_of(header, 100).length == 100);
    }
  }
}
