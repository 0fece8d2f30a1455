#include "fake_node.hpp"

#include "http/access_control.hpp"
#include "messages/errors.hpp"
#include "tests/support/token_issuer.hpp"

#include <doctest/doctest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <sstream>

using namespace igl;
using nlohmann::json;
using test::signing_key;
using wire::ask;

namespace {

const std::string au_token = "au-token-0123456789";
const std::string form_type = "application/x-www-form-urlencoded";

token_keys_actor::behavior_type fake_keys(token_keys_actor::pointer,
                                          std::function<caf::error()> renew) {
  return {[=](const renew_token_keys&) -> caf::result<token_keys_renewed> {
            if (auto why = renew())
              return why;
            return token_keys_renewed{1};
          },
          [](caf::tick_atom) {
          }};
}

/// A Channel API that takes the token of one Australian node, and web tokens.
struct guarded_channel : fake_node {
  std::shared_ptr<key_ring> ring = std::make_shared<key_ring>();
  signing_key key{signing_key::kind::p256, "k-1"};
  std::function<caf::error()> renew = [] {
    return caf::error{};
  };
  token_keys_actor keys;
  std::string as; ///< whom the API's actor was told
  std::atomic<int> reached{0};
  std::ostringstream log;
  std::shared_ptr<spdlog::logger> before = spdlog::default_logger();

