#pragma once

#include "actors/callback_deliverer.hpp"
#include "actors/callbacks_spreader.hpp"
#include "actors/intent_verifier.hpp"
#include "actors/job_source.hpp"
#include "actors/lease_watch.hpp"
#include "actors/signature.hpp"
#include "actors/subscriber_desk.hpp"
#include "actors/subscriptions_api.hpp"
#include "actors/topic_fetcher.hpp"
#include "messages/uri.hpp"
#include "tests/support/ledger_world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl::websub_tests {

inline const std::string callback = "http://sub.example/cb?id=1";

/// Whatever hangs on the other end of the hub's calls.
struct subscribers {
  std::vector<http_request> asked;
  std::function<caf::expected<http_response>(const http_request&)> answer;
};

inline http_client_actor::behavior_type outside(http_client_actor::pointer,
                                                std::shared_ptr<subscribers> with) {
  return {[=](const http_request& x) -> caf::result<http_response> {
    with->asked.push_back(x);
    auto said = with->answer(x);
    if (!said)
      return said.error();
    return *said;
  }};
}

inline std::string parameter(const std::string& url, const std::string& name) {
  auto at = url.find(name + "=");
  if (at == std::string::npos)
    return {};
  at += name.size() + 1;
  return percent_decode(url.substr(at, url.find('&', at) - at)).value_or("");
}

inline http_response echo(const http_request& x) {
  return {200, {}, parameter(x.url, "hub.challenge")};
}

inline std::string header_of(const http_request& x, std::string_view name) {
  std::string all;
  for (auto& h : x.headers)
    if (h.name == name)
      all += (all.empty() ? "" : " | ") + h.value;
  return all;
}

/// The hub over a real ledger. Jobs are handed to its workers by the test, in place of the streams.
class websub_hub : public ledger_world {
public:
  process_settings settings;
  std::shared_ptr<subscribers> peers = std::make_shared<subscribers>();

  websub_hub() {
    peers->answer = [](const http_request& x) -> caf::expected<http_response> {
      return x.method == "GET" ? echo(x) : http_response{204, {}, {}};
    };
  }

  void open() {
    auto how = std::make_shared<const process_settings>(settings);
    auto http = keep(system.spawn(outside, peers));
    auto calls = std::make_shared<call_book>(settings);
    api_ = keep(system.spawn(subscriptions_api, around, how));
    verifier_ = keep(system.spawn(intent_verifier, around, how, http, calls));
    spreader_ = keep(system.spawn(callbacks_spreader, around, how));
    deliverer_ = keep(system.spawn(callback_deliverer, around, how, http, calls,
                                   std::string{"http://hub/subscriptions"}));
    fetcher_ = keep(system.spawn(topic_fetcher, around, how, http, calls));
    desk = keep(system.spawn(subscriber_desk, around, how, http));
  }

  static subscription_request form(std::string mode = "subscribe", std::string secret = {},
                                   std::string lease = {}) {
    return {std::move(mode), "UN.CEFACT.*", callback, std::move(secret), std::move(lease)};
  }

  errc post(const subscription_request& x) {
    auto answer = ask(api_, x).answer<subscription_accepted>();
    return answer ? errc::none : code_of(answer.error());
  }

  /// Hands out what is due, until nothing is; what fails is tried again by the next call.
  void work() {
    for (auto again = true; again;) {
      again = false;
      for (auto& job : due()) {
        auto done = do_one(job);
        again = again || done;
      }
    }
  }

  bool verify(const open_job& job) { return give<verify_intent>(verifier_, job); }
  bool spread(const open_job& job) { return give<message_changed>(spreader_, job); }

  void subscribe(const subscription_request& x) {
    REQUIRE(post(x) == errc::none);
    work();
    peers->asked.clear();
  }

  void publish(const std::string& body) {
    tell(body);
    work();
  }

  /// An event that is not spread yet.
  void tell(const std::string& body) {
    settlement what;
    what.tells.push_back({"AU:17", "received/" + body, {{"UN.CEFACT.Trade.CoO.created", body}}});
    write(std::move(what));
  }

  caf::optional<subscription> stored() {
    auto found = on_disk->read(find_subscription{"un.cefact", callback});
    REQUIRE(found);
    return found->what;
  }

  std::vector<event> events_of(event_kind kind) {
    auto found = on_disk->read(find_events{{}, 0, 1000});
    REQUIRE(found);
    std::vector<event> result;
    for (auto& x : found->events)
      if (x.what == kind)
        result.push_back(x);
    return result;
  }

  /// The delivery that is due ends for good, as the source of its stream would have it.
  void give_up_first() {
    for (auto& job : due()) {
      if (job.order.on != stream::delivery_outbox)
        continue;
      job_delivery what{
          {job.order.id, job.generation, job.attempts + 1}, job.order.about, job.order.body};
      return void(write(give_up(stream::delivery_outbox, what, last_error)));
    }
    FAIL("no delivery is due");
  }

  /// Bodies of the POSTs to a callback, in order.
  std::string told(const std::string& to) {
    std::string text;
    for (auto& x : peers->asked)
      if (x.method == "POST" && x.url == to)
        text += x.body + " ";
    return text;
  }

  caf::error last_error;
  subscriber_desk_actor desk;

private:
  template <class Order, class Worker>
  bool give(const Worker& worker, const open_job& job) {
    auto order = parse_order<Order>(job.order.body);
    REQUIRE(order);
    job_ticket ticket{job.order.id, job.generation, job.attempts + 1};
    auto x = ask(worker, ticket, *order).template answer<settled>();
    last_error = x ? caf::error{} : x.error();
    return bool(x);
  }

  bool do_one(const open_job& job) {
    switch (job.order.on) {
    case stream::subscription_requests: {
      auto order = parse_order<verify_intent>(job.order.body);
      return give<verify_intent>(order && order->mode == "publish" ? fetcher_ : verifier_, job);
    }
    case stream::notifications:
      return give<message_changed>(spreader_, job);
    default:
      return give<deliver_callback>(deliverer_, job);
    }
  }

  subscriptions_api_actor api_;
  intent_verifier_actor verifier_;
  intent_verifier_actor fetcher_;
  callbacks_spreader_actor spreader_;
  callback_deliverer_actor deliverer_;
};

} // namespace igl::websub_tests
