#include "http/router.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

router example() {
  router x;
  auto nothing = [](const std::shared_ptr<exchange>&) {
  };
  x.add("GET", "/{}", nothing);
  x.add("GET", "/", nothing);
  x.add("POST", "/message", nothing);
  x.add("GET", "/message/{}", nothing);
  x.add("PATCH", "/message/{}", nothing);
  x.add("POST", "/messages/subscriptions/by_id", nothing);
  x.add("PUT", "/messages/{}/status", nothing);
  return x;
}

} // namespace

TEST_SUITE("router") {
  TEST_CASE("finds by method and path, and says what stood for a segment") {
    auto x = example();
    CHECK(x.find("GET", "/").handler);
    CHECK(x.find("POST", "/message").handler);
    auto found = x.find("PATCH", "/message/AU%3A17");
    CHECK(found.handler);
    CHECK(found.captured == std::vector<std::string_view>{"AU%3A17"});
    CHECK(x.find("PUT", "/messages/17/status").captured == std::vector<std::string_view>{"17"});
  }

  TEST_CASE("trailing slashes do not count") {
    auto x = example();
    CHECK(x.find("POST", "/message/").handler);
    CHECK(x.find("GET", "//").handler);
    CHECK(x.find("GET", "/message/a//").captured == std::vector<std::string_view>{"a"});
  }

  TEST_CASE("a literal goes before a wildcard, also for methods that it does not have") {
    auto x = example();
    CHECK_FALSE(x.find("GET", "/message").handler);
    CHECK(x.find("GET", "/message").allow == "POST");
    CHECK(x.find("GET", "/other").handler);
  }

  TEST_CASE("an unknown path has no methods") {
    auto x = example();
    for (auto path : {"/message/a/b", "/messages//status", "/x/y", "//message"}) {
      CAPTURE(path);
      CHECK_FALSE(x.find("GET", path).handler);
      CHECK(x.find("GET", path).allow.empty());
    }
    CHECK(x.find("DELETE", "/message/a").allow == "GET, PATCH");
  }
}
