#include "channels/http_channel.hpp"

#include "channels/channel_protocol.hpp"
#include "messages/errors.hpp"
#include "messages/promise.hpp"
#include "tests/channels/examples.hpp"
#include "tests/support/actor_world.hpp"

#include <deque>

using namespace igl;
using examples::certificate;
using std::chrono::seconds;

namespace {

/// Somebody else's servers: what they were asked, and what they answer when the test says so.
struct far_side {
  std::deque<http_request> asked;
  std::deque<caf::expected<http_response>> answers; ///< to the oldest open requests
};

/// Holds every request until there is an answer and a tick.
using fake_http_client_actor = http_client_actor::extend<caf::reacts_to<caf::tick_atom>>;

struct fake_http_client_state {
  std::deque<std::shared_ptr<guarded_promise<http_response>>> open;
};

fake_http_client_actor::behavior_type
fake_http_client(fake_http_client_actor::stateful_pointer<fake_http_client_state> self,
                 far_side* side) {
  return {[=](const http_request& x) -> caf::result<http_response> {
            auto answer = promise_of<http_response>(self);
            self->state.open.push_back(answer);
            side->asked.push_back(x);
            return answer->unguarded();
          },
          [=](caf::tick_atom) {
            while (!side->answers.empty()) {
              self->state.open.front()->deliver(std::move(side->answers.front()));
              self->state.open.pop_front();
              side->answers.pop_front();
            }
          }};
}

std::string authorization(const http_request& x) {
  for (auto& h : x.headers)
    if (h.name == "Authorization")
      return h.value;
  return {};
}

const std::string messages = "http://channel.example/messages";
const std::string token_endpoint = "http://auth.example/token";
const std::string seven =
    R"({"id":7,"status":"confirmed","message":{"sender":"AU","receiver":"SG",)"
    R"("subject":"s","obj":"o","predicate":"p"}})";

struct http_channel_world : actor_world {
  far_side side;
  channel_settings how;
  fake_http_client_actor http = keep(system.spawn(fake_http_client, &side));

  http_channel_world() {
    how.id = "au-sg";
    how.url = "http://channel.example";
    how.in_flight = 4;
  }

  void with_oauth2() { how.auth = {channel_auth::oauth2, "au", "secret", "", token_endpoint}; }

  http_channel_actor channel() { return keep(system.spawn(http_channel, how, http, now())); }

  auto post(const http_channel_actor& to) { return ask(to, post_to_channel{certificate(), "k"}); }

  /// The oldest request that has no answer, which must be to this URL, gets one. Gives back the
  /// request.
  http_request answer(const std::string& url, caf::expected<http_response> x) {
    REQUIRE(!side.asked.empty());
    auto request = side.asked.front();
    side.asked.pop_front();
    CHECK(request.url == url);
    side.answers.push_back(std::move(x));
    self->send(http, caf::tick_atom::value);
    run();
    return request;
  }
  http_request answer(const std::string& url, uint16_t status, const std::string& body) {
    return answer(url, http_response{status, {}, body});
  }
  /// The same; gives back the request's Authorization header.
  std::string answer_and_tell(const std::string& url, uint16_t status, const std::string& body) {
    return authorization(answer(url, status, body));
  }
  void answer_token(const std::string& token, int lifetime = 3600) {
    answer(token_endpoint, 200,
           R"({"access_token":")" + token + R"(","expires_in":)" + std::to_string(lifetime) + "}");
  }
  channel_health health_of(const http_channel_actor& x) {
    return *ask(x, channel_health_query{}).answer<channel_health>();
  }
};

} // namespace

TEST_SUITE_BEGIN("http channel");

TEST_CASE_FIXTURE(http_channel_world, "posts, finds, lists and subscribes") {
  auto to = channel();
  auto receipt = post(to);
  answer(messages, 201, R"({"id":7})");
  CHECK(receipt.answer<channel_receipt>()->id == "7");

  auto found = ask(to, find_channel_message{"7"});
  answer(messages + "/7", 200, seven);
  CHECK(found.answer<channel_message>()->status == channel_status::confirmed);

  auto listed = ask(to, find_channel_updates{"?cursor=3", {}, "AU", 10});
  answer(messages + "?cursor=3", 200, "[" + seven + "]");
  CHECK(listed.answer<channel_page>()->messages.at(0).id == "7");

  subscription_request wanted;
  wanted.mode = "subscribe";
  auto subscribed = ask(to, wanted);
  answer("http://channel.example/subscriptions", 202, "");
  CHECK(subscribed.answer<subscription_accepted>());
}

