#include "actors/subscriber_desk.hpp"

#include "actors/chance.hpp"
#include "actors/intent_verifier.hpp"
#include "actors/settling.hpp"
#include "actors/signature.hpp"
#include "messages/topic.hpp"

#include <algorithm>
#include <iterator>

namespace igl {

namespace {

using desk_pointer = subscriber_desk_actor::stateful_pointer<subscriber_desk_state>;

/// Subscriptions of one callback: there are as many as topics that it wants to hear of.
constexpr uint32_t most_subscriptions = 1000;
constexpr uint32_t latest_deliveries = 20;

struct desk {
  desk_pointer self;
  surroundings around;
  std::shared_ptr<const process_settings> settings;
  http_client_actor http;
};

caf::error nobody(const std::string& callback) {
  return make_problem(errc::subscription_not_found, callback + " has no subscription");
}

template <class Answer>
using promise = std::shared_ptr<guarded_promise<Answer>>;

/// Asks the ledger; what it refuses is the answer.
template <class Question, class Answer, class Then>
void look(const desk& x, const Question& question, const promise<Answer>& answer, Then then) {
  x.self->request(x.around.reader, timeouts::read, question).then(then, [=](caf::error& why) {
    answer->deliver(std::move(why));
  });
}

void report(const desk& x, const report_subscriber& asked,
            const promise<subscriber_report>& answer) {
  look(x, find_subscriptions{asked.callback, {}, most_subscriptions}, answer,
       [=](const found_subscriptions& found) {
         subscriber_report result;
         result.callback = asked.callback;
         result.subscriptions = visible_to(asked, found.subscriptions);
         if (result.subscriptions.empty())
           return answer->deliver(nobody(asked.callback));
         look(x, find_lane{asked.callback}, answer, [=](const found_lane& lane) {
           look(x, find_latest_events{asked.callback, latest_deliveries}, answer,
                [=](const found_events& events) {
                  auto complete = result;
                  complete.deliveries = lane;
                  complete.latest = events.events;
                  answer->deliver(std::move(complete));
                });
         });
       });
}

/// One test after the other; each says how it ended.
void test(const desk& x, const std::vector<subscription>& all, size_t next,
          const subscriber_acted& so_far, const promise<subscriber_acted>& answer) {
  if (next == all.size())
    return answer->deliver(so_far);
  auto challenge = fresh_uuid(x.around);
  auto question = question_about(all[next], x.around.now());
  auto go_on = [=](const std::string& outcome) {
    auto more = so_far;
    more.outcomes.push_back(all[next].topic_as_asked + ": " + outcome);
    test(x, all, next + 1, more, answer);
  };
  x.self->request(x.http, timeouts::outside, verification_request(question, challenge, *x.settings))
      .then(
          [=](const http_response& said) {
            auto why = why_not_confirmed(said, challenge);
            go_on(why.empty() ? "it confirms" : "it does not confirm: " + why);
          },
          [=](caf::error& why) { go_on("it does not answer: " + sentence_of(why)); });
}

void act(const desk& x, const act_on_subscriber& asked, const std::vector<subscription>& all,
         const promise<subscriber_acted>& answer) {
  auto what = decide(asked, all);
  if (!what)
    return answer->deliver(std::move(what.error()));
  if (asked.act == subscriber_act::test)
    return test(x, all, 0, {}, answer);
  subscriber_acted done;
  for (auto& event : what->events)
    done.outcomes.push_back(sentence_of(event));
  settle(x.self, x.around, std::move(*what), [=](caf::expected<settled> result) {
    if (result)
      answer->deliver(done);
    else
      answer->deliver(std::move(result.error()));
  });
}

} // namespace

caf::expected<settlement> decide(const act_on_subscriber& asked,
                                 const std::vector<subscription>& subscriptions) {
  settlement result;
  auto tell = [&](event_kind what, const std::string& about, const std::string& detail) {
    result.events.push_back({0, {}, what, about, detail + ", by " + asked.who});
  };
  // A pause outlives a subscription, and may end after it.
  if (subscriptions.empty() && asked.act != subscriber_act::resume)
    return nobody(asked.callback);
  switch (asked.act) {
  case subscriber_act::pause:
    result.lanes.push_back({lane_act::hold, asked.callback});
    tell(event_kind::deliveries_paused, asked.callback, "to " + asked.callback);
    break;
  case subscriber_act::resume:
    result.lanes.push_back({lane_act::release, asked.callback});
    tell(event_kind::deliveries_resumed, asked.callback, "to " + asked.callback);
    break;
  case subscriber_act::drop:
    // What waits ends by itself: nobody has subscribed any more.
    result.lanes.push_back({lane_act::release, asked.callback});
    for (auto& x : subscriptions) {
      result.subscriptions.push_back({subscription_act::remove, x});
      tell(event_kind::unsubscribed, x.topic_as_asked, asked.callback);
    }
    break;
  case subscriber_act::test:
    break;
  }
  return result;
}

std::vector<subscription> visible_to(const report_subscriber& asked,
                                     const std::vector<subscription>& subscriptions) {
  if (asked.reader == report_reader::operation)
    return subscriptions;
  std::vector<subscription> result;
  std::copy_if(
      subscriptions.begin(), subscriptions.end(), std::back_inserter(result),
      [&](auto& x) { return !x.secret.empty() && is_same_secret(x.secret, asked.secret); });
  return result;
}

verify_intent question_about(const subscription& x, caf::timestamp now) {
  verify_intent result;
  result.mode = "subscribe";
  result.topic = x.topic;
  result.topic_as_asked = x.topic_as_asked;
  result.callback = x.callback;
  result.lease = std::chrono::duration_cast<std::chrono::seconds>(x.ends - now);
  return result;
}

subscriber_desk_actor::behavior_type
subscriber_desk(desk_pointer self, surroundings around,
                std::shared_ptr<const process_settings> settings, http_client_actor http) {
  desk x{self, std::move(around), std::move(settings), std::move(http)};
  return {
      [=](const read_hub_events& asked) {
        auto answer = promise_of<found_hub_events>(self);
        auto topic = subscribed_topic(asked.topic);
        if (!topic)
          answer->deliver(std::move(topic.error()));
        else
          look(x, find_hub_events{*topic, asked.after, asked.limit}, answer,
               [=](const found_hub_events& found) { answer->deliver(found); });
        return answer->unguarded();
      },
      [=](const report_subscriber& asked) {
        auto answer = promise_of<subscriber_report>(self);
        report(x, asked, answer);
        return answer->unguarded();
      },
      [=](const find_subscriptions& asked) {
        auto answer = promise_of<found_subscriptions>(self);
        look(x, asked, answer, [=](const found_subscriptions& found) { answer->deliver(found); });
        return answer->unguarded();
      },
      [=](const act_on_subscriber& asked) {
        auto answer = promise_of<subscriber_acted>(self);
        look(x, find_subscriptions{asked.callback, {}, most_subscriptions}, answer,
             [=](const found_subscriptions& found) { act(x, asked, found.subscriptions, answer); });
        return answer->unguarded();
      },
  };
}

} // namespace igl
