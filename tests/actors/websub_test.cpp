#include "tests/actors/websub_hub.hpp"

using namespace igl;
using namespace igl::websub_tests;
using namespace std::chrono_literals;

TEST_SUITE_BEGIN("WebSub hub");

TEST_CASE_FIXTURE(websub_hub, "takes a request at once, whatever verification will find") {
  open();
  peers->answer = [](const http_request&) {
    return make_problem(errc::peer_unreachable);
  };
  CHECK(post(form()) == errc::none);
  CHECK(peers->asked.empty());
  CHECK(!stored());
  work();
  CHECK(peers->asked.size() == 1);
  CHECK(code_of(last_error) == errc::peer_unreachable);
  CHECK(!stored());
}

TEST_CASE_FIXTURE(websub_hub, "verifies by a GET that keeps the callback's own query") {
  open();
  REQUIRE(post(form("subscribe", "s", "7200")) == errc::none);
  work();
  REQUIRE(peers->asked.size() == 1);
  auto& x = peers->asked[0];
  CHECK(x.method == "GET");
  CHECK(x.url.starts_with(callback + "&hub.mode=subscribe&"));
  CHECK(parameter(x.url, "hub.topic") == "UN.CEFACT.*");
  CHECK(parameter(x.url, "hub.challenge").size() == 36);
  CHECK(parameter(x.url, "hub.lease_seconds") == "7200");
  CHECK(x.url.find("secret") == std::string::npos);
  REQUIRE(stored());
  CHECK(stored()->ends == around.now() + 7200s);
}

TEST_CASE_FIXTURE(websub_hub, "uses a challenge once") {
  open();
  peers->answer = [](const http_request& x) {
    return http_response{500, {}, parameter(x.url, "hub.challenge")};
  };
  REQUIRE(post(form()) == errc::none);
  // Two attempts of one job: what the first one was given is worth nothing in the second.
  work();
  peers->answer = [this](const http_request&) {
    return http_response{200, {}, parameter(peers->asked[0].url, "hub.challenge")};
  };
  work();
  REQUIRE(peers->asked.size() >= 2);
  CHECK(parameter(peers->asked[0].url, "hub.challenge") !=
        parameter(peers->asked[1].url, "hub.challenge"));
  CHECK(!stored());
}

TEST_CASE_FIXTURE(websub_hub, "a request that is tried again does not undo a later one") {
  open();
  peers->answer = [](const http_request&) {
    return make_problem(errc::peer_unreachable);
  };
  REQUIRE(post(form("subscribe", "first")) == errc::none);
  work();
  auto old = due();
  REQUIRE(old.size() == 1);
  peers->answer = [](const http_request& x) {
    return echo(x);
  };
  REQUIRE(post(form("subscribe", "second")) == errc::none);
  peers->asked.clear();
  work();
  CHECK(peers->asked.size() == 1);
  REQUIRE(stored());
  CHECK(stored()->secret == "second");
  CHECK(due_at(around.now() + 24h).empty());
  // A delivery of the old one comes late: what it finds out is not written.
  CHECK(!verify(old[0]));
  CHECK(code_of(last_error) == errc::job_not_open);
  CHECK(stored()->secret == "second");
}

TEST_CASE_FIXTURE(websub_hub, "what is asked while an earlier request is verified comes after it") {
  open();
  REQUIRE(post(form("subscribe", "first")) == errc::none);
  auto in_hand = due();
  REQUIRE(in_hand.size() == 1);
  REQUIRE(post(form("subscribe", "second")) == errc::none);
  CHECK(verify(in_hand[0]));
  CHECK(stored()->secret == "first");
  work();
  CHECK(stored()->secret == "second");
  CHECK(peers->asked.size() == 2);
  CHECK(due().empty());
  REQUIRE(post(form("subscribe", "third")) == errc::none);
  in_hand = due();
  REQUIRE(post(form("unsubscribe")) == errc::none);
  CHECK(verify(in_hand[0]));
  work();
  CHECK(!stored());
}

TEST_CASE_FIXTURE(websub_hub,
                  "requests of strangers call a host only so often, and leave no dead letters") {
  settings.callbacks_per_url = 10;
  open();
  peers->answer = [](const http_request&) {
    return http_response{503, {}, {}};
  };
  for (int i = 0; i < 300; ++i) {
    auto x = form();
    x.topic = "UN.CEFACT.Trade.a" + std::to_string(i) + ".created";
    x.callback = i % 2 == 0 ? callback : "http://sub.example/" + std::to_string(i) + "?a";
    REQUIRE(post(x) == errc::none);
  }
  for (int i = 0; i < 20; ++i)
    work();
  CHECK(peers->asked.size() == 10);
  job_source_options options;
  options.from = stream::subscription_requests;
  options.retry = settings.retry_verification;
  auto job = due_at(around.now() + 1h).at(0);
  job_delivery last{
      {job.order.id, job.generation, job.attempts + 1}, job.order.about, job.order.body};
  write(ending_of<verify_intent>(intent_given_up)(last, make_problem(errc::peer_timeout, "gone")));
  CHECK(dead_letters().empty());
  auto refused = events_of(event_kind::subscription_refused);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].detail.find("gone") != std::string::npos);
}

