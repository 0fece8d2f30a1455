#include "messages/api.hpp"

#include "examples.hpp"
#include "messages/errors.hpp"
#include "messages/uri.hpp"

#include <doctest/doctest.h>

using namespace igl;

namespace {

http_request asked() {
  http_request x;
  x.method = "GET";
  x.url = "http://sg.example/x";
  return x;
}

http_response answered(uint16_t status, std::string body = {}) {
  http_response x;
  x.status = status;
  x.body = std::move(body);
  return x;
}

} // namespace

TEST_SUITE("http answers") {

  TEST_CASE("a header is found whatever its case") {
    http_response x;
    x.headers = {{"Content-Type", "text/plain"}, {"Link", "<a>"}, {"link", "<b>"}};
    CHECK(x.header("content-type") == "text/plain");
    CHECK(x.header("LINK") == "<a>");
    CHECK(x.header("Content") == "");
    CHECK(x.header("") == "");
  }

  TEST_CASE("2xx is no error") {
    for (uint16_t status : {200, 201, 202, 204, 299})
      CHECK(!error_of(asked(), answered(status)));
  }

  TEST_CASE("what the peer refuses is not worth asking again, what fails is") {
    for (uint16_t status : {400, 401, 403, 404, 409, 410, 413, 422})
      CHECK(code_of(error_of(asked(), answered(status))) == errc::peer_refused);
    for (uint16_t status : {408, 429, 500, 502, 503, 504})
      CHECK(code_of(error_of(asked(), answered(status))) == errc::peer_failed);
    for (uint16_t status : {0, 100, 301, 302, 304})
      CHECK(code_of(error_of(asked(), answered(status))) == errc::bad_answer);
  }

  TEST_CASE("the sentence quotes the beginning of the answer, fit for one line") {
    CHECK(sentence_of(error_of(asked(), answered(404, "{\"a\":\n1}"))) ==
          "peer_refused: the peer refused: GET http://sg.example/x was answered 404: {\"a\": 1}");
    for (auto& body : {test::repeated("🚢", 1000), std::string(1000, '\xff'), std::string("\xff"),
                       std::string(1000, 'x')}) {
      auto detail = problem_of(error_of(asked(), answered(500, body))).detail;
      CHECK(is_plain_text(detail));
      CHECK(detail.size() < 1000);
    }
  }

} // TEST_SUITE
