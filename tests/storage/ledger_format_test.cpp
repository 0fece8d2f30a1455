#include "storage/bytes.hpp"
#include "storage/ledger_keys.hpp"
#include "storage/ledger_values.hpp"

#include <doctest/doctest.h>

using namespace igl;
namespace keys = igl::ledger_keys;

namespace {

/// Letters and digits as they are, other bytes as `\xx`.
std::string shown(std::string_view bytes) {
  std::string text;
  for (unsigned char c : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    if (std::isalnum(c) != 0 || c == ':' || c == '/')
      text += static_cast<char>(c);
    else
      (text += '\\').append({digits[c >> 4], digits[c & 15]});
  }
  return text;
}

template <class T>
std::string encoded(const T& x) {
  std::string bytes = "what was in it before";
  encode(bytes, x);
  return bytes;
}

constexpr caf::timestamp moment{caf::timespan{0x0102030405060708}};

const std::string content = "\\02AU\\0217\\02SG\\01s\\01o\\01p";

message_record a_message() {
  message_record x;
  x.content = {"AU", "17", "SG", "s", "o", "p"};
  x.status = message_status::accepted;
  x.channel_id = "ch";
  x.channel_txn_id = "4711";
  x.version = 300;
  x.since = moment;
  return x;
}

open_job a_job() {
  open_job x;
  x.order.id = "id";
  x.order.on = stream::channel_pending;
  x.order.about = "AU:17";
  x.order.body = std::string(200, 'b');
  x.order.due = moment;
  x.number = 5;
  x.generation = 0xfffffffe;
  x.attempts = 3;
  x.last_error = "e";
  x.opened = moment;
  return x;
}

const std::string moment_shown = "\\01\\02\\03\\04\\05\\06\\07\\08";
const std::string job_shown = "\\02" + moment_shown + moment_shown +
                              "\\05\\ff\\ff\\ff\\fe\\03\\02id\\05AU:17\\c8\\01" +
                              std::string(200, 'b') + "\\01e";

} // namespace

