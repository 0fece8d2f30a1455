#include "actors/topic_fetcher.hpp"

#include "actors/chance.hpp"
#include "actors/intent_verifier.hpp"
#include "actors/permitted_call.hpp"
#include "actors/settling.hpp"
#include "messages/probes.hpp"
#include "messages/uri.hpp"

namespace igl {

http_request topic_request(const verify_intent& order, const process_settings& settings) {
  http_request result;
  result.method = "GET";
  result.url = order.topic.substr(0, order.topic.find('#'));
  result.timeout = settings.callback_timeout;
  result.max_body = settings.message_bytes;
  return result;
}

caf::expected<settlement> published_topic(const job_ticket& ticket, const verify_intent& order,
                                          const http_response& answer) {
  if (answer.status < 200 || answer.status >= 300)
    return make_problem(errc::peer_failed,
                        order.topic + " answered " + std::to_string(answer.status));
  settlement result;
  result.job = closed(ticket);
  auto type = answer.header("Content-Type");
  notice what{order.topic, answer.body};
  what.media_type = type.empty() ? "application/octet-stream" : type;
  result.tells.push_back({order.topic, "published/" + order.request_id, {std::move(what)}});
  return result;
}

intent_verifier_actor::behavior_type
topic_fetcher(intent_verifier_actor::stateful_pointer<topic_fetcher_state> self,
              surroundings around, std::shared_ptr<const process_settings> settings,
              http_client_actor http, std::shared_ptr<call_book> calls) {
  self->state.gate =
      peer_gate{settings->callbacks_per_host, 3 * settings->callbacks_per_host, around.now};
  answer_probes(self);
  return {
      [=](const job_ticket& ticket, const verify_intent& order) {
        auto answer = promise_of<settled>(self);
        auto url = parse_http_url(order.topic);
        if (!url) {
          settle(self, around, refused_publication(ticket, order, "it is no http URL"),
                 answer_with(answer));
          return answer->unguarded();
        }
        auto peer = url->origin();
        auto [permit, not_now] = calls->to_ask(callee_at(order.topic, peer), around.now());
        if (!permit) {
          settle(self, around, asked_later(ticket, order.topic, not_now, *settings, chance(around)),
                 answer_with(answer));
          return answer->unguarded();
        }
        call_in_turn(
            self, {http, peer, std::move(permit), around.now},
            [=] { return topic_request(order, *settings); },
            [=](const http_response& said) {
              settle(self, around, published_topic(ticket, order, said), answer_with(answer));
            },
            [=](caf::error why) {
              if (code_of(why) == errc::forbidden)
                settle(self, around, refused_publication(ticket, order, problem_of(why).detail),
                       answer_with(answer));
              else
                answer->deliver(std::move(why));
            });
        return answer->unguarded();
      },
  };
}

} // namespace igl