TEST_CASE_FIXTURE(http_channel_world, "answers each kind of failure with its own error") {
  auto to = channel();
  auto outcome = [&](uint16_t status, const std::string& body) {
    auto receipt = post(to);
    answer(messages, status, body);
    return code_of(receipt.answer<channel_receipt>().error());
  };
  CHECK(outcome(400, R"({"obj":["bad"]})") == errc::peer_refused);
  CHECK(outcome(503, "") == errc::peer_failed);
  CHECK(outcome(429, "") == errc::peer_failed);
  CHECK(outcome(201, "garbage") == errc::bad_answer);
  CHECK(outcome(403, "") == errc::peer_refused);
  CHECK(outcome(401, "") == errc::peer_failed);

  auto receipt = post(to);
  answer(messages, make_problem(errc::peer_unreachable));
  CHECK(code_of(receipt.answer<channel_receipt>().error()) == errc::peer_unreachable);

  auto unknown = ask(to, find_channel_message{"8"});
  answer(messages + "/8", 404, "");
  CHECK(code_of(unknown.answer<channel_message>().error()) == errc::not_found);
}

TEST_CASE_FIXTURE(http_channel_world, "is busy above its bound, and free again after answers") {
  auto to = channel();
  std::vector<decltype(post(to))> waiting;
  for (uint32_t i = 0; i < how.in_flight; ++i)
    waiting.push_back(post(to));
  CHECK(side.asked.size() == how.in_flight);
  auto refused = post(to).answer<channel_receipt>();
  REQUIRE(!refused);
  CHECK(code_of(refused.error()) == errc::peer_busy);
  CHECK(side.asked.size() == how.in_flight);
  answer(messages, 201, R"({"id":1})");
  answer(messages, 500, "");
  CHECK(waiting[0].answer<channel_receipt>());
  CHECK(!waiting[1].answer<channel_receipt>());
  post(to);
  post(to);
  CHECK(side.asked.size() == how.in_flight);
  CHECK(health_of(to).last_error.find("peer_busy") == std::string::npos);
}

TEST_CASE_FIXTURE(http_channel_world, "tells how it does") {
  auto to = channel();
  auto at_first = health_of(to);
  CHECK(at_first.id == "au-sg");
  CHECK(at_first.url == how.url);
  CHECK(!at_first.up);
  CHECK(at_first.last_error.empty());

  post(to);
  answer(messages, 201, R"({"id":1})");
  CHECK(health_of(to).up);

  pass(seconds{5}, seconds{1});
  post(to);
  answer(messages, 500, "");
  auto down = health_of(to);
  CHECK(!down.up);
  CHECK(down.last_error.find("peer_failed") == 0);
  CHECK(down.last_error_at == now()());

  post(to);
  answer(messages, 400, "");
  CHECK(health_of(to).up);
}

TEST_CASE_FIXTURE(http_channel_world, "sends no Authorization where none is configured") {
  auto to = channel();
  post(to);
  CHECK(authorization(side.asked.at(0)).empty());
}

TEST_CASE_FIXTURE(http_channel_world,
                  "sends the token it was given, and does not ask for another") {
  how.auth.kind = channel_auth::token;
  how.auth.token = "given-to-us";
  auto to = channel();
  auto refused = post(to);
  CHECK(answer_and_tell(messages, 401, "{}") == "Bearer given-to-us");
  CHECK(code_of(refused.answer<channel_receipt>().error()) == errc::peer_failed);
  CHECK(side.asked.empty());
  ask(to, find_channel_message{"7"});
  CHECK(answer_and_tell(messages + "/7", 200, seven) == "Bearer given-to-us");
}

TEST_CASE_FIXTURE(http_channel_world, "fetches a token once and uses it until it expires") {
  with_oauth2();
  auto to = channel();
  auto first = post(to);
  answer_token("t-1", 1000);
  CHECK(answer_and_tell(messages, 201, R"({"id":1})") == "Bearer t-1");
  CHECK(first.answer<channel_receipt>());
  auto second = post(to);
  CHECK(answer_and_tell(messages, 201, R"({"id":2})") == "Bearer t-1");
  CHECK(second.answer<channel_receipt>());

  pass(seconds{941}, seconds{100});
  auto third = post(to);
  answer_token("t-2");
  CHECK(answer_and_tell(messages, 201, R"({"id":3})") == "Bearer t-2");
  CHECK(third.answer<channel_receipt>()->id == "3");
}

TEST_CASE_FIXTURE(http_channel_world, "shares one fetch among requests that come at once") {
  with_oauth2();
  auto to = channel();
  for (int i = 0; i < 3; ++i)
    post(to);
  CHECK(side.asked.size() == 1);
  answer_token("t-1");
  CHECK(side.asked.size() == 3);
  for (auto& x : side.asked)
    CHECK(authorization(x) == "Bearer t-1");
}