TEST_CASE_FIXTURE(websub_hub, "a subscriber that is down starves nobody at its host") {
  settings.breaker_failures = 2;
  open();
  for (int i = 0; i < 4; ++i) {
    auto x = form();
    x.callback = "http://sub.example/" + std::to_string(i);
    subscribe(x);
  }
  peers->answer = [](const http_request& x) {
    return http_response{static_cast<uint16_t>(x.url.ends_with("/3") ? 204 : 503), {}, {}};
  };
  for (int i = 0; i < 5; ++i)
    publish(std::to_string(i));
  CHECK(told("http://sub.example/3") == "0 1 2 3 4 ");
  peers->asked.clear();
  work();
  CHECK(peers->asked.empty());
}

TEST_CASE_FIXTURE(websub_hub, "a failed verification leaves the state as it was") {
  open();
  subscribe(form("subscribe", "first", "7200"));
  auto before = stored();
  REQUIRE(before);
  for (auto& said : {http_response{200, {}, "no"}, http_response{302, {{"Location", "/"}}, {}},
                     http_response{404, {}, {}}})
    for (auto mode : {"subscribe", "unsubscribe"}) {
      peers->answer = [=](const http_request&) {
        return said;
      };
      REQUIRE(post(form(mode, "second", "3600")) == errc::none);
      work();
      REQUIRE(stored());
      CHECK(stored()->secret == "first");
      CHECK(stored()->ends == before->ends);
    }
  CHECK(events_of(event_kind::subscription_refused).size() == 6);
  CHECK(due().empty());
}

TEST_CASE_FIXTURE(websub_hub, "tells a subscriber that it was denied, and why") {
  open();
  peers->answer = [](const http_request&) {
    return http_response{301, {{"Location", "http://x/"}}, {}};
  };
  REQUIRE(post(form()) == errc::none);
  work();
  REQUIRE(peers->asked.size() == 2);
  auto& told = peers->asked[1];
  CHECK(told.method == "GET");
  CHECK(told.url.starts_with(callback + "&hub.mode=denied&"));
  CHECK(parameter(told.url, "hub.topic") == "UN.CEFACT.*");
  CHECK(parameter(told.url, "hub.reason") == "it answered 301");
  CHECK(parameter(told.url, "hub.challenge").empty());
  CHECK(!stored());
  CHECK(due().empty());
}

TEST_CASE_FIXTURE(websub_hub, "tells nobody of a denial who said no, or stays subscribed") {
  open();
  peers->answer = [](const http_request&) {
    return http_response{404, {}, {}};
  };
  REQUIRE(post(form()) == errc::none);
  work();
  CHECK(peers->asked.size() == 1);
  peers->answer = [](const http_request& x) {
    return echo(x);
  };
  subscribe(form());
  peers->answer = [](const http_request&) {
    return http_response{200, {}, "no"};
  };
  REQUIRE(post(form()) == errc::none);
  work();
  CHECK(peers->asked.size() == 1);
  REQUIRE(post(form("unsubscribe")) == errc::none);
  work();
  CHECK(peers->asked.size() == 2);
  CHECK(stored());
}

TEST_CASE_FIXTURE(websub_hub, "a callback that is not to be called is refused, and not called") {
  open();
  for (auto url : {"http://127.0.0.1/", "http://[::1]:8080/", "http://10.0.0.1/x",
                   "http://169.254.169.254/latest/meta-data", "http://localhost/"}) {
    auto x = form();
    x.callback = url;
    CHECK_MESSAGE(post(x) == errc::callback_url_validation, url);
  }
  // A name turns out to be one only when it is looked up.
  peers->answer = [](const http_request&) {
    return make_problem(errc::forbidden, "sub.example is at 10.0.0.1");
  };
  REQUIRE(post(form()) == errc::none);
  work();
  CHECK(peers->asked.size() == 1);
  CHECK(due().empty());
  auto refused = events_of(event_kind::subscription_refused);
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].detail.find("10.0.0.1") != std::string::npos);
}

