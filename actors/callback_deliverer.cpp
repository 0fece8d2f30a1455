#include "actors/callback_deliverer.hpp"

#include "actors/chance.hpp"
#include "actors/permitted_call.hpp"
#include "actors/retry_after.hpp"
#include "actors/settling.hpp"
#include "actors/signature.hpp"
#include "messages/probes.hpp"
#include "messages/topic.hpp"
#include "messages/uri.hpp"

#include <algorithm>

namespace igl {

namespace {

/// What every callback needs.
struct desk {
  callback_deliverer_actor::stateful_pointer<callback_deliverer_state> self;
  surroundings around;
  std::shared_ptr<const process_settings> settings;
  http_client_actor http;
  std::shared_ptr<call_book> calls;
  std::string hub_url;
};

/// One callback on its way.
struct errand {
  std::shared_ptr<const desk> from;
  job_ticket ticket;
  deliver_callback order;
  std::string peer;
  std::string topic; ///< canonical
  std::shared_ptr<guarded_promise<settled>> answer;
  std::shared_ptr<const hub_event> event; ///< null: the order has the body
};
using errand_ptr = std::shared_ptr<errand>;

void end(const errand_ptr& x, settlement what) {
  settle(x->from->self, x->from->around, std::move(what), answer_with(x->answer));
}

void heard(const errand_ptr& x, const subscription& to, const http_response& said) {
  auto& around = x->from->around;
  auto decision = decide(x->ticket, x->order, to, said);
  if (decision)
    return end(x, std::move(*decision));
  if (auto later =
          put_off(x->ticket, x->order, said, *x->from->settings, around.now(), chance(around)))
    return end(x, std::move(*later));
  x->answer->deliver(std::move(decision.error()));
}

void not_heard(const errand_ptr& x, caf::error why) {
  // Names move, and may move back: the schedule decides when to give up.
  if (code_of(why) == errc::forbidden)
    why = make_problem(errc::peer_unreachable, problem_of(why).detail);
  x->answer->deliver(std::move(why));
}

void set_out(const errand_ptr& x, const found_subscription& found) {
  auto& around = x->from->around;
  if (!found.what || found.what->ends <= around.now())
    return end(x, subscription_over(x->ticket, x->order));
  auto [permit, not_now] =
      x->from->calls->to_deliver(callee_at(x->order.callback, x->peer), around.now());
  if (!permit)
    return end(x, put_off_until(x->ticket, back_at(not_now, chance(around)),
                                x->order.callback + " " + not_now.why));
  auto request = [=, to = *found.what] {
    return callback_request(x->order, to, x->from->hub_url, *x->from->settings, x->event.get());
  };
  call_in_turn(
      x->from->self, {x->from->http, x->peer, std::move(permit), around.now}, request,
      [=, to = *found.what](const http_response& said) { heard(x, to, said); },
      [=](caf::error why) { not_heard(x, std::move(why)); });
}

void find_subscriber(const errand_ptr& x) {
  x->from->self
      ->request(x->from->around.reader, timeouts::read,
                find_subscription{x->topic, x->order.callback, /* or_above: */ true})
      .then([x](const found_subscription& found) { set_out(x, found); },
            [x](caf::error& why) { x->answer->deliver(std::move(why)); });
}

/// Finds the event, and the last ones without asking: many subscribers are told the same.
void find_event(const errand_ptr& x) {
  if (!x->order.event)
    return find_subscriber(x);
  auto& lately = x->from->self->state.lately;
  auto number = *x->order.event;
  for (auto& event : lately)
    if (event->number == number) {
      x->event = event;
      return find_subscriber(x);
    }
  x->from->self->request(x->from->around.reader, timeouts::read, find_hub_event{number})
      .then(
          [=](found_hub_event& found) {
            if (!found.what)
              return end(x, event_forgotten(x->ticket, x->order));
            x->event = std::make_shared<const hub_event>(std::move(*found.what));
            auto& known = x->from->self->state.lately;
            known.push_front(x->event);
            if (known.size() > 8)
              known.pop_back();
            find_subscriber(x);
          },
          [=](caf::error& why) { x->answer->deliver(std::move(why)); });
}

} // namespace

http_request callback_request(const deliver_callback& order, const subscription& to,
                              std::string_view hub_url, const process_settings& settings,
                              const hub_event* event) {
  http_request result;
  result.method = "POST";
  result.url = order.callback.substr(0, order.callback.find('#'));
  result.body = event ? event->body : order.body;
  result.timeout = settings.callback_timeout;
  result.max_body = settings.callback_answer_bytes;
  result.cut_body = true; // W3C WebSub §7: the hub ignores what the answer says
  result.headers = {{"Content-Type",
                     event && !event->media_type.empty() ? event->media_type : "application/json"},
                    {"Link", "<" + std::string{hub_url} + ">; rel=\"hub\", <" + to.topic_as_asked +
                                 ">; rel=\"self\""}};
  if (!to.secret.empty())
    result.headers.push_back(
        {"X-Hub-Signature", hub_signature(to.secret, result.body, settings.callback_signature)});
  if (event)
    result.headers.push_back({std::string{event_number_header}, std::to_string(event->number)});
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
                             "at " + order.callback + " about " + order.topic + ", answered " +
                                 std::to_string(answer.status)});
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

caf::optional<settlement> put_off(const job_ticket& ticket, const deliver_callback& order,
                                  const http_response& answer, const process_settings& settings,
                                  caf::timestamp now, double chance) {
  auto asked = retry_after(answer, now, settings.longest_retry_after);
  auto& schedule = settings.retry_callback;
  if (!asked || (answer.status >= 200 && answer.status < 300) || answer.status == 410 ||
      ticket.attempt >= schedule.attempts)
    return caf::none;
  settlement result;
  result.job = job_outcome{ticket, job_end::again,
                           now + std::max(*asked, pause_after(schedule, ticket.attempt, chance)),
                           order.callback + " answered " + std::to_string(answer.status) +
                               " and Retry-After " + answer.header("Retry-After")};
  return result;
}

settlement put_off_until(const job_ticket& ticket, caf::timestamp when, const std::string& why) {
  settlement result;
  result.job = job_outcome{ticket, job_end::postponed, when, why};
  return result;
}

settlement event_forgotten(const job_ticket& ticket, const deliver_callback& order) {
  settlement result;
  result.job = job_outcome{ticket,
                           job_end::dead,
                           {},
                           "event " + std::to_string(order.event.value_or(0)) +
                               " is older than hub.keep_events and is no longer kept"};
  return result;
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
                   http_client_actor http, std::shared_ptr<call_book> calls, std::string hub_url) {
  self->state.gate =
      peer_gate{settings->callbacks_per_host, 3 * settings->callbacks_per_host, around.now};
  auto from =
      std::make_shared<const desk>(desk{self, std::move(around), std::move(settings),
                                        std::move(http), std::move(calls), std::move(hub_url)});
  answer_probes(self);
  return {
      [=](job_ticket& ticket, deliver_callback& order) {
        auto answer = promise_of<settled>(self);
        auto url = parse_http_url(order.callback);
        auto topic = subscribed_topic(order.topic);
        if (!url || !topic) {
          answer->deliver(make_problem(errc::internal, "nobody can have subscribed " +
                                                           order.callback + " to " + order.topic));
          return answer->unguarded();
        }
        find_event(std::make_shared<errand>(errand{from, std::move(ticket), std::move(order),
                                                   url->origin(), std::move(*topic), answer,
                                                   /* event: */ nullptr}));
        return answer->unguarded();
      },
  };
}

} // namespace igl
