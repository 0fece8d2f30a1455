#include "actors/intent_verifier.hpp"

#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

using namespace std::chrono_literals;

const caf::timestamp noon{12h};

verify_intent wants(const std::string& mode,
                    const std::string& callback = "http://sub.example/cb") {
  return {mode, "un.cefact", "UN.CEFACT.*", callback, "s3cret", 3600s, "request-1"};
}

class examiner : public office {
public:
  std::shared_ptr<web> peer = std::make_shared<web>();
  intent_verifier_actor verifier = keep(system.spawn(
      intent_verifier, around, std::make_shared<const process_settings>(process_settings{}),
      http_with(peer), std::make_shared<call_book>(process_settings{})));

  /// What the subscriber was asked to echo.
  std::string challenge() const {
    auto& url = peer->asked.back().url;
    auto at = url.find("hub.challenge=") + 14;
    return url.substr(at, url.find('&', at) - at);
  }
};

} // namespace

TEST_SUITE_BEGIN("intent verifier");

TEST_CASE("asks the callback, whose own query stays") {
  process_settings settings;
  auto x = verification_request(wants("subscribe"), "c1", settings);
  CHECK(x.method == "GET");
  CHECK(x.url.find("http://sub.example/cb?hub.mode=subscribe&hub.topic=UN.CEFACT.") == 0);
  CHECK(x.url.find("&hub.challenge=c1&hub.lease_seconds=3600") != std::string::npos);
  auto y =
      verification_request(wants("unsubscribe", "http://sub.example/cb?id=1#top"), "c1", settings);
  CHECK(y.url.find("http://sub.example/cb?id=1&hub.mode=unsubscribe&") == 0);
  CHECK(y.url.find("lease") == std::string::npos);
}

TEST_CASE("the echoed challenge makes the subscription, or ends it") {
  auto x = decide(ticket, wants("subscribe"), {200, {}, "c1"}, "c1", noon);
  REQUIRE(x);
  CHECK(x->job->end == job_end::done);
  REQUIRE(x->subscriptions.size() == 1);
  CHECK(x->subscriptions[0].act == subscription_act::put);
  CHECK(x->subscriptions[0].what.topic == "un.cefact");
  CHECK(x->subscriptions[0].what.topic_as_asked == "UN.CEFACT.*");
  CHECK(x->subscriptions[0].what.secret == "s3cret");
  CHECK(x->subscriptions[0].what.ends == noon + 3600s);
  CHECK(kinds_of(*x) == std::vector{event_kind::subscribed});
  auto y = decide(ticket, wants("unsubscribe"), {202, {}, "c1"}, "c1", noon);
  REQUIRE(y);
  CHECK(y->subscriptions.at(0).act == subscription_act::remove);
  CHECK(kinds_of(*y) == std::vector{event_kind::unsubscribed});
}

TEST_CASE("anything else leaves everything as it was, and an event says why") {
  for (auto& answer :
       {http_response{200, {}, "c2"}, http_response{200, {}, ""}, http_response{200, {}, "c1\n"},
        http_response{404, {}, "c1"}, http_response{302, {}, "c1"}}) {
    auto x = decide(ticket, wants("subscribe"), answer, "c1", noon);
    REQUIRE(x);
    CHECK(x->job->end == job_end::done);
    CHECK(x->subscriptions.empty());
    CHECK(kinds_of(*x) == std::vector{event_kind::subscription_refused});
  }
}

TEST_CASE("a body that is longer than what is read is not the challenge, one that breaks off says "
          "nothing") {
  process_settings settings;
  auto asked = verification_request(wants("subscribe"), "c1", settings);
  CHECK(asked.cut_body);
  CHECK(denial(wants("subscribe"), "no", settings).cut_body);
  auto longer = decide(ticket, wants("subscribe"), {200, {}, "c1, and more", true}, "c1", noon);
  REQUIRE(longer);
  CHECK(longer->subscriptions.empty());
  CHECK(kinds_of(*longer) == std::vector{event_kind::subscription_refused});
  for (auto body : {"", "c", "c1"}) {
    auto broken = decide(ticket, wants("subscribe"), {200, {}, body, true}, "c1", noon);
    REQUIRE(!broken);
    CHECK(worth_retrying(broken.error()));
    auto no = decide(ticket, wants("subscribe"), {404, {}, body, true}, "c1", noon);
    REQUIRE(no);
    CHECK(no->subscriptions.empty());
  }
}

