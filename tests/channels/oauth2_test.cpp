#include "channels/oauth2.hpp"
#include "messages/errors.hpp"

#include <doctest/doctest.h>

using namespace igl;
using std::chrono::seconds;

namespace {

const caf::timestamp noon{seconds{1795262400}};

channel_auth_settings auth() {
  return {channel_auth::oauth2, "node au", "s3cr:t", "channel/post channel/read",
          "http://auth.example/oauth2/token"};
}

caf::expected<oauth2::access_token> read(uint16_t status, const std::string& body) {
  return oauth2::read_token(auth(), {status, {}, body}, noon);
}

} // namespace

TEST_SUITE_BEGIN("oauth2");

TEST_CASE("asks for a token with Basic authentication and a form") {
  auto x = oauth2::token_request(auth(), seconds{3});
  CHECK(x.method == "POST");
  CHECK(x.url == "http://auth.example/oauth2/token");
  CHECK(x.timeout == seconds{3});
  // base64 of "node%20au:s3cr%3At"
  CHECK(x.headers.at(0).name == "Authorization");
  CHECK(x.headers.at(0).value == "Basic bm9kZSUyMGF1OnMzY3IlM0F0");
  CHECK(x.body == "grant_type=client_credentials&client_id=node%20au&"
                  "scope=channel%2Fpost%20channel%2Fread");
  auto without = auth();
  without.scope.clear();
  CHECK(oauth2::token_request(without, seconds{3}).body.find("scope") == std::string::npos);
}

TEST_CASE("keeps a token until shortly before it expires") {
  auto hour = read(200, R"({"access_token":"t-1","token_type":"Bearer","expires_in":3600})");
  REQUIRE(hour);
  CHECK(hour->value == "t-1");
  CHECK(hour->ends == noon + seconds{3540});
  CHECK(read(200, R"({"access_token":"t","expires_in":100})")->ends == noon + seconds{90});
  CHECK(read(200, R"({"access_token":"t","expires_in":"100"})")->ends == noon + seconds{90});
  CHECK(read(200, R"({"access_token":"t"})")->ends == noon + seconds{270});
  CHECK(read(200, R"({"access_token":"t","expires_in":1e300})")->ends ==
        noon + seconds{24 * 3600 - 60});
}

TEST_CASE("says who must act when there is no token") {
  auto refused = read(401, R"({"error":"invalid_client"})");
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::peer_refused);
  auto sentence = sentence_of(refused.error());
  CHECK(sentence.find("http://auth.example/oauth2/token") != std::string::npos);
  CHECK(sentence.find("check client_id, client_secret and scope") != std::string::npos);
  CHECK(sentence.find("s3cr") == std::string::npos);
  CHECK(code_of(read(400, "").error()) == errc::peer_refused);
  for (uint16_t status : {500, 503, 429, 408})
    CHECK(code_of(read(status, "").error()) == errc::peer_failed);
}

TEST_CASE("refuses an answer that is no token") {
  for (auto body :
       {"", "[]", "{}", R"({"access_token":7})", R"({"access_token":""})",
        R"({"access_token":"two words"})", R"({"access_token":"a\r\nX: y"})",
        R"({"access_token":"t","expires_in":0})", R"({"access_token":"t","expires_in":-5})",
        R"({"access_token":"t","expires_in":"soon"})", R"({"access_token":"t","expires_in":[]})"}) {
    CAPTURE(body);
    CHECK(code_of(read(200, body).error()) == errc::bad_answer);
  }
  CHECK(code_of(read(302, "").error()) == errc::bad_answer);
}

TEST_CASE("puts the token into a request, in place of an older one") {
  http_request x;
  x.headers = {{"Accept", "application/json"}};
  auto first = oauth2::authorized(x, "t-1");
  CHECK(first.headers.at(1).value == "Bearer t-1");
  auto second = oauth2::authorized(first, "t-2");
  CHECK(second.headers.size() == 2);
  CHECK(second.headers.at(1).value == "Bearer t-2");
}

TEST_SUITE_END();
