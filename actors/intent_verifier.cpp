#include "actors/intent_verifier.hpp"

#include "actors/chance.hpp"
#include "actors/settling.hpp"
#include "messages/uri.hpp"

namespace igl {

namespace {

using verifier_pointer = intent_verifier_actor::stateful_pointer<intent_verifier_state>;

settlement refused(const job_ticket& ticket, const verify_intent& order, const std::string& why) {
  settlement result;
  result.job = closed(ticket);
  result.events.push_back({0,
                           {},
                           event_kind::subscription_refused,
                           order.topic_as_asked,
                           order.callback + " did not confirm to " + order.mode + ": " + why});
  return result;
}

void ask(verifier_pointer self, const surroundings& around, const http_request& question,
         const std::string& peer, const std::string& challenge, const job_ticket& ticket,
         const verify_intent& order, const std::shared_ptr<guarded_promise<settled>>& answer,
         const http_client_actor& http) {
  self->request(http, timeouts::outside, question)
      .then(
          [=](const http_response& said) {
            self->state.gate.leave(peer, peer_mood::answering);
            auto end = decide(ticket, order, said, challenge, around.now());
            if (end)
              settle(self, around, std::move(*end), answer_with(answer));
            else
              answer->deliver(std::move(end.error()));
          },
          [=](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            self->state.gate.leave(peer, mood_after(why));
            answer->deliver(std::move(why));
          });
}

} // namespace

http_request verification_request(const verify_intent& order, std::string_view challenge,
                                  const process_settings& settings) {
  auto url = order.callback.substr(0, order.callback.find('#'));
  url += url.find('?') == std::string::npos ? '?' : '&';
  url += "hub.mode=" + order.mode + "&hub.topic=" + percent_encode(order.topic_as_asked) +
         "&hub.challenge=" + percent_encode(challenge);
  if (order.mode == "subscribe")
    url += "&hub.lease_seconds=" + std::to_string(order.lease.count());
  http_request result;
  result.method = "GET";
  result.url = std::move(url);
  result.timeout = settings.callback_timeout;
  result.max_body = settings.callback_answer_bytes;
  return result;
}

settlement subscription_applied(const verify_intent& order, caf::timestamp now) {
  settlement result;
  auto subscribes = order.mode == "subscribe";
  result.subscriptions.push_back(
      {subscribes ? subscription_act::put : subscription_act::remove,
       {order.topic, order.topic_as_asked, order.callback, order.secret, now + order.lease}});
  result.events.push_back({0,
                           {},
                           subscribes ? event_kind::subscribed : event_kind::unsubscribed,
                           order.topic_as_asked,
                           order.callback});
  return result;
}

caf::expected<settlement> decide(const job_ticket& ticket, const verify_intent& order,
                                 const http_response& answer, std::string_view challenge,
                                 caf::timestamp now) {
  auto status = std::to_string(answer.status);
  if (answer.status >= 500 || answer.status == 429)
    return make_problem(errc::peer_failed, order.callback + " answered " + status);
  if (answer.status < 200 || answer.status >= 300)
    return refused(ticket, order, "it answered " + status);
  if (answer.body != challenge)
    return refused(ticket, order, "it answered without the challenge");
  auto result = subscription_applied(order, now);
  result.job = closed(ticket);
  return result;
}

intent_verifier_actor::behavior_type
intent_verifier(verifier_pointer self, surroundings around,
                std::shared_ptr<const process_settings> settings, http_client_actor http) {
  self->state.gate =
      peer_gate{settings->callbacks_per_host, 3 * settings->callbacks_per_host, around.now};
  return {
      [=](const job_ticket& ticket, const verify_intent& order) {
        auto answer = promise_of<settled>(self);
        auto url = parse_http_url(order.callback);
        if (!url) {
          settle(self, around, refused(ticket, order, "it is no http URL"), answer_with(answer));
          return answer->unguarded();
        }
        auto peer = url->origin();
        auto challenge = fresh_uuid(around);
        auto question = verification_request(order, challenge, *settings);
        self->state.gate.admit(
            peer,
            {[=] { ask(self, around, question, peer, challenge, ticket, order, answer, http); },
             [=] {
               answer->deliver(make_problem(errc::peer_busy, peer));
             }});
        return answer->unguarded();
      },
  };
}

} // namespace igl
