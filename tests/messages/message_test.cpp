#include "messages/message.hpp"

#include "examples.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

using namespace igl;
using nlohmann::json;

namespace {

const jurisdictions known{{"EU"}};

json good_body() {
  auto x = test::certificate_of_origin();
  return {{"sender", x.sender},
          {"receiver", x.receiver},
          {"subject", x.subject},
          {"obj", x.obj},
          {"predicate", x.predicate}};
}

json with(const char* field, json value) {
  auto body = good_body();
  body[field] = std::move(value);
  return body;
}

json without(const char* field) {
  auto body = good_body();
  body.erase(field);
  return body;
}

/// The code and the source of the refusal.
std::pair<errc, std::string> refusal(const std::string& body) {
  auto x = parse_posted_message(body, known);
  if (x)
    return {errc::none, {}};
  auto why = problem_of(x.error());
  return {why.code, why.source};
}

errc code_for(const json& body) {
  return refusal(body.dump()).first;
}

} // namespace

TEST_SUITE("posted message") {

  TEST_CASE("a good message is taken, with or without the sender's reference") {
    auto x = parse_posted_message(good_body().dump(), known);
    REQUIRE(x);
    auto expected = test::certificate_of_origin();
    expected.sender_ref.clear();
    CHECK(*x == expected);

    x = parse_posted_message(with("sender_ref", "17").dump(), known);
    REQUIRE(x);
    CHECK(*x == test::certificate_of_origin());
  }

  TEST_CASE("status, channel fields and unknown fields are ignored") {
    auto body = with("sender_ref", "17");
    body["status"] = 5;
    body["channel_id"] = json::array();
    body["channel_txn_id"] = nullptr;
    body["anything"] = {{"else", true}};
    auto x = parse_posted_message(body.dump(), known);
    REQUIRE(x);
    CHECK(*x == test::certificate_of_origin());
  }

  TEST_CASE("no body, no JSON, no object and an empty object are empty data") {
    for (std::string body :
         {"", " ", "{}", " {} ", "[]", "[1]", "null", "1", "\"text\"", "{", "{\"sender\":}", "AU",
          "{\"a\":1} x", "{'sender':'AU'}", "\xff", "{\"sender\":\"\xc3\x28\"}"}) {
      CAPTURE(body);
      CHECK(refusal(body).first == errc::message_data_empty);
    }
  }

  TEST_CASE("a body that is nested without end is empty data") {
    CHECK(refusal(std::string(1000000, '[')).first == errc::message_data_empty);
    CHECK(refusal(test::repeated("{\"a\":", 100000)).first == errc::message_data_empty);
  }

  TEST_CASE("a missing required field is named") {
    for (auto field : {"sender", "receiver", "obj", "predicate"}) {
      auto [code, source] = refusal(without(field).dump());
      CHECK(code == errc::message_deserialization);
      CHECK(source == json::array({std::string{field} + " is missing"}).dump());
    }
    auto [code, source] = refusal(R"({"subject":"x"})");
    CHECK(code == errc::message_deserialization);
    CHECK(json::parse(source).size() == 4);
  }

  TEST_CASE("a subject that is missing, null, empty or no string is not valid") {
    CHECK(code_for(without("subject")) == errc::message_validation);
    for (json value : {json(nullptr), json(""), json(1), json::array(), json::object(), json(true)})
      CHECK(code_for(with("subject", value)) == errc::message_validation);
  }

  TEST_CASE("a required field that is no string is not valid") {
    for (auto field : {"sender", "receiver", "subject", "obj", "predicate"})
      for (json value : {json(nullptr), json(1), json(1.5), json(true), json::array({"AU"}),
                         json{{"a", "AU"}}}) {
        auto [code, source] = refusal(with(field, value).dump());
        CAPTURE(field);
        CHECK(code == errc::message_validation);
        CHECK(source == json::array({std::string{field} + " is not a string"}).dump());
      }
  }

  TEST_CASE("a jurisdiction is two capital letters of the standard or an added code") {
    for (auto field : {"sender", "receiver"}) {
      for (auto code : {"AU", "SG", "ZW", "EU"})
        CHECK(code_for(with(field, code)) == errc::none);
      for (auto code : {"", "au", "Au", "AUS", "A", "XK", "ZZ", " AU", "AU ", "A1", "ÅU"}) {
        CAPTURE(code);
        CHECK(code_for(with(field, code)) == errc::message_deserialization);
      }
    }
  }

  TEST_CASE("obj and predicate must be URIs, and each that is not is named") {
    CHECK(refusal(with("obj", "abc").dump()) ==
          std::pair{errc::message_validation, std::string{R"(["obj is not a URI: abc"])"}});
    CHECK(refusal(with("predicate", "UN.CEFACT").dump()) ==
          std::pair{errc::message_validation,
                    std::string{R"(["predicate is not a URI: UN.CEFACT"])"}});
    auto body = with("obj", "");
    body["predicate"] = "a \"b\"";
    auto [code, source] = refusal(body.dump());
    CHECK(code == errc::message_validation);
    CHECK(json::parse(source) ==
          json::array({"obj is not a URI: ", "predicate is not a URI: a \"b\""}));
  }

  TEST_CASE("a jurisdiction is judged before a URI, a type before a jurisdiction") {
    auto body = with("sender", "ZZ");
    body["obj"] = "abc";
    CHECK(code_for(body) == errc::message_deserialization);
    body["receiver"] = 1;
    CHECK(code_for(body) == errc::message_validation);
    body.erase("predicate");
    CHECK(code_for(body) == errc::message_deserialization);
  }

  TEST_CASE("a sender_ref has 1 to 256 characters, however many bytes they take") {
    for (auto& ref : {std::string{"1"}, test::repeated("x", 256), test::repeated("é", 256),
                      test::repeated("東", 256), test::repeated("🚢", 256), std::string{"a:b"},
                      std::string{"a b"}}) {
      auto x = parse_posted_message(with("sender_ref", ref).dump(), known);
      REQUIRE(x);
      CHECK(x->sender_ref == ref);
      CHECK(is_sender_ref(ref));
    }
    for (auto& ref :
         {std::string{}, test::repeated("x", 257), test::repeated("é", 257),
          test::repeated("🚢", 257), std::string{"a/b"}, std::string{"/"}, std::string{"a\nb"},
          std::string{"a\0b", 3}, std::string{"\x7f"}, std::string{"\u0085"}}) {
      CHECK(code_for(with("sender_ref", ref)) == errc::message_validation);
      CHECK(!is_sender_ref(ref));
    }
    for (json ref : {json(nullptr), json(17), json(true), json::array(), json::object()})
      CHECK(code_for(with("sender_ref", ref)) == errc::message_validation);
  }

  TEST_CASE("a sender_ref that is not UTF-8 is refused") {
    for (auto ref : {"\xff", "a\x80", "\xc3", "\xed\xa0\x80", "\xc0\xaf", "\xf4\x90\x80\x80"})
      CHECK(!is_sender_ref(ref));
  }

  TEST_CASE("escapes mean the characters they stand for") {
    auto body = R"({"sender":"\u0041U","receiver":"SG","subject":"\ud83d\udea2","obj":"a.b.c",)"
                R"("predicate":"a.b.c","sender_ref":"\u6771"})";
    auto x = parse_posted_message(body, known);
    REQUIRE(x);
    CHECK(x->sender == "AU");
    CHECK(x->subject == "🚢");
    CHECK(x->sender_ref == "東");
    CHECK(refusal(R"({"sender":"AU","receiver":"SG","subject":"\ud83d","obj":"a.b.c",)"
                  R"("predicate":"a.b.c"})")
              .first == errc::message_data_empty);
  }

  TEST_CASE("a retry is the same message in all five fields and the reference") {
    auto x = test::certificate_of_origin();
    CHECK(same_message(x, test::certificate_of_origin()));
    for (auto field : {&message::sender, &message::sender_ref, &message::receiver,
                       &message::subject, &message::obj, &message::predicate}) {
      auto other = test::certificate_of_origin();
      other.*field += "x";
      CHECK(!same_message(x, other));
    }
  }

} // TEST_SUITE

TEST_SUITE("reference") {

  TEST_CASE("everything after the first colon is the sender's reference") {
    CHECK(parse_reference("AU:17") == reference{"AU", "17"});
    CHECK(parse_reference("AU:a:b") == reference{"AU", "a:b"});
    CHECK(parse_reference("AU::") == reference{"AU", ":"});
    CHECK(to_string(reference{"AU", "a:b"}) == "AU:a:b");
  }

  TEST_CASE("a text without a colon or with an empty part is none") {
    for (auto text : {"", "AU", ":", "AU:", ":17"})
      CHECK(!parse_reference(text));
  }

  TEST_CASE("a message is withdrawn when none of the times it came stands") {
    message_record x;
    x.channel_id = "a";
    x.channel_txn_id = "1";
    CHECK(!is_withdrawn(x));
    x.arrivals = {{"a", "1", false}};
    CHECK(is_withdrawn(x));
    x.arrivals.push_back({"b", "9"});
    CHECK(!is_withdrawn(x));
    x.arrivals[1].stands = false;
    CHECK(is_withdrawn(x));
  }

} // TEST_SUITE