TEST_CASE_FIXTURE(websub_hub, "a callback that is allowed may be in the hub's own network") {
  settings.allowed_callbacks = {"127.0.0.0/8"};
  open();
  auto x = form();
  x.callback = "http://127.0.0.1:8080/";
  CHECK(post(x) == errc::none);
  x.callback = "http://10.0.0.1/";
  CHECK(post(x) == errc::callback_url_validation);
}

TEST_CASE_FIXTURE(websub_hub,
                  "a name that moves to a forbidden address is tried again, not called") {
  open();
  subscribe(form());
  peers->answer = [](const http_request&) {
    return make_problem(errc::forbidden, "moved");
  };
  publish("{}");
  CHECK(code_of(last_error) == errc::peer_unreachable);
  CHECK(worth_retrying(last_error));
  CHECK(stored());
}

TEST_CASE_FIXTURE(websub_hub,
                  "subscribing again replaces secret and lease, and stays one delivery") {
  open();
  subscribe(form("subscribe", "first", "7200"));
  pass(1h, 10min);
  REQUIRE(post(form("subscribe", "second", "10800")) == errc::none);
  CHECK(stored()->secret == "first");
  work();
  CHECK(stored()->secret == "second");
  CHECK(stored()->ends == around.now() + 10800s);
  peers->asked.clear();
  publish(R"({"a":1})");
  REQUIRE(peers->asked.size() == 1);
  CHECK(header_of(peers->asked[0], "X-Hub-Signature") == hub_signature("second", R"({"a":1})"));
  REQUIRE(post(form("subscribe")) == errc::none);
  work();
  peers->asked.clear();
  publish(R"({"a":2})");
  REQUIRE(peers->asked.size() == 1);
  CHECK(header_of(peers->asked[0], "X-Hub-Signature").empty());
}

TEST_CASE_FIXTURE(websub_hub, "unsubscribing is verified, and ends the deliveries") {
  open();
  CHECK(post(form("unsubscribe")) == errc::subscription_not_found);
  subscribe(form());
  REQUIRE(post(form("unsubscribe")) == errc::none);
  CHECK(stored());
  work();
  REQUIRE(peers->asked.size() == 1);
  CHECK(parameter(peers->asked[0].url, "hub.mode") == "unsubscribe");
  CHECK(!stored());
  publish("{}");
  CHECK(peers->asked.size() == 1);
}

TEST_CASE_FIXTURE(websub_hub, "no subscription is perpetual, and leases are the configured ones") {
  settings.shortest_lease = 10min;
  settings.default_lease = 20min;
  settings.longest_lease = 30min;
  open();
  for (auto bad : {"599", "1801", "0", "-1", "99999999999999999999"})
    CHECK_MESSAGE(post(form("subscribe", {}, bad)) == errc::lease_seconds_validation, bad);
  subscribe(form());
  CHECK(stored()->ends == around.now() + 20min);
  subscribe(form("subscribe", {}, "1800"));
  CHECK(stored()->ends == around.now() + 30min);
  pass(31min, 1min);
  CHECK(!stored());
  publish("{}");
  CHECK(peers->asked.empty());
}

TEST_CASE_FIXTURE(websub_hub, "delivers the whole body, its media type, and one Link header") {
  open();
  subscribe(form());
  std::string body = R"({"long":")" + std::string(50'000, 'x') + R"("})";
  publish(body);
  REQUIRE(peers->asked.size() == 1);
  auto& x = peers->asked[0];
  CHECK(x.method == "POST");
  CHECK(x.url == callback);
  CHECK(x.body == body);
  CHECK(header_of(x, "Content-Type") == "application/json");
  CHECK(header_of(x, "Link") ==
        R"(<http://hub/subscriptions>; rel="hub", <UN.CEFACT.*>; rel="self")");
  CHECK(header_of(x, "X-Hub-Signature").empty());
}

TEST_CASE_FIXTURE(websub_hub, "signs by the configured method, and not at all without a secret") {
  for (std::string method : {"sha256", "sha384", "sha512", "sha1"}) {
    settings.callback_signature = method;
    open();
    subscribe(form("subscribe", "secret of " + method));
    publish(R"({"signed":")" + method + R"("})");
    REQUIRE(peers->asked.size() == 1);
    auto& x = peers->asked[0];
    CHECK(header_of(x, "X-Hub-Signature").starts_with(method + "="));
    CHECK(header_of(x, "X-Hub-Signature") == hub_signature("secret of " + method, x.body, method));
  }
}

TEST_CASE_FIXTURE(websub_hub, "410 ends the subscription") {
  open();
  subscribe(form());
  peers->answer = [](const http_request&) {
    return http_response{410, {}, {}};
  };
  publish("1");
  CHECK(!stored());
  CHECK(due().empty());
  publish("2");
  CHECK(peers->asked.size() == 1);
}

