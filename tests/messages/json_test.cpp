#include "messages/json.hpp"

#include "examples.hpp"
#include "filled.hpp"
#include "messages/json_text.hpp"

#include <caf/deep_to_string.hpp>
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <set>

using namespace igl;
using nlohmann::json;

namespace {

/// To JSON text and back, and the same with every single field missing, unless it may be, or of
/// another type.
template <class T>
void check_stored(const T& x, const std::set<std::string>& may_be_missing = {}) {
  json j = x;
  auto text = j.dump();
  CHECK(caf::deep_to_string(json::parse(text).template get<T>()) == caf::deep_to_string(x));
  CHECK(json(json::parse(text).template get<T>()).dump() == text);
  for (auto& field : j.items()) {
    const auto& name = field.key();
    const auto& value = field.value();
    CAPTURE(name);
    auto broken = j;
    broken.erase(name);
    if (may_be_missing.count(name) == 0)
      CHECK_THROWS_AS(broken.template get<T>(), json::exception);
    else
      CHECK_NOTHROW(broken.template get<T>());
    broken[name] = value.is_boolean() ? json(1) : json(true);
    CHECK_THROWS_AS(broken.template get<T>(), json::exception);
    if (value.is_number())
      for (auto& wrong : {json(-1), json(1.5), json("1")}) {
        broken[name] = wrong;
        CHECK_THROWS_AS(broken.template get<T>(), json::exception);
      }
  }
  for (auto& wrong : {json(), json::array(), json("text"), json(1), json::object()})
    CHECK_THROWS_AS(wrong.template get<T>(), json::exception);
}

/// What a confirmation is worth comes with each answer of the endpoint, and is not stored.
channel_message as_stored(channel_message x) {
  REQUIRE(x.confirmation != confirmation_kind::unsaid);
  x.confirmation = confirmation_kind::unsaid;
  return x;
}

errc refusal(std::string_view text) {
  auto x = parse_json(text);
  return x ? errc::none : code_of(x.error());
}

} // namespace

