#include "actors/message_arrivals.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

using s = message_status;

message_record on_a(s status = s::received) {
  return {sg_to_au(), status, "a", "1", 5, {}};
}

const message_arrival a1{"a", "1"};
const message_arrival a2{"a", "1~2"};
const message_arrival b9{"b", "9"};

} // namespace

TEST_SUITE_BEGIN("message arrivals");

TEST_CASE("the arrival it came by is known already, and one of another channel is remembered") {
  CHECK(!message_arrivals::with(on_a(), a1));
  auto x = message_arrivals::with(on_a(), b9);
  REQUIRE(x);
  CHECK(x->arrivals == std::vector{a1, b9});
  CHECK(x->channel_id == "a");
  CHECK(x->status == s::received);
  CHECK(!message_arrivals::with(*x, a1));
  CHECK(!message_arrivals::with(*x, b9));
}

TEST_CASE("a message that came over no channel rests on none") {
  auto posted = on_a();
  posted.channel_id.clear();
  posted.channel_txn_id.clear();
  CHECK(!message_arrivals::with(posted, a1));
  CHECK(!message_arrivals::without(posted, a1));
}

TEST_CASE("it is withdrawn when its only channel takes it back, and rejected if nobody decided") {
  struct {
    s before;
    s after;
    bool by_channel;
  } const rows[] = {{s::received, s::rejected, true},
                    {s::accepted, s::accepted, false},
                    {s::rejected, s::rejected, false}};
  for (auto& row : rows) {
    auto x = message_arrivals::without(on_a(row.before), a1);
    REQUIRE(x);
    CHECK(is_withdrawn(*x));
    CHECK(x->status == row.after);
    CHECK(x->rejected_by_channel == row.by_channel);
  }
}

TEST_CASE("it stays as long as one channel has confirmed it, whichever it came by first") {
  auto both = *message_arrivals::with(on_a(), b9);
  auto on_b = message_arrivals::without(both, a1);
  REQUIRE(on_b);
  CHECK(!is_withdrawn(*on_b));
  CHECK(on_b->status == s::received);
  CHECK(on_b->channel_id == "b");
  CHECK(on_b->channel_txn_id == "9");
  auto still_on_a = message_arrivals::without(both, b9);
  REQUIRE(still_on_a);
  CHECK(still_on_a->channel_id == "a");
  CHECK(is_withdrawn(*message_arrivals::without(*on_b, b9)));
}

TEST_CASE("a false alarm of an arrival that is not known, or was taken back before, is nothing") {
  CHECK(!message_arrivals::without(on_a(), b9));
  auto gone = *message_arrivals::without(on_a(), a1);
  CHECK(!message_arrivals::without(gone, a1));
}

TEST_CASE("what was taken back does not come back under the same id, only under another") {
  auto gone = *message_arrivals::without(on_a(), a1);
  CHECK(!message_arrivals::with(gone, a1));
  for (auto& again : {a2, b9}) {
    auto x = message_arrivals::with(gone, again);
    REQUIRE(x);
    CHECK(!is_withdrawn(*x));
    CHECK(x->status == s::received);
    CHECK(!x->rejected_by_channel);
    CHECK(x->channel_id == again.channel_id);
    CHECK(x->channel_txn_id == again.channel_txn_id);
    CHECK(is_withdrawn(*message_arrivals::without(*x, again)));
  }
}

TEST_CASE("what a business decided stays, whatever its channels do") {
  for (auto decided : {s::accepted, s::rejected}) {
    auto gone = *message_arrivals::without(on_a(decided), a1);
    auto again = *message_arrivals::with(gone, a2);
    CHECK(again.status == decided);
    CHECK(!is_withdrawn(again));
  }
  // Also when it decided after the channel had.
  auto gone = *message_arrivals::without(on_a(), a1);
  gone.rejected_by_channel = false;
  CHECK(message_arrivals::with(gone, a2)->status == s::rejected);
}

TEST_CASE("a channel that brings the same message without end makes no record without end") {
  auto x = on_a();
  for (size_t i = 0; i < 3 * message_arrivals::remembered_at_most; ++i)
    if (auto next = message_arrivals::with(x, {"c", std::to_string(i)}))
      x = *next;
  CHECK(x.arrivals.size() == message_arrivals::remembered_at_most);
  CHECK(x.arrivals.front() == a1);
  // What was taken back makes room.
  for (size_t i = 0; i < 3 * message_arrivals::remembered_at_most; ++i) {
    message_arrival next{"d", std::to_string(i)};
    x = *message_arrivals::without(x, x.arrivals.back());
    auto more = message_arrivals::with(x, next);
    REQUIRE(more);
    x = *more;
    CHECK(x.arrivals.back() == next);
  }
  CHECK(x.arrivals.size() == message_arrivals::remembered_at_most);
}

TEST_SUITE_END();