TEST_CASE_FIXTURE(websub_hub,
                  "anything but 2xx and 410 is tried again, and Retry-After respected") {
  settings.retry_callback = {1s, 10min, 24, 0.0};
  settings.longest_retry_after = 30min;
  open();
  subscribe(form("subscribe", {}, "86400"));
  struct {
    uint16_t status;
    std::string after;
    std::chrono::seconds pause;
  } const rows[] = {{503, "120", 120s},
                    {429, "5", 5s},
                    {503, "99999999999999999999", 30min},
                    {500, "0", 8s},
                    {301, "7200", 30min}};
  publish("{}");
  peers->asked.clear();
  peers->answer = [](const http_request&) {
    return http_response{500, {}, {}};
  };
  publish("[]");
  CHECK(code_of(last_error) == errc::peer_failed);
  peers->asked.clear();
  for (auto& row : rows) {
    peers->answer = [&](const http_request&) {
      return http_response{row.status, {{"Retry-After", row.after}}, {}};
    };
    work();
    CHECK_MESSAGE(peers->asked.size() == 1, row.after);
    peers->asked.clear();
    auto due = due_at(around.now() + 24h);
    REQUIRE(due.size() == 1);
    CHECK_MESSAGE(due[0].order.due >= around.now() + row.pause, row.after);
    CHECK_MESSAGE(due[0].order.due < around.now() + row.pause + 1s, row.after);
    pass(row.pause + 1s, row.pause / 4);
  }
  peers->answer = [](const http_request&) {
    return http_response{200, {}, {}};
  };
  work();
  CHECK(due_at(around.now() + 24h).empty());
}

TEST_CASE_FIXTURE(websub_hub,
                  "an event that is given up is a dead letter, the subscription stays") {
  settings.retry_callback.attempts = 1;
  open();
  subscribe(form());
  peers->answer = [](const http_request&) {
    return http_response{503, {{"Retry-After", "120"}}, {}};
  };
  publish("1");
  auto left = due();
  REQUIRE(left.size() == 1);
  job_delivery job{
      {left[0].order.id, left[0].generation, 1}, left[0].order.about, left[0].order.body};
  job_source_options options;
  options.from = stream::delivery_outbox;
  options.retry = settings.retry_callback;
  CHECK(judge(last_error, job.ticket, 0, options) == job_verdict::exhausted);
  write(give_up(stream::delivery_outbox, job, last_error));
  CHECK(dead_letters().size() == 1);
  CHECK(stored());
  peers->answer = [](const http_request&) {
    return http_response{200, {}, {}};
  };
  peers->asked.clear();
  publish("2");
  REQUIRE(peers->asked.size() == 1);
  CHECK(peers->asked[0].body == "2");
}

TEST_CASE_FIXTURE(websub_hub, "one URL is called only so often, the rest waits without counting") {
  settings.callbacks_per_url = 3;
  open();
  subscribe(form());
  pass(callback_pace::window, 1s); // Its verification was a call, too.
  for (int i = 0; i < 5; ++i)
    publish(std::to_string(i));
  CHECK(peers->asked.size() == 3);
  CHECK(due().empty());
  auto later = due_at(around.now() + 1h);
  // The others come after it.
  REQUIRE(later.size() == 1);
  for (auto& x : later) {
    CHECK(x.attempts == 0);
    CHECK(x.order.due >= around.now() + 9s);
    CHECK(x.order.due < around.now() + 20s);
  }
  pass(25s, 1s);
  work();
  CHECK(peers->asked.size() == 5);
  CHECK(due().empty());
}

TEST_CASE_FIXTURE(websub_hub,
                  "a lease that is about to end is announced once, and again when renewed") {
  settings.ending_notice = 30min;
  open();
  keep(system.spawn(lease_watch, around, std::make_shared<const process_settings>(settings)));
  subscribe(form("subscribe", {}, "3600"));
  pass(29min, 1min);
  CHECK(events_of(event_kind::subscription_ending).empty());
  pass(3min, 1min);
  auto told = events_of(event_kind::subscription_ending);
  REQUIRE(told.size() == 1);
  CHECK(told[0].about == "UN.CEFACT.*");
  CHECK(told[0].detail.find(callback) != std::string::npos);
  pass(10min, 1min);
  CHECK(events_of(event_kind::subscription_ending).size() == 1);
  subscribe(form("subscribe", {}, "3600"));
  pass(25min, 1min);
  CHECK(events_of(event_kind::subscription_ending).size() == 1);
  pass(10min, 1min);
  CHECK(events_of(event_kind::subscription_ending).size() == 2);
}

TEST_SUITE_END();
