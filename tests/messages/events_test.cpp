#include "messages/events.hpp"

#include "enum_values.hpp"

#include <doctest/doctest.h>

#include <set>

using namespace igl;

namespace {

event happened(event_kind what, std::string detail) {
  event x;
  x.what = what;
  x.detail = std::move(detail);
  return x;
}

} // namespace

TEST_SUITE("events") {

  TEST_CASE("every kind has a name that reads back and a sentence of its own") {
    std::set<std::string> names;
    std::set<std::string> sentences;
    for (size_t i = 0; i < test::enumerators<event_kind>(); ++i) {
      auto kind = static_cast<event_kind>(i);
      CAPTURE(i);
      CHECK(to_string(kind) != "unknown");
      CHECK(parse_event_kind(to_string(kind)) == kind);
      CHECK(names.insert(to_string(kind)).second);
      CHECK(sentences.insert(sentence_of(happened(kind, ""))).second);
    }
    for (auto text : {"", "unknown", "Message_posted"})
      CHECK(!parse_event_kind(text));
  }

  TEST_CASE("a detail that begins with a preposition goes on with the sentence") {
    CHECK(sentence_of(happened(event_kind::message_routed, "to channel au-sg as 4711")) ==
          "the message was routed to channel au-sg as 4711");
    CHECK(sentence_of(happened(event_kind::message_received, "over channel au-sg as 4711")) ==
          "the message was received over channel au-sg as 4711");
  }

  TEST_CASE("any other detail stands after a colon") {
    CHECK(sentence_of(happened(event_kind::status_changed, "pending -> accepted")) ==
          "the status changed: pending -> accepted");
    CHECK(sentence_of(happened(event_kind::channel_passed_over, "total failure")) ==
          "a channel was passed over: total failure");
  }

  TEST_CASE("a detail cannot steer the terminal it is printed on") {
    CHECK(sentence_of(happened(event_kind::attempt_failed, "peer said \x1b[2J\nnext\x7f")) ==
          "an attempt failed: peer said  [2J next ");
  }

} // TEST_SUITE
