#include "actors/callback_deliverer.hpp"

#include "actors/settling.hpp"
#include "actors/signature.hpp"
#include "messages/topic.hpp"
#include "messages/uri.hpp"

namespace igl {

namespace {

/// One callback on its way.
struct errand {
  callback_deliverer_actor::stateful_pointer<callback_deliverer_state> self;
  surroundings around;
  job_ticket ticket;
  deliver_callback order;
  subscription to;
  http_request question;
  std::string peer;
  std::shared_ptr<guarded_promise<settled>> answer;
};

void call(const std::shared_ptr<const errand>& x, const http_client_actor& http) {
  x->self->request(http, timeouts::outside, x->question)
      .then(
          [=](const http_response& said) {
            x->self->state.gate.leave(x->peer, peer_mood::answering);
            auto end = decide(x->ticket, x->order, x->to, said);
            if (end)
              settle(x->self, x->around, std::move(*end), answer_with(x->answer));
            else
              x->answer->deliver(std::move(end.error()));
          },
          [=](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            x->self->state.gate.leave(x->peer, mood_after(why));
            x->answer->deliver(std::move(why));
          });
}

} // namespace

http_request callback_request(const deliver_callback& order, const subscription& to,
                              std::string_view hub_url, const process_settings& settings) {
  http_request result;
  result.method = "POST";
  result.url = order.callback.substr(0, order.callback.find('#'));
  result.body = order.body;
  result.timeout = settings.callback_timeout;
  result.max_body = settings.callback_answer_bytes;
  result.headers = {
      {"Content-Type", "application/json"},
      {"Link", "<" + std::string{hub_url} + ">; rel=\"hub\", <" + order.topic + ">; rel=\"self\""}};
  if (!to.secret.empty())
    result.headers.push_back({"X-Hub-Signature", hub_signature(to.secret, order.body)});
  return result;
}

caf::expected<settlement> decide(const job_ticket& ticket, const deliver_callback& order,
                                 const subscription& to, const http_response& answer) {
  settlement result;
  result.job = closed(ticket);
  if (answer.status >= 200 && answer.status < 300) {
    result.events.push_back({0,
                             {},
                             event_kind::callback_delivered,
                             order.about,
                             "at " + order.callback + " about " + order.topic});
    return result;
  }
  if (answer.status == 410) {
    result.subscriptions.push_back({subscription_act::remove, to});
    result.events.push_back(
        {0,
         {},
         event_kind::unsubscribed,
         order.about,
         order.callback + " from " + order.topic + ", because it is gone (410)"});
    return result;
  }
  return make_problem(errc::peer_failed,
                      order.callback + " answered " + std::to_string(answer.status));
}

settlement subscription_over(const job_ticket& ticket, const deliver_callback& order) {
  settlement result;
  result.job = closed(ticket);
  result.events.push_back(
      {0,
       {},
       event_kind::unsubscribed,
       order.about,
       order.callback + " is not called: its subscription to " + order.topic + " has ended"});
  return result;
}

callback_deliverer_actor::behavior_type
callback_deliverer(callback_deliverer_actor::stateful_pointer<callback_deliverer_state> self,
                   surroundings around, std::shared_ptr<const process_settings> settings,
                   http_client_actor http, std::string hub_url) {
  self->state.gate =
      peer_gate{settings->callbacks_per_host, 3 * settings->callbacks_per_host, around.now};
  return {
      [=](const job_ticket& ticket, const deliver_callback& order) {
        auto answer = promise_of<settled>(self);
        auto url = parse_http_url(order.callback);
        auto topic = canonical_topic(order.topic);
        if (!url || !topic) {
          answer->deliver(make_problem(errc::internal, "nobody can have subscribed " +
                                                           order.callback + " to " + order.topic));
          return answer->unguarded();
        }
        auto peer = url->origin();
        self->request(around.reader, timeouts::read, find_subscription{*topic, order.callback})
            .then(
                [=](const found_subscription& found) {
                  if (!found.what || found.what->ends <= around.now()) {
                    settle(self, around, subscription_over(ticket, order), answer_with(answer));
                    return;
                  }
                  auto x = std::make_shared<const errand>(errand{
                      self, around, ticket, order, *found.what,
                      callback_request(order, *found.what, hub_url, *settings), peer, answer});
                  self->state.gate.admit(peer,
                                         {[=] { call(x, http); },
                                          [=] {
                                            answer->deliver(make_problem(errc::peer_busy, peer));
                                          }});
                },
                [=](caf::error& why) { answer->deliver(std::move(why)); });
        return answer->unguarded();
      },
  };
}

} // namespace igl
