#include "actors/intent_verifier.hpp"

#include "actors/chance.hpp"
#include "actors/permitted_call.hpp"
#include "actors/settling.hpp"
#include "actors/signature.hpp"
#include "messages/probes.hpp"
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

/// One verification on its way.
struct inquiry {
  verifier_pointer self;
  surroundings around;
  std::shared_ptr<const process_settings> settings;
  http_client_actor http;
  std::shared_ptr<call_book> calls;
  job_ticket ticket;
  verify_intent order;
  std::string peer;
  std::string challenge;
  std::shared_ptr<guarded_promise<settled>> answer;

  callee whom() const { return callee_at(order.callback, peer); }
};
using inquiry_ptr = std::shared_ptr<const inquiry>;

/// Told once, and not when it is not its turn to be called: whoever does not hear it finds out as
/// W3C WebSub has it anyway, by never being called.
void tell_denied(const inquiry_ptr& x, const settlement& end, const std::string& why) {
  auto done = [=] {
    settle(x->self, x->around, end, answer_with(x->answer));
  };
  auto permit = x->calls->to_ask(x->whom(), x->around.now()).permit;
  if (!permit)
    return done();
  x->self->request(x->http, timeouts::outside, denial(x->order, why, *x->settings))
      .then(
          [=](const http_response& said) {
            permit->ended(call_end_of(said), x->around.now());
            done();
          },
          [=](caf::error& failure) {
            permit->ended(call_end_of(as_peer_error(std::move(failure))), x->around.now());
            done();
          });
}

void refuse(const inquiry_ptr& x, const http_response& said, const settlement& end) {
  x->self
      ->request(x->around.reader, timeouts::read,
                find_subscription{x->order.topic, x->order.callback})
      .then(
          [=](const found_subscription& stored) {
            if (is_told_of_denial(x->order, said, stored, x->around.now()))
              tell_denied(x, end, why_not_confirmed(said, x->challenge));
            else
              settle(x->self, x->around, end, answer_with(x->answer));
          },
          [=](caf::error& why) { x->answer->deliver(std::move(why)); });
}

void heard(const inquiry_ptr& x, const http_response& said) {
  auto end = decide(x->ticket, x->order, said, x->challenge, x->around.now());
  // It answers, so it can be told.
  if (!end && x->ticket.attempt >= x->settings->retry_verification.attempts)
    end = refused(x->ticket, x->order, problem_of(end.error()).detail);
  if (end && end->subscriptions.empty())
    refuse(x, said, *end);
  else
    settle(x->self, x->around, std::move(end), answer_with(x->answer));
}

void not_heard(const inquiry_ptr& x, caf::error why) {
  if (code_of(why) == errc::forbidden)
    settle(x->self, x->around, refused(x->ticket, x->order, problem_of(why).detail),
           answer_with(x->answer));
  else
    x->answer->deliver(std::move(why));
}

/// When it is its turn.
void ask(const inquiry_ptr& x) {
  auto [permit, not_now] = x->calls->to_ask(x->whom(), x->around.now());
  if (!permit)
    return settle(
        x->self, x->around,
        asked_later(x->ticket, x->order.callback, not_now, *x->settings, chance(x->around)),
        answer_with(x->answer));
  call_in_turn(
      x->self, {x->http, x->peer, std::move(permit), x->around.now},
      [x] { return verification_request(x->order, x->challenge, *x->settings); },
      [x](const http_response& said) { heard(x, said); },
      [x](caf::error why) { not_heard(x, std::move(why)); });
}

/// A URL with more in its query; what it had stays.
std::string with_query(const std::string& url, const std::string& more) {
  auto result = url.substr(0, url.find('#'));
  result += result.find('?') == std::string::npos ? '?' : '&';
  return result + more;
}

http_request question(std::string url, const process_settings& settings) {
  http_request result;
  result.method = "GET";
  result.url = std::move(url);
  result.timeout = settings.callback_timeout;
  result.max_body = settings.callback_answer_bytes;
  result.cut_body = true; // what is longer is not the challenge
  return result;
}

} // namespace

