#include "http/form.hpp"

#include <doctest/doctest.h>

using namespace igl;

TEST_SUITE("form") {
  TEST_CASE("names and values are decoded") {
    auto x = form::parse("hub.mode=subscribe&a+b=c%20d%3D&empty=&flag&hub.mode=second");
    REQUIRE(x);
    CHECK(x->value("hub.mode") == "subscribe");
    CHECK(x->value("a b") == "c d=");
    CHECK(x->value("empty").empty());
    CHECK(x->has("flag"));
    CHECK_FALSE(x->has("none"));
    CHECK(x->value("none").empty());
  }

  TEST_CASE("empty parts do not matter, broken encoding does") {
    CHECK(form::parse("")->value("x").empty());
    CHECK(form::parse("&&a=1&")->value("a") == "1");
    CHECK_FALSE(form::parse("a=%2"));
    CHECK_FALSE(form::parse("%zz=1"));
  }

  TEST_CASE("what is decoded is UTF-8 without NUL, or nothing") {
    CHECK(*decode_text("M%C3%BCnchen/\xc3\xbc") == "M\xc3\xbcnchen/\xc3\xbc");
    CHECK(decode_text("")->empty());
    for (auto text : {"%00", "a%00b", "%ff", "\xff", "%e2%82", "%c0%af", "%ed%a0%80",
                      "%f4%90%80%80", "%zz", "%4"}) {
      CAPTURE(text);
      CHECK_FALSE(decode_text(text));
      CHECK_FALSE(form::parse(std::string("a=") + text));
      CHECK_FALSE(form::parse(std::string(text) + "=a"));
    }
  }

  TEST_CASE("a media type has no parameters and no capitals") {
    CHECK(media_type_of("Application/JSON; charset=utf-8") == "application/json");
    CHECK(media_type_of(" text/plain ") == "text/plain");
    CHECK(media_type_of("").empty());
  }

  TEST_CASE("a header's parameter may be quoted") {
    CHECK(header_parameter("form-data; name=\"a; b\"; filename=x.pdf", "name") == "a; b");
    CHECK(header_parameter("form-data; name=\"a; b\"; filename=x.pdf", "FileName") == "x.pdf");
    CHECK(header_parameter("form-data; name=\"say \\\"hi\\\"\"", "name") == "say \"hi\"");
    CHECK(header_parameter("name=first", "name").empty());
    CHECK(header_parameter("x; name", "name").empty());
  }
}