TEST_CASE("a subscriber in trouble is asked again") {
  for (uint16_t status : {500, 503, 429}) {
    auto x = decide(ticket, wants("subscribe"), {status, {}, "c1"}, "c1", noon);
    REQUIRE(!x);
    CHECK(worth_retrying(x.error()));
  }
}

TEST_CASE_FIXTURE(examiner, "asks with a new challenge each time") {
  // Its own refusal is not told to it.
  peer->answers = {http_response{404, {}, "x"}, http_response{404, {}, "x"}};
  CHECK(ask(verifier, ticket, wants("subscribe")).answer<settled>());
  auto first = challenge();
  CHECK(ask(verifier, ticket, wants("subscribe")).answer<settled>());
  CHECK(first.size() >= 32);
  CHECK(first != challenge());
  CHECK(ledger_book->settlements.size() == 2);
}

TEST_CASE_FIXTURE(examiner, "a subscriber that cannot be reached is asked again") {
  peer->answers.push_back(make_problem(errc::peer_timeout));
  auto x = ask(verifier, ticket, wants("subscribe")).answer<settled>();
  REQUIRE(!x);
  CHECK(worth_retrying(x.error()));
  CHECK(ledger_book->settlements.empty());
}

TEST_CASE_FIXTURE(examiner, "a subscriber in trouble is denied when its attempts are used up") {
  const http_response trouble{503, {}, {}};
  peer->answers = {trouble, trouble, http_response{200, {}, {}}};
  auto last = ticket;
  last.attempt = process_settings{}.retry_verification.attempts - 1;
  CHECK(!ask(verifier, last, wants("subscribe")).answer<settled>());
  CHECK(peer->asked.size() == 1);
  ++last.attempt;
  CHECK(ask(verifier, last, wants("subscribe")).answer<settled>());
  REQUIRE(peer->asked.size() == 3);
  CHECK(peer->asked.back().url.find("hub.mode=denied") != std::string::npos);
  REQUIRE(ledger_book->settlements.size() == 1);
  CHECK(ledger_book->settlements[0].job->end == job_end::done);
  CHECK(kinds_of(ledger_book->settlements[0]) == std::vector{event_kind::subscription_refused});
}

TEST_CASE("what is left alone is asked again, and that counts; what waits for its turn does not") {
  process_settings settings;
  call_refusal failed{noon, 10s, "is left alone", true};
  auto x = asked_later(ticket, "http://a/", failed, settings, 0.5);
  REQUIRE(x);
  CHECK(x->job->end == job_end::again);
  CHECK(x->job->due == noon + 5s);
  auto last = ticket;
  last.attempt = settings.retry_verification.attempts;
  auto over = asked_later(last, "http://a/", failed, settings, 0.5);
  REQUIRE(!over);
  CHECK(code_of(over.error()) == errc::peer_unreachable);
  auto waits = asked_later(last, "http://a/", {noon, 10s, "waits"}, settings, 0);
  REQUIRE(waits);
  CHECK(waits->job->end == job_end::postponed);
}

TEST_CASE("an intent that is given up is refused, and no dead letter") {
  auto x = intent_given_up(ticket, wants("subscribe"), make_problem(errc::peer_timeout, "late"));
  CHECK(x.job->end == job_end::done);
  CHECK(x.subscriptions.empty());
  CHECK(kinds_of(x) == std::vector{event_kind::subscription_refused});
  auto y = intent_given_up(ticket, wants("publish"), make_problem(errc::peer_timeout, "late"));
  CHECK(y.job->end == job_end::done);
  CHECK(y.events.at(0).detail.starts_with("it is not published: "));
}

TEST_SUITE_END();
