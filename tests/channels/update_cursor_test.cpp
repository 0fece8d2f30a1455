#include "channels/update_cursor.hpp"
#include "messages/errors.hpp"
#include "tests/channels/examples.hpp"

#include <doctest/doctest.h>

using namespace igl;
using namespace igl::update_cursor;

namespace {

const caf::timestamp noon{std::chrono::seconds{1795262400}};

event event_with(uint64_t number, const std::string& about, caf::timestamp at = noon) {
  return {number, at, event_kind::channel_message_changed, about, "observed at place 1"};
}

channel_records one_record(uint64_t version) {
  channel_record x;
  x.half = channel_half::receiving;
  x.said = {"m-1", examples::certificate("17"), channel_status::confirmed};
  x.version = version;
  return {{x}, version, true};
}

place place_in(const std::string& cursor) {
  auto x = place_of({cursor, {}, "SG", 100});
  REQUIRE(x);
  return *x;
}

} // namespace

TEST_SUITE_BEGIN("update cursor");

TEST_CASE("lists what is new from a time first, then from a cursor") {
  find_channel_updates asked{"", noon, "SG", 100};
  auto start = place_of(asked);
  REQUIRE(start);
  auto q = question_of(asked, *start);
  CHECK(q.half == channel_half::receiving);
  CHECK(q.version == 0);
  CHECK(q.since == noon);
  CHECK(q.receiver == "SG");
  CHECK(q.limit == 100);

  auto page = page_of(*start, one_record(12), {event_with(12, "m-1")});
  CHECK(page.messages.size() == 1);
  CHECK(page.more);
  auto next = place_in(page.cursor);
  CHECK(next.version == 12);
  CHECK(question_of({page.cursor, {}, "SG", 100}, next).version == 12);
  CHECK(!check(next, {event_with(12, "m-1")}));
  CHECK(page_of(next, {{}, 12, false}, {}).cursor == page.cursor);
}

TEST_CASE("keeps the time while there is nothing to list") {
  auto start = place_of({"", noon, "SG", 100});
  REQUIRE(start);
  auto cursor = page_of(*start, {}, {}).cursor;
  auto next = place_in(cursor);
  CHECK(next.version == 0);
  CHECK(next.since == noon);
  CHECK(page_of(next, {}, {}).cursor == cursor);
}

TEST_CASE("refuses a cursor of another ledger, or of a later state of this one") {
  auto cursor = page_of({}, one_record(12), {event_with(12, "m-1")}).cursor;
  auto from = place_in(cursor);
  for (auto& found : {std::vector<event>{},
                      {event_with(12, "m-2")},
                      {event_with(12, "m-1", noon + std::chrono::nanoseconds{1})}}) {
    auto why = check(from, found);
    CHECK(code_of(why) == errc::bad_request);
    CHECK(sentence_of(why).find("updated_since") != std::string::npos);
  }
}

TEST_CASE("refuses a cursor that is none of an endpoint's, and bounds the page") {
  for (auto cursor : {"x", "0", "12", "-1", "12x", "t", "tx", "t9223372036854775808",
                      "99999999999999999999999-9f86d081884c7d65", "1 2", "12-", "12-short",
                      "0-9f86d081884c7d65", "-9f86d081884c7d65", "1-9f86d081884c7d65f"}) {
    CAPTURE(cursor);
    auto from = place_of({cursor, {}, "", 10});
    REQUIRE(!from);
    CHECK(code_of(from.error()) == errc::bad_request);
  }
  CHECK(question_of({"", {}, "", 0}, {}).limit == 1);
  CHECK(question_of({"", {}, "", 4000000000}, {}).limit == 5000);
}

TEST_SUITE_END();
