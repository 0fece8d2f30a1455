#include "http/detail/routes.hpp"
#include "http/form.hpp"
#include "tests/actors/websub_hub.hpp"

// The seven tests of hubs of https://websub.rocks, with the publisher, the subscriber and the site
// in one: a topic of the site's own is subscribed to, changed, and published by hub.mode=publish.

using namespace igl;
using namespace igl::websub_tests;
using namespace std::chrono_literals;

namespace {

/// The test site: a topic and a subscriber.
class test_site : public websub_hub {
public:
  std::string topic = "http://site.example/blog/100?a=B.c";
  http_response content{200, {{"Content-Type", "text/html; charset=utf-8"}}, "<p>first</p>\n"};

  test_site() {
    settings.publish = true;
    peers->answer = [this](const http_request& x) -> caf::expected<http_response> {
      if (x.url == topic)
        return content;
      return x.method == "GET" ? echo(x) : http_response{200, {}, {}};
    };
    open();
  }
  subscription_request asking(std::string mode = "subscribe", std::string secret = {}) {
    return {std::move(mode), topic, callback, std::move(secret), {}};
  }
  errc say_published(const std::string& what) {
    subscription_request x;
    x.mode = "publish";
    x.topic = what;
    return post(x);
  }
  /// The topic changes, its publisher says so; what the subscriber is sent, if it is.
  std::vector<http_request> change(const std::string& body) {
    content.body = body;
    peers->asked.clear();
    REQUIRE(say_published(topic) == errc::none);
    work();
    std::vector<http_request> sent;
    for (auto& x : peers->asked)
      if (x.method == "POST")
        sent.push_back(x);
    return sent;
  }
  /// The one delivery, verbatim, with the topic's own media type and both links.
  http_request delivered(const std::string& body) {
    auto sent = change(body);
    REQUIRE(sent.size() == 1);
    CHECK(sent[0].url == callback);
    CHECK(sent[0].body == body);
    CHECK(header_of(sent[0], "Content-Type") == content.header("Content-Type"));
    CHECK(header_of(sent[0], "Link") ==
          "<http://hub/subscriptions>; rel=\"hub\", <" + topic + ">; rel=\"self\"");
    return sent[0];
  }
};

} // namespace

TEST_SUITE_BEGIN("WebSub test site");

TEST_CASE_FIXTURE(test_site, "100: typical subscription request") {
  subscribe(asking());
  auto x = delivered("<p>second</p>\n");
  CHECK(header_of(x, "X-Hub-Signature").empty());
}

TEST_CASE_FIXTURE(test_site, "101: subscription request with secret") {
  subscribe(asking("subscribe", "s3cret of the site"));
  auto x = delivered("<p>signed</p>");
  CHECK(header_of(x, "X-Hub-Signature") == hub_signature("s3cret of the site", x.body));
}

// What the topic's URL has must stay.
TEST_CASE_FIXTURE(test_site, "102: subscription request with extra parameters") {
  topic += "&hub.mode=unsubscribe&foo=bar";
  auto fields = form::parse("foo=bar&hub.foo=1&hub.callback=" + percent_encode(callback) +
                            "&topic=other&hub.mode=subscribe&callback=http%3A%2F%2Fevil%2F&"
                            "hub.topic=" +
                            percent_encode(topic) + "&hub.topic=late&hub.verify=sync&=&");
  REQUIRE(fields);
  subscribe(subscription_of(*fields));
  delivered("<p>extra</p>");
}

TEST_CASE_FIXTURE(test_site, "103: re-subscribe before the subscription expires") {
  subscribe(asking());
  pass(1h, 10min);
  subscribe(asking("subscribe", "later"));
  auto x = delivered("<p>once</p>");
  CHECK(header_of(x, "X-Hub-Signature") == hub_signature("later", x.body));
}

TEST_CASE_FIXTURE(test_site, "104: unsubscribe request") {
  subscribe(asking());
  delivered("<p>before</p>");
  subscribe(asking("unsubscribe"));
  CHECK(change("<p>after</p>").empty());
}

TEST_CASE_FIXTURE(test_site, "105: plaintext content") {
  content.headers = {{"Content-Type", "text/plain"}};
  subscribe(asking());
  delivered("plain text, \xe2\x9c\x93 and " + std::string(1, '\0') + "\xff no text at all\r\n");
}

TEST_CASE_FIXTURE(test_site, "106: JSON content") {
  content.headers = {{"Content-Type", "application/json"}};
  subscribe(asking());
  delivered("{ \"spaces\" : [1,\t2 ] }\n");
}

TEST_CASE_FIXTURE(test_site,
                  "a topic nobody subscribed to is told nobody, and nobody else's either") {
  auto everything = form();
  everything.topic = "*";
  subscribe(everything);
  CHECK(change("x").empty());
}

TEST_CASE_FIXTURE(test_site, "what nobody subscribed to is not fetched") {
  CHECK(say_published(topic) == errc::none);
  CHECK(due().empty());
  subscribe(asking());
  CHECK(say_published(topic + "&other") == errc::none);
  CHECK(due().empty());
  pass(24h * 365, 24h);
  CHECK(say_published(topic) == errc::none);
  CHECK(due().empty());
  CHECK(peers->asked.empty());
}

TEST_CASE_FIXTURE(test_site, "however often a topic is said to have changed, it is fetched once") {
  subscribe(asking());
  content.body = "x";
  for (int i = 0; i < 100; ++i)
    REQUIRE(say_published(topic) == errc::none);
  work();
  CHECK(std::count_if(peers->asked.begin(), peers->asked.end(),
                      [&](auto& x) { return x.url == topic; }) == 1);
  CHECK(told(callback) == "x ");
}

TEST_CASE_FIXTURE(test_site, "a topic in the hub's own network is refused") {
  for (auto url : {"http://127.0.0.1/", "http://localhost:8080/x", "http://169.254.169.254/"})
    CHECK_MESSAGE(say_published(url) == errc::topic_validation, url);
}

TEST_CASE_FIXTURE(test_site, "a topic that cannot be fetched is tried again, then told once") {
  subscribe(asking());
  content.status = 500;
  CHECK(change("x").empty());
  CHECK(code_of(last_error) == errc::peer_failed);
  content.status = 200;
  peers->asked.clear();
  work();
  CHECK(told(callback) == "x ");
}

TEST_CASE_FIXTURE(test_site,
                  "what is no URL is not published so, and nothing is unless it is configured") {
  CHECK(say_published("UN.CEFACT.x") == errc::topic_validation);
  CHECK(say_published("http://") == errc::topic_validation);
  CHECK(say_published("") == errc::missing_attributes);
  settings.publish = false;
  open();
  CHECK(say_published(topic) != errc::none);
  CHECK(post(asking()) == errc::topic_validation);
}

TEST_CASE_FIXTURE(test_site, "a topic that is not to be called is not fetched") {
  subscribe(asking());
  peers->answer = [](const http_request&) {
    return make_problem(errc::forbidden, "site.example is at 10.0.0.1");
  };
  REQUIRE(say_published(topic) == errc::none);
  work();
  CHECK(due().empty());
  auto refused = events_of(event_kind::subscription_refused);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].detail.find("10.0.0.1") != std::string::npos);
}

TEST_SUITE_END();