  guarded_channel() : fake_node(start::later) {
    endpoint_settings settings;
    settings.id = "channel";
    settings.jurisdictions = {"AU", "SG"};
    settings.nodes = {{"au-node", "AU", au_token, {}}};
    settings.access.jwks = "https://issuer.example/jwks";
    settings.access.issuer = "https://issuer.example";
    settings.access.audience = "channel";
    settings.access.jurisdiction_claim = "jurisdiction";
    how.channel_access = std::make_shared<const access_control>(
        settings, ring, [] { return caf::timestamp{std::chrono::seconds{1'800'000'000}}; });
    keys = system->spawn(fake_keys, [this] { return renew(); });
    who.keys = keys;
    ring->put(std::move(*key_set::parse(test::key_set_of({&key}))));
    answers->post_to = [this](const post_to_channel& x) {
      return said(x.as_jurisdiction, channel_receipt{"m-1"});
    };
    answers->find_in = [this](const find_channel_message& x) {
      return said(x.as_jurisdiction, channel_message{x.id, {}, channel_status::confirmed});
    };
    answers->updates = [this](const find_channel_updates& x) {
      return said(x.as_jurisdiction, channel_page{});
    };
    answers->subscribe = [this](const subscription_request& x) {
      return said(x.as_jurisdiction, subscription_accepted{});
    };
    answers->revoke = [this](const revoke_channel_message& x) {
      return said(x.as_jurisdiction, channel_message{x.id, {}, channel_status::revoked});
    };
    answers->who = [this](const find_participants&) {
      return said("AU", participants{{"AU", "SG"}});
    };
    auto lines = std::make_shared<spdlog::logger>(
        "test", std::make_shared<spdlog::sinks::ostream_sink_mt>(log));
    lines->set_level(spdlog::level::warn);
    spdlog::set_default_logger(lines);
    open();
  }
  ~guarded_channel() {
    spdlog::set_default_logger(before);
    caf::anon_send_exit(keys, caf::exit_reason::user_shutdown);
    keys = nullptr;
    who.keys = nullptr;
  }

  template <class Answer>
  caf::expected<Answer> said(const std::string& whom, Answer x) {
    as = whom;
    ++reached;
    return x;
  }
  wire::response get(const std::string& path, const std::string& authorization) {
    wire::headers with;
    if (!authorization.empty())
      with.emplace_back("Authorization", authorization);
    return ask(url(api::channel), "GET", path, with);
  }
  std::string web_token(const std::string& jurisdiction, const signing_key& by) {
    return "Bearer " + by.sign({{"iss", "https://issuer.example"},
                                {"aud", "channel"},
                                {"sub", "client-1"},
                                {"exp", 1'800'000'060},
                                {"jurisdiction", jurisdiction}});
  }
};

/// Each request of the Channel API that is one.
struct request {
  std::string method, path, type, body;
};
const std::vector<request> all_requests{
    {"POST", "/messages", "application/json", message_json()},
    {"GET", "/messages?updated_since=2020-01-12T10:00:00Z", "", ""},
    {"GET", "/messages/m-1", "", ""},
    {"PUT", "/messages/m-1/status", form_type, "status=revoked"},
    {"GET", "/participants", "", ""},
    {"POST", "/subscriptions", form_type, "hub.topic=m-1"},
    {"POST", "/messages/subscriptions/by_id", form_type, "hub.topic=m-1"},
    {"POST", "/messages/subscriptions/by_jurisdiction", form_type, "hub.topic=AU"}};

wire::response send(const fake_node& to, const request& x, const std::string& authorization) {
  wire::headers with;
  if (!x.type.empty())
    with.emplace_back("Content-Type", x.type);
  if (!authorization.empty())
    with.emplace_back("Authorization", authorization);
  return ask(to.url(api::channel), x.method, x.path, with, x.body);
}

} // namespace

TEST_SUITE_BEGIN("channel access");

TEST_CASE_FIXTURE(guarded_channel, "nothing of the Channel API is done without a good token") {
  for (auto& x : all_requests) {
    CAPTURE(x.path);
    auto none = send(*this, x, "");
    CHECK(none.status == 401);
    CHECK(none.field("WWW-Authenticate") == "Bearer realm=\"channel\"");
    auto wrong = send(*this, x, "Bearer wrong-token-0123456789");
    CHECK(wrong.status == 401);
    CHECK(wrong.field("WWW-Authenticate") == R"(Bearer realm="channel", error="invalid_token")");
    CHECK(wrong.error()["source"] == json{"Authorization"});
  }
  CHECK(reached == 0);
}

TEST_CASE_FIXTURE(guarded_channel,
                  "a good token for something else is told from an unwanted message") {
  auto post_that_fails = [&](caf::error why) {
    answers->post_to = [why](const post_to_channel&) {
      return caf::expected<channel_receipt>{why};
    };
    return send(*this, all_requests[0], "Bearer " + au_token);
  };
  auto not_as_sg =
      post_that_fails(make_problem(errc::forbidden, "not as SG", R"(["Authorization"])"));
  CHECK(not_as_sg.status == 403);
  CHECK(not_as_sg.field("WWW-Authenticate") ==
        R"(Bearer realm="channel", error="insufficient_scope")");
  CHECK(not_as_sg.error()["detail"] == "not as SG");
  auto screened = post_that_fails(make_problem(errc::forbidden, "this channel's filters"));
  CHECK(screened.status == 403);
  CHECK(screened.field("WWW-Authenticate") == "");
  // A token that is good, but belongs to nobody here.
  auto nobody = get("/participants", web_token("NZ", key));
  CHECK(nobody.status == 403);
  CHECK(nobody.field("WWW-Authenticate") ==
        R"(Bearer realm="channel", error="insufficient_scope")");
}

TEST_CASE_FIXTURE(guarded_channel, "whoever has a token asks as its jurisdiction") {
  for (auto& x : all_requests) {
    CAPTURE(x.path);
    as.clear();
    CHECK(send(*this, x, "Bearer " + au_token).status / 100 == 2);
    CHECK(as == "AU");
    if (x.path != "/participants") {
      CHECK(send(*this, x, web_token("SG", key)).status / 100 == 2);
      CHECK(as == "SG");
    }
  }
  CHECK(get("/participants", "Bearer " + au_token).json() == json{"AU", "SG"});
}

TEST_CASE_FIXTURE(guarded_channel, "the token comes before anything else of the request") {
  auto post = [&](const std::string& body) {
    return ask(url(api::channel), "POST", "/messages", {{"Content-Type", "text/plain"}}, body);
  };
  CHECK(post("no JSON").status == 401);
  CHECK(post(std::string(100'000, ' ')).status == 401);
  CHECK(get("/messages?limit=x", "").status == 401);
}

TEST_CASE_FIXTURE(guarded_channel, "a good token for somebody who is not served is 403") {
  auto x = get("/participants", web_token("NZ", key));
  CHECK(x.status == 403);
  CHECK(x.error()["detail"].get<std::string>().find("NZ") != std::string::npos);
}

TEST_CASE_FIXTURE(guarded_channel, "a token with a new key is good once the keys were read again") {
  signing_key fresh{signing_key::kind::p256, "k-2"};
  int renewed = 0;
  renew = [&] {
    ++renewed;
    ring->put(std::move(*key_set::parse(test::key_set_of({&key, &fresh}))));
    return caf::error{};
  };
  CHECK(get("/messages/m-1", web_token("AU", fresh)).status == 200);
  CHECK(get("/messages/m-1", web_token("AU", fresh)).status == 200);
  CHECK(renewed == 1);
  // After that, a body is still read.
  signing_key unknown{signing_key::kind::p256, "k-3"};
  CHECK(send(*this, all_requests[0], web_token("AU", unknown)).status == 401);
  CHECK(renewed == 2);
}

TEST_CASE_FIXTURE(guarded_channel, "a post with a new key is read after the keys were") {
  signing_key fresh{signing_key::kind::p256, "k-2"};
  renew = [&] {
    ring->put(std::move(*key_set::parse(test::key_set_of({&fresh}))));
    return caf::error{};
  };
  CHECK(send(*this, all_requests[0], web_token("AU", fresh)).status == 201);
}

TEST_CASE_FIXTURE(guarded_channel, "while keys cannot be read a token is not called wrong") {
  signing_key fresh{signing_key::kind::p256, "k-2"};
  renew = [] {
    return make_problem(errc::unavailable, "the issuer does not answer");
  };
  auto x = get("/messages/m-1", web_token("AU", fresh));
  CHECK(x.status == 503);
  CHECK(x.field("Retry-After") == "1");
}

TEST_CASE_FIXTURE(guarded_channel, "the log says who was turned away and why, and no token") {
  send(*this, all_requests[0], "Bearer wrong-token-0123456789");
  ask(url(api::channel), "GET", "/participants", {{"X-Forwarded-For", "192.0.2.7"}});
  answers->post_to = [](const post_to_channel&) {
    return caf::expected<channel_receipt>{make_problem(errc::forbidden, "not as SG")};
  };
  CHECK(send(*this, all_requests[0], "Bearer " + au_token).status == 403);
  auto lines = log.str();
  for (auto part :
       {"turns away POST /messages from 127.0.0.1: the token is not one that this endpoint knows",
        "turns away GET /participants from 127.0.0.1 (X-Forwarded-For: 192.0.2.7): ",
        "does not allow POST /messages to node au-node, which speaks for AU, from 127.0.0.1: "
        "not as SG"})
    CHECK_MESSAGE(lines.find(part) != std::string::npos, lines);
  CHECK(lines.find("wrong-token") == std::string::npos);
  CHECK(lines.find(au_token) == std::string::npos);
}

TEST_CASE_FIXTURE(guarded_channel, "probes and the service's name need no token") {
  CHECK(get("/", "").status == 200);
  CHECK(get("/healthz", "").status == 200);
}

TEST_CASE("where nobody is asked, everybody is nobody in particular, whatever they send") {
  fake_node node;
  std::string as = "not asked";
  node.answers->find_in = [&](const find_channel_message& x) {
    as = x.as_jurisdiction;
    return caf::expected<channel_message>{channel_message{x.id, {}, channel_status::confirmed}};
  };
  auto x = ask(node.url(api::channel), "GET", "/messages/1", {{"Authorization", "Bearer x"}});
  CHECK(x.status == 200);
  CHECK(as.empty());
}

TEST_CASE("of a half that is not served, paths are unknown and methods not allowed") {
  auto statuses = [](std::vector<channel_half> halves) {
    fake_node node(fake_node::start::later);
    node.how.channel_halves = std::move(halves);
    auto fails = [](const auto&) {
      return make_problem(errc::conflict);
    };
    node.answers->post_to = fails;
    node.answers->find_in = fails;
    node.answers->updates = fails;
    node.answers->subscribe = fails;
    node.answers->revoke = fails;
    node.answers->who = fails;
    node.open();
    std::vector<int> found;
    for (auto& x : all_requests)
      found.push_back(send(node, x, "").status);
    return found;
  };
  using half = channel_half;
  // 409: it was asked. The order is that of the requests above.
  CHECK(statuses({half::posting, half::receiving}) ==
        std::vector<int>{409, 409, 409, 409, 409, 409, 409, 409});
  CHECK(statuses({half::posting}) == std::vector<int>{409, 405, 409, 409, 409, 409, 409, 404});
  CHECK(statuses({half::receiving}) == std::vector<int>{405, 409, 409, 404, 409, 409, 409, 409});
}

TEST_CASE("each half lists its own messages, and not those of the other") {
  for (auto served : {channel_half::posting, channel_half::receiving}) {
    fake_node node(fake_node::start::later);
    node.how.channel_halves = {served};
    node.answers->updates = [](const find_channel_updates&) {
      return caf::expected<channel_page>{channel_page{}};
    };
    node.open();
    auto posts = served == channel_half::posting;
    auto at = node.url(api::channel);
    CHECK(ask(at, "GET", "/messages?sender=AU").status == (posts ? 200 : 405));
    CHECK(ask(at, "GET", "/messages?receiver=AU").status == (posts ? 405 : 200));
  }
}

TEST_SUITE_END();