TEST_SUITE("JSON text") {

  TEST_CASE("well-formed text of any kind is taken") {
    for (auto text : {"{}", "[]", "null", "1", "\"é 東京 🚢\"", " {\"a\": [1, 2.5e3, true]} ",
                      "\"\\ud83d\\udea2\\u0000\""})
      CHECK(parse_json(text));
  }

  TEST_CASE("anything else is a bad request") {
    for (std::string_view text :
         {"",      " ",   "{",        "{}{}",     "{} x",        "[1,]",        "{\"a\":1,}",
          "{a:1}", "'a'", "NaN",      "Infinity", "01",          "+1",          ".5",
          "1.",    "tru", "\"a\nb\"", "\"\\x\"",  "\"\\ud83d\"", "\"\\udea2\"", "// comment\n1",
          "1e999"}) {
      CAPTURE(text);
      CHECK(refusal(text) == errc::bad_request);
    }
  }

  TEST_CASE("a NUL is a bad request, wherever it stands") {
    using namespace std::string_view_literals;
    for (auto text : {"{}\0"sv, "{}\0{"sv, "{\"a\":\"b\0\"}"sv, "\0{}"sv, "[1,\0"sv})
      CHECK(refusal(text) == errc::bad_request);
  }

  TEST_CASE("invalid UTF-8 is a bad request, wherever it stands") {
    for (auto bytes : {"\xff", "\x80", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80"}) {
      CHECK(refusal(bytes) == errc::bad_request);
      CHECK(refusal("\"" + std::string{bytes} + "\"") == errc::bad_request);
      CHECK(refusal("{\"" + std::string{bytes} + "\":1}") == errc::bad_request);
    }
  }

  TEST_CASE("an object's texts are found by name, whatever stands beside them") {
    using texts = std::map<std::string, std::string>;
    CHECK(text_members(R"({"a":"1","b":""})") == texts{{"a", "1"}, {"b", ""}});
    CHECK(text_members(R"({"a":"\u0031","b":null,"c":[],"d":2})") == texts{{"a", "1"}});
    for (auto text : {"", "[]", "{}", R"({"a")", R"("a")"})
      CHECK(text_members(text).empty());
  }

  TEST_CASE("64 levels are taken, one more is not") {
    auto nested = [](size_t levels, std::string_view open, std::string_view close) {
      return test::repeated(open, levels) + "1" + test::repeated(close, levels);
    };
    CHECK(refusal(nested(64, "[", "]")) == errc::none);
    CHECK(refusal(nested(64, "{\"a\":", "}")) == errc::none);
    CHECK(refusal(nested(65, "[", "]")) == errc::bad_request);
    CHECK(refusal(nested(65, "{\"a\":", "}")) == errc::bad_request);
    CHECK(refusal(test::repeated("[", 5'000'000)) == errc::bad_request);
    // Brackets inside a text are no levels, and side by side they are one.
    CHECK(refusal("\"" + test::repeated("[", 1000) + "\\\"" + test::repeated("{", 1000) + "\"") ==
          errc::none);
    CHECK(refusal("[" + test::repeated("[],", 1000) + "[]]") == errc::none);
  }

  TEST_CASE("a text beyond 16 MiB is a bad request") {
    CHECK(refusal("\"" + std::string(16 << 20, 'x') + "\"") == errc::bad_request);
    CHECK(refusal("\"" + std::string((16 << 20) - 2, 'x') + "\"") == errc::none);
  }

  TEST_CASE("what is written is read back by any parser") {
    std::string every;
    for (char c = 0; c >= 0; ++c) {
      every += c;
      if (c == 127)
        break;
    }
    for (auto& text :
         {every, std::string{"é 東京 🚢 \u2028"}, std::string{}, std::string(5, '\0')}) {
      std::string out;
      json_text::append(out, text);
      CHECK(json::parse(out).get<std::string>() == text);
      CHECK(json_text::well_formed(text) == text);
    }
  }

  TEST_CASE("what is not UTF-8 is written as replacement characters") {
    std::string out;
    json_text::append(out, "a\xff\xc3(\xe6\x9d");
    CHECK(out == "\"a\ufffd\ufffd(\ufffd\ufffd\"");
    CHECK(json_text::well_formed("a\xff\xc3(\xe6\x9d") == "a\ufffd\ufffd(\ufffd\ufffd");
  }

  TEST_CASE("an object is written member by member") {
    CHECK(json_text::object{}.take() == "{}");
    CHECK(json_text::object{}
              .text("a", "x\"y")
              .number("b", 18446744073709551615u)
              .texts("c", {})
              .texts("d", {"1", "2"})
              .open("e")
              .close()
              .open("f")
              .text("g", "")
              .close()
              .raw("h", "[null]")
              .take() ==
          R"({"a":"x\"y","b":18446744073709551615,"c":[],"d":["1","2"],"e":{},"f":{"g":""},)"
          R"("h":[null]})");
  }

} // TEST_SUITE

