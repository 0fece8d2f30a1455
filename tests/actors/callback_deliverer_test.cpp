#include "actors/callback_deliverer.hpp"

#include "actors/signature.hpp"
#include "tests/actors/fakes.hpp"

using namespace igl;
using namespace igl::fakes;

namespace {

const deliver_callback order{"AU:17", "received/x", "http://sub.example/cb?id=1#top", "UN.CEFACT.*",
                             "{\"a\":1}"};

subscription subscriber(std::string secret = {}) {
  return {"un.cefact", "UN.CEFACT.*", order.callback, std::move(secret),
          caf::timestamp{std::chrono::seconds{4102444800}}};
}

std::string header_of(const http_request& x, std::string_view name) {
  for (auto& h : x.headers)
    if (h.name == name)
      return h.value;
  return {};
}

class courier : public office {
public:
  std::shared_ptr<web> peer = std::make_shared<web>();
  process_settings settings;

  callback_deliverer_actor deliverer() {
    return keep(system.spawn(callback_deliverer, around,
                             std::make_shared<const process_settings>(settings), http_with(peer),
                             std::make_shared<call_book>(settings),
                             std::string{"http://hub.example/subscriptions"}));
  }
};

} // namespace

TEST_SUITE_BEGIN("callback deliverer");

TEST_CASE("calls as wire.md says, and signs when there is a secret") {
  process_settings settings;
  auto x = callback_request(order, subscriber(), "http://hub/", settings);
  CHECK(x.method == "POST");
  CHECK(x.url == "http://sub.example/cb?id=1");
  CHECK(x.body == order.body);
  CHECK(header_of(x, "Content-Type") == "application/json");
  CHECK(header_of(x, "Link") == "<http://hub/>; rel=\"hub\", <UN.CEFACT.*>; rel=\"self\"");
  CHECK(header_of(x, "X-Hub-Signature").empty());
  CHECK(x.timeout == settings.callback_timeout);
  CHECK(x.cut_body);
  auto is_signed = callback_request(order, subscriber("s3cret"), "http://hub/", settings);
  CHECK(header_of(is_signed, "X-Hub-Signature") == hub_signature("s3cret", order.body));
}

TEST_CASE("2xx is delivered, 410 ends the subscription, everything else is tried again") {
  for (uint16_t status : {200, 201, 202, 204}) {
    auto x = decide(ticket, order, subscriber(), {status, {}, {}});
    REQUIRE(x);
    CHECK(x->job->end == job_end::done);
    CHECK(kinds_of(*x) == std::vector{event_kind::callback_delivered});
    CHECK(x->subscriptions.empty());
  }
  auto gone = decide(ticket, order, subscriber(), {410, {}, {}});
  REQUIRE(gone);
  CHECK(gone->subscriptions.at(0).act == subscription_act::remove);
  CHECK(gone->subscriptions.at(0).what.topic == "un.cefact");
  CHECK(kinds_of(*gone) == std::vector{event_kind::unsubscribed});
  for (uint16_t status : {301, 400, 404, 429, 500, 503}) {
    auto x = decide(ticket, order, subscriber(), {status, {}, {}});
    REQUIRE(!x);
    CHECK(worth_retrying(x.error()));
    CHECK(sentence_of(x.error()).find(std::to_string(status)) != std::string::npos);
  }
}

TEST_CASE_FIXTURE(courier, "delivers to a live subscription") {
  ledger_book->subscriptions = {subscriber("s3cret")};
  peer->answers.push_back(http_response{204, {}, {}});
  CHECK(ask(deliverer(), ticket, order).answer<settled>());
  REQUIRE(peer->asked.size() == 1);
  CHECK(header_of(peer->asked[0], "X-Hub-Signature") == hub_signature("s3cret", order.body));
  CHECK(header_of(peer->asked[0], "Link").find("<http://hub.example/subscriptions>") == 0);
}

TEST_CASE_FIXTURE(courier, "calls nobody whose subscription is over or gone, and says so") {
  auto over = subscriber();
  over.ends = around.now();
  ledger_book->subscriptions = {over};
  CHECK(ask(deliverer(), ticket, order).answer<settled>());
  ledger_book->subscriptions.clear();
  CHECK(ask(deliverer(), ticket, order).answer<settled>());
  CHECK(peer->asked.empty());
  for (auto& x : ledger_book->settlements)
    CHECK(kinds_of(x) == std::vector{event_kind::unsubscribed});
}

TEST_CASE_FIXTURE(courier, "a subscriber that cannot be reached is tried again") {
  ledger_book->subscriptions = {subscriber()};
  peer->answers.push_back(make_problem(errc::peer_unreachable, "refused"));
  auto x = ask(deliverer(), ticket, order).answer<settled>();
  REQUIRE(!x);
  CHECK(code_of(x.error()) == errc::peer_unreachable);
  CHECK(ledger_book->settlements.empty());
}

TEST_CASE_FIXTURE(courier, "a host that hangs is bounded, and delays no other") {
  settings.callbacks_per_host = 1;
  auto other = order;
  other.callback = "http://other.example/";
  auto subscribed_too = subscriber();
  subscribed_too.callback = other.callback;
  ledger_book->subscriptions = {subscriber(), subscribed_too};
  auto x = deliverer();
  for (int i = 0; i < 4; ++i) // one on its way, three wait
    caf::anon_send(x, ticket, order);
  run();
  CHECK(peer->asked.size() == 1);
  pass(std::chrono::seconds{2}, std::chrono::seconds{1});
  auto busy = ask(x, ticket, order).answer<settled>();
  REQUIRE(!busy);
  CHECK(code_of(busy.error()) == errc::peer_busy);
  peer->answers.push_back(http_response{200, {}, {}});
  CHECK(ask(x, ticket, other).answer<settled>());
}

TEST_SUITE_END();
