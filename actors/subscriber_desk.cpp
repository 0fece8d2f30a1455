#include "actors/subscriber_desk.hpp"

#include "actors/chance.hpp"
#include "actors/intent_verifier.hpp"
#include "actors/settling.hpp"
#include "actors/signature.hpp"
#include "messages/probes.hpp"
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

using outcome = std::pair<bool, std::string>;

/// Asks about one subscription after the other; each says how it ended.
void ask_each(const desk& x, const std::vector<subscription>& all, size_t next,
              const std::function<http_request(const subscription&)>& question,
              const std::function<outcome(const caf::expected<http_response>&)>& said,
              const subscriber_acted& so_far, const promise<subscriber_acted>& answer) {
  if (next == all.size())
    return answer->deliver(so_far);
  auto go_on = [=](const caf::expected<http_response>& response) {
    auto more = so_far;
    auto [is_good, words] = said(response);
    more.in_vain = more.in_vain || !is_good;
    more.outcomes.push_back(all[next].topic_as_asked + ": " + words);
    ask_each(x, all, next + 1, question, said, more, answer);
  };
  x.self->request(x.http, timeouts::outside, question(all[next]))
      .then([=](const http_response& response) { go_on(response); },
            [=](caf::error& why) { go_on(std::move(why)); });
}

void test(const desk& x, const std::vector<subscription>& all,
          const promise<subscriber_acted>& answer) {
  auto challenge = fresh_uuid(x.around);
  auto question = [=](const subscription& y) {
    return verification_request(question_about(y, x.around.now()), challenge, *x.settings);
  };
  ask_each(
      x, all, 0, question,
      [=](const caf::expected<http_response>& said) { return outcome_of_test(said, challenge); },
      {}, answer);
}

/// Told once; whoever does not hear it finds out by never being called.
void tell_dropped(const desk& x, const std::vector<subscription>& all,
                  const subscriber_acted& so_far, const promise<subscriber_acted>& answer) {
  auto question = [=](const subscription& y) {
    return denial(question_about(y, x.around.now()), "the operator of the hub has ended it",
                  *x.settings);
  };
  ask_each(
      x, all, 0, question,
      [](const caf::expected<http_response>& said) -> outcome {
        if (said && said->status / 100 == 2)
          return {true, "it was told"};
        return {true,
                "it could not be told: " + (said ? "it answered " + std::to_string(said->status)
                                                 : sentence_of(said.error()))};
      },
      so_far, answer);
}

void do_it(const desk& x, const act_on_subscriber& asked, const std::vector<subscription>& all,
           settlement what, const promise<subscriber_acted>& answer) {
  subscriber_acted done;
  for (auto& event : what.events)
    done.outcomes.push_back(sentence_of(event));
  settle(x.self, x.around, std::move(what), [=](caf::expected<settled> result) {
    if (!result)
      answer->deliver(std::move(result.error()));
    else if (asked.act == subscriber_act::drop)
      tell_dropped(x, all, done, answer);
    else
      answer->deliver(done);
  });
}

void act(const desk& x, const act_on_subscriber& asked, const std::vector<subscription>& all,
         const promise<subscriber_acted>& answer) {
  look(x, find_lane{asked.callback}, answer, [=](const found_lane& lane) {
    auto what = decide(asked, all, lane.held);
    if (!what)
      answer->deliver(std::move(what.error()));
    else if (asked.act == subscriber_act::test)
      test(x, all, answer);
    else
      do_it(x, asked, all, std::move(*what), answer);
  });
}

} // namespace

std::pair<bool, std::string> outcome_of_test(const caf::expected<http_response>& said,
                                             std::string_view challenge) {
  if (!said)
    return {false, "it does not answer: " + sentence_of(said.error())};
  // W3C WebSub §5.3: so answers who has nothing pending that fits, which it has not just now.
  if (said->status == 404)
    return {true, "it answers, and does not confirm (404), as a subscriber may whose subscription "
                  "is not new"};
  auto why = why_not_confirmed(*said, challenge);
  return {why.empty(), why.empty() ? "it confirms" : "it does not confirm: " + why};
}

caf::expected<settlement> decide(const act_on_subscriber& asked,
                                 const std::vector<subscription>& subscriptions, bool is_paused) {
  settlement result;
  auto tell = [&](event_kind what, const std::string& about, const std::string& detail) {
    result.events.push_back({0, {}, what, about, detail + ", by " + asked.who});
  };
  if (subscriptions.empty())
    return nobody(asked.callback);
  auto is_pause = asked.act == subscriber_act::pause;
  if ((is_pause || asked.act == subscriber_act::resume) && is_pause == is_paused)
    return make_problem(errc::bad_request,
                        asked.callback + (is_paused ? " is paused already" : " is not paused"));
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
      tell(event_kind::unsubscribed, x.topic_as_asked,
           asked.callback + " from " + x.topic_as_asked);
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
  answer_probes(self);
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