http_request verification_request(const verify_intent& order, std::string_view challenge,
                                  const process_settings& settings) {
  auto query = "hub.mode=" + order.mode + "&hub.topic=" + percent_encode(order.topic_as_asked) +
               "&hub.challenge=" + percent_encode(challenge);
  if (order.mode == "subscribe")
    query += "&hub.lease_seconds=" + std::to_string(order.lease.count());
  return question(with_query(order.callback, query), settings);
}

http_request denial(const verify_intent& order, std::string_view reason,
                    const process_settings& settings) {
  return question(with_query(order.callback,
                             "hub.mode=denied&hub.topic=" + percent_encode(order.topic_as_asked) +
                                 "&hub.reason=" + percent_encode(reason)),
                  settings);
}

std::string why_not_confirmed(const http_response& answer, std::string_view challenge) {
  if (answer.status < 200 || answer.status >= 300)
    return "it answered " + std::to_string(answer.status);
  return !answer.is_cut && is_same_secret(answer.body, challenge)
             ? ""
             : "it answered without the challenge";
}

bool is_told_of_denial(const verify_intent& order, const http_response& answer,
                       const found_subscription& stored, caf::timestamp now) {
  return order.mode == "subscribe" && answer.status != 404 &&
         !(stored.what && stored.what->ends > now);
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
  if (answer.status >= 500 || answer.status == 429)
    return make_problem(errc::peer_failed,
                        order.callback + " answered " + std::to_string(answer.status));
  // It may have been about to say so: nobody knows what else would have come.
  if (answer.is_cut && answer.status / 100 == 2 && answer.body.size() <= challenge.size())
    return make_problem(errc::peer_failed, order.callback + " did not end its answer");
  if (auto why = why_not_confirmed(answer, challenge); !why.empty())
    return refused(ticket, order, why);
  auto result = subscription_applied(order, now);
  result.job = closed(ticket);
  return result;
}

settlement intent_given_up(const job_ticket& ticket, const verify_intent& order,
                           const caf::error& why) {
  auto what = sentence_of(why);
  return order.mode == "publish" ? refused_publication(ticket, order, what)
                                 : refused(ticket, order, what);
}

settlement refused_publication(const job_ticket& ticket, const verify_intent& order,
                               const std::string& why) {
  settlement result;
  result.job = closed(ticket);
  result.events.push_back({0,
                           {},
                           event_kind::subscription_refused,
                           order.topic_as_asked,
                           "it is not published: " + why});
  return result;
}

caf::expected<settlement> asked_later(const job_ticket& ticket, const std::string& whom,
                                      const call_refusal& why, const process_settings& settings,
                                      double chance) {
  auto text = whom + " " + why.why;
  if (why.has_failed && ticket.attempt >= settings.retry_verification.attempts)
    return make_problem(errc::peer_unreachable, std::move(text));
  settlement result;
  result.job = job_outcome{ticket, why.has_failed ? job_end::again : job_end::postponed,
                           back_at(why, chance), std::move(text)};
  return result;
}

intent_verifier_actor::behavior_type
intent_verifier(verifier_pointer self, surroundings around,
                std::shared_ptr<const process_settings> settings, http_client_actor http,
                std::shared_ptr<call_book> calls) {
  self->state.gate =
      peer_gate{settings->callbacks_per_host, 3 * settings->callbacks_per_host, around.now};
  answer_probes(self);
  return {
      [=](const job_ticket& ticket, const verify_intent& order) {
        auto answer = promise_of<settled>(self);
        auto url = parse_http_url(order.callback);
        if (!url) {
          settle(self, around, refused(ticket, order, "it is no http URL"), answer_with(answer));
          return answer->unguarded();
        }
        ask(std::make_shared<const inquiry>(inquiry{self, around, settings, http, calls, ticket,
                                                    order, url->origin(), fresh_uuid(around),
                                                    answer}));
        return answer->unguarded();
      },
  };
}

} // namespace igl
