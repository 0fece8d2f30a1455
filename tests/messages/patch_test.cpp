#include "examples.hpp"
#include "messages/errors.hpp"
#include "messages/message.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

errc refusal(std::string_view body) {
  auto x = parse_message_patch(body);
  return x ? errc::none : code_of(x.error());
}

message_patch patch(std::string_view body) {
  auto x = parse_message_patch(body);
  REQUIRE(x);
  return *x;
}

message_record stored(message_status status) {
  message_record x;
  x.content = test::certificate_of_origin();
  x.status = status;
  x.version = 7;
  x.since = test::at_nanosecond(1);
  return x;
}

/// What becomes of a stored message; none: nothing changes.
caf::optional<message_record> changed(std::string_view body, const message_record& x) {
  auto result = apply(patch(body), x);
  REQUIRE(result);
  return *result;
}

errc conflict(std::string_view body, const message_record& x) {
  auto result = apply(patch(body), x);
  return result ? errc::none : code_of(result.error());
}

} // namespace

TEST_SUITE("message patch") {

  TEST_CASE("no body, no JSON, no object and an empty object are empty data") {
    for (auto body : {"", " ", "{}", "[]", "null", "1", "\"accepted\"", "{", "status=accepted"}) {
      CAPTURE(body);
      CHECK(refusal(body) == errc::message_data_empty);
    }
  }

  TEST_CASE("a status must be accepted or rejected") {
    CHECK(patch(R"({"status":"accepted"})").status == message_status::accepted);
    CHECK(patch(R"({"status":"rejected"})").status == message_status::rejected);
    for (auto body :
         {R"({"status":"pending"})", R"({"status":"received"})", R"({"status":"done"})",
          R"({"status":"Accepted"})", R"({"status":" "})", R"({"status":1})",
          R"({"status":["accepted"]})", R"({"status":{"a":1}})", R"({"status":true})"}) {
      CAPTURE(body);
      CHECK(refusal(body) == errc::unexpected_message_status);
    }
    auto x = parse_message_patch(R"({"status":"pending"})");
    REQUIRE(!x);
    CHECK(problem_of(x.error()).source ==
          R"([{"value":"pending","expected":["accepted","rejected",null]}])");
  }

  TEST_CASE("null, an empty status and unknown fields ask for nothing") {
    for (auto body :
         {R"({"status":null})", R"({"status":""})", R"({"other":1})",
          R"({"sender":"SG","obj":"x"})", R"({"channel_id":null,"channel_txn_id":""})"}) {
      CAPTURE(body);
      auto x = patch(body);
      CHECK(!x.status);
      CHECK(x.channel_id.empty());
      CHECK(x.channel_txn_id.empty());
      for (auto status : {message_status::pending, message_status::received,
                          message_status::accepted, message_status::rejected})
        CHECK(!changed(body, stored(status)));
    }
  }

  TEST_CASE("a pending or received message can be accepted or rejected") {
    for (auto from : {message_status::pending, message_status::received})
      for (auto to : {message_status::accepted, message_status::rejected}) {
        auto x = stored(from);
        auto y = changed("{\"status\":\"" + to_string(to) + "\"}", x);
        REQUIRE(y);
        x.status = to;
        CHECK(*y == x);
      }
  }

  TEST_CASE("the same status again changes nothing") {
    for (auto status : {message_status::accepted, message_status::rejected})
      CHECK(!changed("{\"status\":\"" + to_string(status) + "\"}", stored(status)));
  }

  TEST_CASE("a final status cannot become the other one") {
    for (auto [body, status] : {std::pair{R"({"status":"rejected"})", message_status::accepted},
                                std::pair{R"({"status":"accepted"})", message_status::rejected}}) {
      auto result = apply(patch(body), stored(status));
      REQUIRE(!result);
      CHECK(code_of(result.error()) == errc::conflict);
      CHECK(problem_of(result.error()).detail.find("final") != std::string::npos);
    }
  }

  TEST_CASE("nothing but a channel's revocation makes a message pending again") {
    message_patch back;
    back.status = message_status::pending;
    for (auto status :
         {message_status::received, message_status::accepted, message_status::rejected}) {
      auto result = apply(back, stored(status));
      REQUIRE(!result);
      CHECK(code_of(result.error()) == errc::conflict);
    }
  }

  TEST_CASE("channel_id and channel_txn_id are set together, once") {
    auto body = R"({"channel_id":"au-sg","channel_txn_id":"4711"})";
    auto x = stored(message_status::accepted);
    auto y = changed(body, x);
    REQUIRE(y);
    x.channel_id = "au-sg";
    x.channel_txn_id = "4711";
    CHECK(*y == x);
    CHECK(conflict(body, *y) == errc::conflict);
    CHECK(conflict(R"({"channel_id":"other","channel_txn_id":"1"})", *y) == errc::conflict);
  }

  TEST_CASE("a channel's number is kept as its text") {
    auto x = patch(R"({"channel_id":7,"channel_txn_id":18446744073709551615})");
    CHECK(x.channel_id == "7");
    CHECK(x.channel_txn_id == "18446744073709551615");
  }

  TEST_CASE("one channel field alone is refused, whatever else there is") {
    for (auto body : {R"({"channel_id":"au-sg"})", R"({"channel_txn_id":"4711"})",
                      R"({"channel_id":"au-sg","channel_txn_id":""})",
                      R"({"channel_id":null,"channel_txn_id":"4711"})",
                      R"({"status":"accepted","channel_id":"au-sg"})"}) {
      CAPTURE(body);
      CHECK(refusal(body) == errc::bad_request);
    }
  }

  TEST_CASE("a channel field that is no plain text is refused") {
    for (auto body : {R"({"channel_id":["a"],"channel_txn_id":"1"})",
                      R"({"channel_id":"a","channel_txn_id":{}})",
                      R"({"channel_id":"a","channel_txn_id":true})",
                      R"({"channel_id":"a","channel_txn_id":1.5})",
                      R"({"channel_id":"a\u001b[2J","channel_txn_id":"1"})"}) {
      CAPTURE(body);
      CHECK(refusal(body) == errc::bad_request);
    }
  }

  TEST_CASE("a patch is applied as a whole or not at all") {
    auto both = R"({"status":"accepted","channel_id":"au-sg","channel_txn_id":"4711"})";
    auto y = changed(both, stored(message_status::pending));
    REQUIRE(y);
    CHECK(y->status == message_status::accepted);
    CHECK(y->channel_txn_id == "4711");
    auto sent = stored(message_status::pending);
    sent.channel_id = "au-sg";
    sent.channel_txn_id = "1";
    CHECK(conflict(both, sent) == errc::conflict);
    CHECK(conflict(both, stored(message_status::rejected)) == errc::conflict);
  }

  TEST_CASE("what a channel made rejected can only be made so for good") {
    auto x = stored(message_status::rejected);
    x.arrivals = {{"a", "4711", false}};
    x.rejected_by_channel = true;
    auto decided = changed(R"({"status":"rejected"})", x);
    REQUIRE(decided);
    CHECK(decided->status == message_status::rejected);
    CHECK(!decided->rejected_by_channel);
    CHECK(!changed(R"({"status":"rejected"})", *decided));
    CHECK(conflict(R"({"status":"accepted"})", x) == errc::conflict);
  }

} // TEST_SUITE