TEST_SUITE("stored values") {

  TEST_CASE("every stored type is lossless and refuses a missing or wrong field") {
    SUBCASE("reference") {
      check_stored(test::filled<reference>());
    }
    SUBCASE("message") {
      check_stored(test::filled<message>());
    }
    SUBCASE("message_record") {
      check_stored(test::filled<message_record>());
    }
    SUBCASE("channel_message") {
      check_stored(as_stored(test::filled<channel_message>()));
    }
    SUBCASE("channel_record") {
      auto x = test::filled<channel_record>();
      x.said = as_stored(x.said);
      check_stored(x);
    }
    SUBCASE("event") {
      check_stored(test::filled<event>());
    }
    SUBCASE("subscription") {
      check_stored(test::filled<subscription>());
    }
    SUBCASE("open_job") {
      check_stored(test::filled<open_job>());
    }
    SUBCASE("dead_letter") {
      check_stored(test::filled<dead_letter>());
    }
    SUBCASE("object_info") {
      check_stored(test::filled<object_info>());
    }
    SUBCASE("node_status") {
      check_stored(test::filled<node_status>());
    }
    SUBCASE("backup_state") {
      check_stored(test::filled<backup_state>());
    }
    SUBCASE("configuration_reload") {
      check_stored(test::filled<configuration_reload>(), {"at"});
    }
    SUBCASE("readiness") {
      check_stored(test::filled<readiness>());
    }
  }

  TEST_CASE("empty values are lossless too") {
    check_stored(reference{});
    check_stored(message{});
    check_stored(message_record{});
    check_stored(channel_record{});
    check_stored(event{});
    check_stored(subscription{});
    check_stored(open_job{});
    check_stored(dead_letter{});
    check_stored(object_info{});
    check_stored(node_status{});
    check_stored(backup_state{});
    check_stored(configuration_reload{});
    check_stored(readiness{});
  }

  TEST_CASE("odd texts, large numbers and fine times survive") {
    message_record x;
    x.content = test::odd_message();
    x.content.sender_ref = test::repeated("🚢", 256);
    x.status = message_status::rejected;
    x.version = 18446744073709551615u;
    for (int64_t ns : {int64_t{0}, int64_t{1}, int64_t{-1}, int64_t{999}, int64_t{1000},
                       int64_t{1795249530123456789}}) {
      x.since = test::at_nanosecond(ns);
      CHECK(json::parse(json(x).dump()).get<message_record>() == x);
    }
  }

  TEST_CASE("a number that does not fit its field is refused") {
    auto j = json(test::filled<open_job>());
    j["attempts"] = 4294967295u;
    CHECK(j.get<open_job>().attempts == 4294967295u);
    j["attempts"] = 4294967296u;
    CHECK_THROWS_AS(j.get<open_job>(), json::exception);
  }

  TEST_CASE("an operator who looks at a job is not shown a subscriber's secret") {
    verify_intent order;
    order.callback = "http://h/x";
    order.secret = "do not tell";
    order.request_id = "r1";
    dead_letter letter;
    letter.job.order = make_job(order);
    REQUIRE(letter.job.order.body.find(order.secret) != std::string::npos);
    auto shown = json(letter).dump();
    CHECK(shown.find(order.secret) == std::string::npos);
    CHECK(shown.find("http://h/x") != std::string::npos);
    auto body = json::parse(json(letter.job)["body"].get<std::string>());
    CHECK(body["request_id"] == "r1");
    CHECK(body["secret"] == "(not shown)");
    letter.job.order.body.pop_back();
    CHECK(json(letter).dump().find(order.secret) == std::string::npos);
    order.secret.clear();
    letter.job.order = make_job(order);
    CHECK(json::parse(json(letter.job)["body"].get<std::string>())["secret"] == "");
  }

  TEST_CASE("an unknown name of a status, kind or stream is refused") {
    auto record = json(test::filled<message_record>());
    record["status"] = "done";
    CHECK_THROWS_AS(record.get<message_record>(), json::exception);
    auto happened = json(test::filled<event>());
    happened["what"] = "eaten";
    CHECK_THROWS_AS(happened.get<event>(), json::exception);
    auto job = json(test::filled<open_job>());
    job["on"] = "nowhere";
    CHECK_THROWS_AS(job.get<open_job>(), json::exception);
    job["on"] = "outbox";
    job["due"] = "tomorrow";
    CHECK_THROWS_AS(job.get<open_job>(), json::exception);
  }

  TEST_CASE("what peers said can always be written, even if it is not UTF-8") {
    auto x = test::filled<dead_letter>();
    x.reason = x.job.last_error = "\xff";
    CHECK_NOTHROW(json(x).dump());
    auto happened = test::filled<event>();
    happened.detail = "\xff";
    CHECK_NOTHROW(json(happened).dump());
    auto status = test::filled<node_status>();
    status.streams.detail = status.tree.last_error = status.channels[0].last_error =
        status.last_reload.said[0] = "\xc3";
    CHECK_NOTHROW(json(status).dump());
  }

} // TEST_SUITE
