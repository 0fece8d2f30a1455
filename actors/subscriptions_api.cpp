#include "actors/subscriptions_api.hpp"

#include "actors/chance.hpp"
#include "actors/intent_verifier.hpp"
#include "actors/settling.hpp"
#include "messages/callable.hpp"
#include "messages/probes.hpp"
#include "messages/topic.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>

namespace igl {

namespace {

using nlohmann::json;

constexpr size_t longest_secret = 199;    // bytes
constexpr size_t longest_callback = 2048; // bytes; as for topics

std::string text_of(const json& x) {
  return x.dump(-1, ' ', false, json::error_handler_t::replace);
}

enum class callback_wanted : uint8_t { yes, no };
enum class topics : uint8_t { of_messages, with_urls };

caf::error missing_in(const subscription_request& asked, callback_wanted callback) {
  auto missing = json::array();
  if (asked.mode.empty())
    missing.push_back("hub.mode");
  if (asked.topic.empty())
    missing.push_back("hub.topic");
  if (asked.callback.empty() && callback == callback_wanted::yes)
    missing.push_back("hub.callback");
  if (missing.empty())
    return caf::none;
  return make_problem(errc::missing_attributes, "the form lacks required attributes",
                      text_of(missing));
}

bool may_be_called(const std::string& host, const process_settings& settings) {
  return callable_addresses{settings.allowed_callbacks}.may_contain(host);
}

constexpr std::string_view not_listed =
    ", which this hub does not call unless its operator lists it";

caf::expected<http_url> callback_of(const subscription_request& asked,
                                    const process_settings& settings) {
  // What is too long is not repeated.
  if (asked.callback.size() > longest_callback)
    return make_problem(errc::callback_url_validation,
                        "hub.callback is longer than " + std::to_string(longest_callback) +
                            " bytes",
                        text_of(json::array()));
  auto url = parse_http_url(asked.callback);
  if (!url)
    return make_problem(errc::callback_url_validation, "hub.callback is " + asked.callback,
                        text_of(json::array({asked.callback})));
  if (!may_be_called(url->host, settings))
    return make_problem(errc::callback_url_validation,
                        "hub.callback is at " + url->host + std::string{not_listed},
                        text_of(json::array({asked.callback})));
  return *url;
}

/// A topic stands between < and > in the Link header of its deliveries.
caf::expected<std::string> topic_of(const subscription_request& asked, topics which) {
  auto topic =
      which == topics::with_urls ? subscribed_topic(asked.topic) : canonical_topic(asked.topic);
  if (topic && asked.topic.find_first_of("<>\"") != std::string::npos)
    return make_problem(errc::topic_validation, "hub.topic has one of < > \"",
                        text_of(json::array({asked.topic})));
  return topic;
}

/// A request to fetch a topic and tell its subscribers.
caf::expected<verify_intent> parse_publication(const subscription_request& asked,
                                               std::string request_id,
                                               const process_settings& settings) {
  auto topic = topic_of(asked, topics::with_urls);
  if (!topic)
    return topic.error();
  auto url = parse_http_url(*topic);
  if (!url)
    return make_problem(errc::topic_validation,
                        "only what has a URL is published by hub.mode=publish",
                        text_of(json::array({asked.topic})));
  if (!may_be_called(url->host, settings))
    return make_problem(errc::topic_validation,
                        "hub.topic is at " + url->host + std::string{not_listed},
                        text_of(json::array({asked.topic})));
  verify_intent x;
  x.mode = asked.mode;
  x.topic = x.topic_as_asked = *topic;
  x.request_id = std::move(request_id);
  return x;
}

caf::expected<std::chrono::seconds> lease_in(const std::string& text,
                                             const process_settings& settings) {
  auto shortest = std::chrono::ceil<std::chrono::seconds>(settings.shortest_lease);
  auto longest = std::chrono::floor<std::chrono::seconds>(settings.longest_lease);
  if (text.empty())
    return std::clamp(std::chrono::ceil<std::chrono::seconds>(settings.default_lease), shortest,
                      std::max(shortest, longest));
  int64_t seconds = 0;
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  auto is_number = failed == std::errc{} && end == text.data() + text.size();
  std::chrono::seconds lease{seconds};
  if (is_number && lease >= shortest && lease <= longest)
    return lease;
  json source = {{{"value", is_number ? json(seconds) : json(text)},
                  {"min", shortest.count()},
                  {"max", longest.count()}}};
  return make_problem(errc::lease_seconds_validation,
                      "hub.lease_seconds is a whole number from " +
                          std::to_string(shortest.count()) + " to " +
                          std::to_string(longest.count()),
                      text_of(source));
}

} // namespace

caf::expected<verify_intent> parse_intent(const subscription_request& asked, std::string request_id,
                                          const process_settings& settings) {
  const bool publishes = settings.publish && asked.mode == "publish";
  if (auto err = missing_in(asked, publishes ? callback_wanted::no : callback_wanted::yes))
    return err;
  if (publishes)
    return parse_publication(asked, std::move(request_id), settings);
  if (asked.mode != "subscribe" && asked.mode != "unsubscribe")
    return make_problem(errc::unknown_mode, "hub.mode is " + asked.mode,
                        text_of(json::array({asked.mode})));
  if (auto url = callback_of(asked, settings); !url)
    return url.error();
  auto topic = topic_of(asked, settings.publish ? topics::with_urls : topics::of_messages);
  if (!topic)
    return topic.error();
  caf::expected<std::chrono::seconds> lease{std::chrono::seconds{0}};
  // Who unsubscribes may say one, which means nothing (W3C WebSub §5.1).
  if (asked.mode == "subscribe")
    lease = lease_in(asked.lease_seconds, settings);
  if (!lease)
    return lease.error();
  if (asked.secret.size() > longest_secret)
    return make_problem(errc::bad_request, "hub.secret is longer than 199 bytes");
  return verify_intent{asked.mode,   *topic, asked.topic,          asked.callback,
                       asked.secret, *lease, std::move(request_id)};
}

caf::expected<settlement> decide(const verify_intent& intent, const found_subscription& stored,
                                 const process_settings& settings, caf::timestamp now) {
  if (intent.mode == "unsubscribe" && (!stored.what || stored.what->ends <= now))
    return make_problem(errc::subscription_not_found,
                        intent.callback + " is not subscribed to " + intent.topic_as_asked);
  if (!settings.verify_intent)
    return subscription_applied(intent, now);
  settlement result;
  result.opens.push_back(make_job(intent));
  return result;
}

settlement decide(const verify_intent& publication, const found_subscribers& subscribed) {
  settlement result;
  if (!subscribed.subscriptions.empty())
    result.opens.push_back(make_job(publication));
  return result;
}

subscriptions_api_actor::behavior_type
subscriptions_api(subscriptions_api_actor::stateful_pointer<subscriptions_api_state> self,
                  surroundings around, std::shared_ptr<const process_settings> settings) {
  answer_probes(self);
  return {
      [=](const subscription_request& asked) {
        auto answer = promise_of<subscription_accepted>(self);
        auto intent = parse_intent(asked, fresh_uuid(around), *settings);
        if (!intent) {
          answer->deliver(std::move(intent.error()));
          return answer->unguarded();
        }
        auto done = [=](caf::expected<settled> result) {
          if (result)
            answer->deliver(subscription_accepted{});
          else
            answer->deliver(std::move(result.error()));
        };
        if (intent->mode == "publish") {
          find_subscribers anybody{intent->topic, around.now()};
          anybody.limit = 1;
          self->request(around.reader, timeouts::read, anybody)
              .then(
                  [=, wanted = *intent](const found_subscribers& found) {
                    auto what = decide(wanted, found);
                    if (what.opens.empty())
                      answer->deliver(subscription_accepted{});
                    else
                      settle(self, around, std::move(what), done);
                  },
                  [=](caf::error& why) { answer->deliver(std::move(why)); });
          return answer->unguarded();
        }
        read_decide_settle<found_subscription>(
            self, around, find_subscription{intent->topic, intent->callback},
            [=, wanted = *intent](const found_subscription& stored) {
              return decide(wanted, stored, *settings, around.now());
            },
            done);
        return answer->unguarded();
      },
  };
}

} // namespace igl