TEST_CASE_FIXTURE(http_channel_world,
                  "fetches a fresh token once when the channel refuses its own") {
  with_oauth2();
  auto to = channel();
  auto receipt = post(to);
  answer_token("old");
  answer(messages, 401, "");
  answer_token("new");
  CHECK(answer_and_tell(messages, 201, R"({"id":1})") == "Bearer new");
  CHECK(receipt.answer<channel_receipt>()->id == "1");

  auto refused = post(to);
  answer(messages, 401, "");
  answer_token("newer");
  answer(messages, 401, "");
  CHECK(code_of(refused.answer<channel_receipt>().error()) == errc::peer_failed);
  CHECK(side.asked.empty());
}

TEST_CASE_FIXTURE(http_channel_world,
                  "a token that is not taken is an outage, and says what the operator must check") {
  how.auth.kind = channel_auth::token;
  how.auth.token = "given-to-us";
  auto to = channel();
  post(to);
  answer(messages, 201, R"({"id":1})");
  CHECK(health_of(to).up);
  struct {
    http_response said;
    errc is;
    bool up;
  } const rows[] = {
      {{401, {{"WWW-Authenticate", "Bearer"}}, "{}"}, errc::peer_failed, false},
      {{401, {}, "who are you"}, errc::peer_failed, false},
      {{403, {{"WWW-Authenticate", R"(Bearer error="insufficient_scope")"}}, "not as AU"},
       errc::peer_failed,
       false},
      {{403, {}, "this channel's filters"}, errc::peer_refused, true},
  };
  for (auto& row : rows) {
    CAPTURE(row.said.body);
    auto receipt = post(to);
    answer(messages, row.said);
    auto why = receipt.answer<channel_receipt>().error();
    CHECK(code_of(why) == row.is);
    CHECK(worth_retrying(why) == !row.up);
    auto detail = problem_of(why).detail;
    CHECK(detail.find("was answered " + std::to_string(row.said.status)) != std::string::npos);
    CHECK(detail.find(row.said.body) != std::string::npos);
    CHECK((detail.find("check auth.token of channel au-sg") != std::string::npos) == !row.up);
    CHECK(detail.find("given-to-us") == std::string::npos);
    CHECK(health_of(to).up == row.up);
  }
  // Whatever was asked: a poller or an observer must not take it for the message's fault either.
  auto found = ask(to, find_channel_message{"7"});
  answer(messages + "/7", 401, "");
  CHECK(code_of(found.answer<channel_message>().error()) == errc::peer_failed);
}

TEST_CASE("what to check depends on how the node shows who it is") {
  channel_settings at;
  at.id = "pacific";
  auto hint = [&](channel_auth kind) {
    at.auth.kind = kind;
    return problem_of(channel_protocol::access_fault(at, {}, http_response{401, {}, {}})).detail;
  };
  CHECK(hint(channel_auth::none).find("auth.kind of channel pacific") != std::string::npos);
  CHECK(hint(channel_auth::token).find("auth.token of channel pacific") != std::string::npos);
  CHECK(hint(channel_auth::oauth2).find("auth.client_id and auth.scope of channel pacific") !=
        std::string::npos);
  for (uint16_t status : {200, 400, 403, 404, 429, 500})
    CHECK(!channel_protocol::access_fault(at, {}, http_response{status, {}, {}}));
}

TEST_CASE_FIXTURE(http_channel_world, "fetches one token for several requests that were refused") {
  with_oauth2();
  auto to = channel();
  auto first = post(to);
  auto second = post(to);
  answer_token("old");
  answer(messages, 401, "");
  answer(messages, 401, "");
  CHECK(side.asked.size() == 1);
  answer_token("new");
  CHECK(answer_and_tell(messages, 201, R"({"id":1})") == "Bearer new");
  CHECK(answer_and_tell(messages, 201, R"({"id":2})") == "Bearer new");
  CHECK(first.answer<channel_receipt>());
  CHECK(second.answer<channel_receipt>());
}

TEST_CASE_FIXTURE(http_channel_world, "fails all who wait for a token that does not come") {
  with_oauth2();
  how.in_flight = 2;
  auto to = channel();
  auto first = post(to);
  auto second = post(to);
  answer(token_endpoint, 401, "");
  auto why = first.answer<channel_receipt>().error();
  CHECK(code_of(why) == errc::peer_failed);
  CHECK(sentence_of(why).find("no access token for channel au-sg: token endpoint") !=
        std::string::npos);
  CHECK(sentence_of(why).find("check client_id, client_secret and scope") != std::string::npos);
  CHECK(code_of(second.answer<channel_receipt>().error()) == errc::peer_failed);
  // What became of the request for the token says nothing of the message, which was not sent.
  for (auto code : {errc::peer_timeout, errc::peer_lost, errc::bad_answer}) {
    auto third = post(to);
    answer(token_endpoint, make_problem(code));
    CHECK(code_of(third.answer<channel_receipt>().error()) == errc::peer_unreachable);
  }
  CHECK(!health_of(to).up);
  auto fourth = post(to);
  answer_token("t-1");
  answer(messages, 201, R"({"id":1})");
  CHECK(fourth.answer<channel_receipt>());
}

TEST_SUITE_END();