// What is spelled out here is what FORMAT.md says, and what is on the disks of others.
TEST_SUITE("ledger format") {
  TEST_CASE("keys") {
    CHECK(shown(keys::of_message({"AU", "17"})) == "\\00\\05AU:17");
    CHECK(shown(keys::of_number(258)) == "\\00\\00\\00\\00\\00\\00\\01\\02");
    CHECK(shown(keys::of_event_about("AU:1", 2)) == "\\00\\04AU:1\\00\\00\\00\\00\\00\\00\\00\\02");
    CHECK(shown(keys::of_channel_record(channel_half::receiving, "9")) == "\\01\\00\\019");
    CHECK(shown(keys::of_channel_update(channel_half::posting, 2, "9")) ==
          "\\00\\00\\00\\00\\00\\00\\00\\00\\02\\00\\019");
    CHECK(shown(keys::of_access({"Qm", "SG", "AU:1"})) == "\\00\\02Qm\\00\\02SG\\00\\04AU:1");
    CHECK(shown(keys::of_piece(1, 2)) == "\\00\\00\\00\\00\\00\\00\\00\\01\\00\\00\\00\\02");
    CHECK(shown(keys::of_due(stream::outbox, {moment, 3})) ==
          "\\01" + moment_shown + "\\00\\00\\00\\00\\00\\00\\00\\03");
    CHECK(shown(keys::of_subscription("a", "abc")) ==
          "\\00\\01aba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(keys::due_place_of(keys::of_due(stream::outbox, {moment, 3})).due == moment);
    CHECK(keys::due_place_of(keys::of_due(stream::outbox, {moment, 3})).number == 3);
    CHECK(keys::is_due_on(stream::outbox, keys::of_due(stream::outbox, {moment, 3})));
    CHECK_FALSE(keys::is_due_on(stream::inbox, keys::of_due(stream::outbox, {moment, 3})));
  }

  TEST_CASE("no key is too long for LMDB, and none begins another") {
    std::string endless(5000, 'x');
    CHECK(keys::of_text(endless).size() == 66);
    CHECK(shown(keys::of_text(endless)).starts_with("\\ff\\ff"));
    CHECK(keys::of_text(endless) != keys::of_text(endless + "x"));
    CHECK(keys::of_text(std::string(400, 'x')).size() == 402);
    CHECK(keys::of_event_about(std::string(400, 'x'), 1).size() <= 511);
    CHECK(keys::of_access({std::string(120, 'x'), std::string(100, 'x'), std::string(200, 'x')})
              .size() <= 511);
    CHECK(keys::of_subscription_end(moment, keys::of_subscription(std::string(300, 'x'), endless))
              .size() <= 511);
    CHECK(keys::of_channel_update(channel_half::posting, 1, std::string(400, 'x')).size() <= 511);
    CHECK_FALSE(keys::of_text("AU:17").starts_with(keys::of_text("AU:1")));
  }

  TEST_CASE("a message") {
    auto bytes = encoded(a_message());
    CHECK(shown(bytes) == "\\01\\ac\\02\\02" + moment_shown + content + "\\02ch\\044711");
    CHECK(decoded<message_record>(bytes) == a_message());
  }

  TEST_CASE("a message that came more than once, and one that was taken back") {
    auto x = a_message();
    x.arrivals = {{"ch", "4711", false}, {"b", "9"}};
    x.rejected_by_channel = true;
    const auto arrived = "\\ac\\02\\02" + moment_shown + content +
                         "\\02ch\\044711\\01\\02\\00\\02ch\\044711\\01\\01b\\019";
    CHECK(shown(encoded(x)) == "\\02" + arrived);
    CHECK(decoded<message_record>(encoded(x)) == x);
    x.taken_back_by = {"a", "b", "a"};
    auto bytes = encoded(x);
    CHECK(shown(bytes) == "\\03" + arrived + "\\03\\01a\\01b\\01a");
    CHECK(decoded<message_record>(bytes) == x);
    // What was in the record before goes.
    auto again = x;
    decode(encoded(a_message()), again);
    CHECK(again == a_message());
    for (size_t size = 0; size < bytes.size(); ++size)
      CHECK_THROWS_AS(decoded<message_record>(std::string_view{bytes}.substr(0, size)),
                      damaged_value);
    bytes[0] = 4;
    CHECK_THROWS_AS(decoded<message_record>(bytes), damaged_value);
  }

  TEST_CASE("an event") {
    event x;
    x.at = moment;
    x.what = event_kind::job_died;
    x.about = "AU:17";
    x.detail = "d";
    auto bytes = encoded(x);
    CHECK(shown(bytes) == "\\01" + moment_shown + "\\10\\05AU:17\\01d");
    auto back = decoded<event>(bytes);
    CHECK(back.at == moment);
    CHECK(back.what == event_kind::job_died);
    CHECK(back.about + back.detail == "AU:17d");
  }

  TEST_CASE("a job and a dead letter") {
    auto bytes = encoded(stored_job{a_job(), 7});
    CHECK(shown(bytes) == "\\01\\00\\00\\00\\07" + job_shown);
    auto back = decoded<stored_job>(bytes);
    CHECK(back.oldest_ticket == 7);
    CHECK(encoded(back) == bytes);
    CHECK(back.job.order.body == a_job().order.body);

    dead_letter letter;
    letter.number = 2;
    letter.job = a_job();
    letter.reason = "r";
    letter.died = moment;
    bytes = encoded(letter);
    CHECK(shown(bytes) == "\\01\\02" + moment_shown + "\\01r" + job_shown);
    CHECK(encoded(decoded<dead_letter>(bytes)) == bytes);
  }

  TEST_CASE("a job with a lane, and an event of the hub") {
    stored_job x;
    x.oldest_ticket = 7;
    x.job = a_job();
    x.job.order.lane = "http://a";
    x.job.order.place = 2;
    auto bytes = encoded(x);
    const std::string place_shown = "\\08http://a\\00\\00\\00\\00\\00\\00\\00\\02";
    CHECK(shown(bytes) == "\\02\\00\\00\\00\\07" + job_shown + place_shown);
    CHECK(encoded(decoded<stored_job>(bytes)) == bytes);
    dead_letter letter;
    letter.job = x.job;
    CHECK(decoded<dead_letter>(encoded(letter)).job.order.lane == "http://a");
    CHECK(decoded<dead_letter>(encoded(letter)).job.order.place == 2);
    stored_hub_event event;
    event.what = {0, moment, "t", "AU:17", "m", "b"};
    event.topics = {"t", ""};
    bytes = encoded(event);
    CHECK(shown(bytes) == "\\01" + moment_shown + "\\01t\\05AU:17\\01m\\01b\\02\\01t\\00");
    CHECK(encoded(decoded<stored_hub_event>(bytes)) == bytes);
    CHECK(shown(keys::of_hub_topic("t", 1)) == "\\00\\01t\\00\\00\\00\\00\\00\\00\\00\\01");
    CHECK(shown(keys::of_lane_job(x.job)) == "\\00\\08http://a\\00\\00\\00\\00\\00\\00\\00\\02"
                                             "\\00\\00\\00\\00\\00\\00\\00\\05");
    CHECK(keys::place_of_lane_job(keys::of_lane_job(x.job)) == 2);
    x.job.order.lane = std::string(1000, 'a');
    CHECK(keys::place_of_lane_job(keys::of_lane_job(x.job)) == 2);
    CHECK_THROWS_AS(keys::place_of_lane_job("short"), damaged_value);
    CHECK(shown(keys::of_waiting_lane(2, "a")) == "\\00\\00\\00\\00\\00\\00\\00\\02\\00\\01a");
  }

  TEST_CASE("a channel record and its place in the index") {
    channel_record x;
    x.half = channel_half::receiving;
    x.said.id = "9";
    x.said.content = a_message().content;
    x.said.status = channel_status::false_alarm;
    x.version = 4;
    x.updated = moment;
    auto bytes = encoded(x);
    CHECK(shown(bytes) == "\\01\\04\\01\\05" + moment_shown + "\\019" + content);
    CHECK(encoded(decoded<channel_record>(bytes)) == bytes);
    bytes = encoded(channel_update{moment, "SG", "9"});
    CHECK(shown(bytes) == "\\01" + moment_shown + "\\02SG\\019");
    CHECK(encoded(decoded<channel_update>(bytes)) == bytes);
  }

  TEST_CASE("a document, a grant and a subscription") {
    object_info info;
    info.multihash = "Qm";
    info.upload = 3;
    info.size = 1 << 20;
    auto bytes = encoded(info);
    CHECK(shown(bytes) == "\\01\\03\\80\\80\\40\\02Qm");
    CHECK(decoded<object_info>(bytes).size == 1 << 20);
    bytes = encoded(stored_grant{moment, "AU:17"});
    CHECK(shown(bytes) == "\\01" + moment_shown + "\\05AU:17");
    CHECK(decoded<stored_grant>(bytes).because == "AU:17");
    subscription x;
    x.topic = "t";
    x.topic_as_asked = "T";
    x.callback = "c";
    x.secret = "s";
    x.ends = moment;
    x.after_event = 7;
    bytes = encoded(x);
    CHECK(shown(bytes) == "\\02" + moment_shown + "\\01t\\01T\\01c\\01s\\07");
    CHECK(encoded(decoded<subscription>(bytes)) == bytes);
    bytes[0] = 1; // which has no number
    bytes.pop_back();
    CHECK(decoded<subscription>(bytes).after_event == 0);
    CHECK(decoded<subscription>(bytes).secret == "s");
  }

  TEST_CASE("the state, also of a ledger that knew fewer streams") {
    ledger_state x;
    x.last_event = 1;
    x.last_turn = 2;
    x.last_dead_letter = 3;
    x.last_upload = 4;
    x.last_commit = moment;
    x.last_due = moment;
    x.open_jobs[10] = 9;
    auto bytes = encoded(x);
    CHECK(shown(bytes).starts_with("\\01\\00\\00\\00\\00\\00\\00\\00\\01"));
    CHECK(encoded(decoded<ledger_state>(bytes)) == bytes);
    auto streams_at = 1 + 4 * 8 + 2 * 8;
    REQUIRE(bytes[streams_at] == 11);
    bytes[streams_at] = 9;
    bytes.resize(bytes.size() - 16 - 8);
    CHECK(decoded<ledger_state>(bytes).last_upload == 4);
    CHECK(decoded<ledger_state>(bytes).open_jobs[10] == 0);
  }

  TEST_CASE("what is damaged is not read as something else") {
    auto bytes = encoded(a_message());
    for (size_t length = 0; length < bytes.size(); ++length)
      CHECK_THROWS_AS(decoded<message_record>(std::string_view(bytes).substr(0, length)),
                      damaged_value);
    auto other_layout = bytes;
    other_layout[0] = 2;
    CHECK_THROWS_AS(decoded<message_record>(other_layout), damaged_value);
    auto other_status = bytes;
    other_status[3] = 4;
    CHECK_THROWS_AS(decoded<message_record>(other_status), damaged_value);
    std::string endless_number(12, '\xff');
    CHECK_THROWS_AS(byte_reader(endless_number).number(), damaged_value);
  }
}
