#include "messages/json_plain.hpp"
#include "messages/quick_json.hpp"

#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include <random>

using namespace igl;
using nlohmann::json;

namespace {

const std::string usual = " { \"sender\" : \"AU\",\n\t\"obj\":\"Qm\\\"\\\\\\/x\", "
                          "\"ref\":\"\xc3\xa9\xf0\x9f\x9a\xa2\" }\r\n";

/// The quick reader may give up, but what it takes is what the complete parser reads.
void check_agreement(const std::string& text) {
  auto quick = quick_json::string_members(text);
  if (!quick)
    return;
  CAPTURE(text);
  auto complete = json::parse(text, nullptr, false);
  REQUIRE(complete.is_object());
  REQUIRE(complete.size() == quick->size());
  for (const auto& [name, value] : *quick)
    CHECK(complete.at(name) == value);
}

} // namespace

TEST_SUITE("quick JSON") {

  TEST_CASE("an object of strings is read with its white space and escapes") {
    auto all = quick_json::string_members(usual);
    REQUIRE(all);
    REQUIRE(all->size() == 3);
    CHECK((*all)[0] == std::pair<std::string, std::string>{"sender", "AU"});
    CHECK((*all)[1].second == "Qm\"\\/x");
    CHECK((*all)[2].second == "\xc3\xa9\xf0\x9f\x9a\xa2");
    check_agreement(usual);
  }

  TEST_CASE("what is no plain object of strings is left to others") {
    for (std::string text : {"",
                             "{",
                             "{}",
                             "[]",
                             "null",
                             R"({"a":1})",
                             R"({"a":null})",
                             R"({"a":{}})",
                             R"({"a":["b"]})",
                             R"({"a":"b","a":"c"})",
                             R"({"a":"b",})",
                             R"({"a":"b"}})",
                             R"({"a":"b"} x)",
                             R"({"a" "b"})",
                             R"({a:"b"})",
                             R"({"a":"\u0041"})",
                             R"({"a":"b)",
                             "{\"a\":\"\x01\"}",
                             "{\"a\":\"\xff\"}",
                             "{\"a\":\"\xed\xa0\x80\"}",
                             "\xef\xbb\xbf{\"a\":\"b\"}"}) {
      CAPTURE(text);
      CHECK(!quick_json::string_members(text));
    }
    std::string many = "{";
    for (char c = 'a'; c < 'a' + 17; ++c)
      many += std::string(many.size() > 1 ? "," : "") + '"' + c + "\":\"x\"";
    CHECK(!quick_json::string_members(many + "}"));
  }

  TEST_CASE("what stands for itself ends at any byte that does not, wherever it is") {
    for (int c = 0; c < 256; ++c)
      for (size_t before = 0; before < 20; ++before) {
        auto stops = c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
        auto text = std::string(before, 'a') + static_cast<char>(c) + "!~ #[]";
        CHECK(plain_prefix(text) == (stops ? before : text.size()));
      }
    CHECK(plain_prefix("") == 0);
  }

  TEST_CASE("it never takes what the complete parser reads otherwise") {
    std::mt19937 random{4711};
    const std::string signs = "{}[]\":,\\ \n\t\"ab01\x80\xc3\xff";
    int taken = 0;
    for (int round = 0; round < 20000; ++round) {
      auto text = usual;
      for (auto changes = random() % 4; changes > 0; --changes) {
        const auto at = random() % text.size();
        const auto sign = signs[random() % signs.size()];
        switch (random() % 3) {
        case 0:
          text[at] = sign;
          break;
        case 1:
          text.insert(at, 1, sign);
          break;
        default:
          text.erase(at, 1);
        }
      }
      check_agreement(text);
      taken += quick_json::string_members(text).has_value();
    }
    // Otherwise this would have compared nothing.
    CHECK(taken > 5000);
  }

} // TEST_SUITE
