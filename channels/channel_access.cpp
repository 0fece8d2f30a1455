#include "channels/channel_access.hpp"

#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "messages/topic.hpp"

namespace igl::channel_access {

namespace {

/// What the topics of all jurisdictions are below.
constexpr std::string_view above_all = "jurisdiction";
/// The same of what they posted.
constexpr std::string_view above_posted = "posting";

bool is_at_or_below(std::string_view topic, std::string_view above) {
  return topic.starts_with(above) && (topic.size() == above.size() || topic[above.size()] == '.');
}

} // namespace

caf::error unasked(const endpoint_settings& how, const std::string& as) {
  if (!how.asks_who() || !as.empty())
    return caf::none;
  return make_problem(errc::unauthorized, "endpoint " + how.id + " serves nobody without a token");
}

caf::error refusal_to_post(const post_to_channel& x) {
  auto& sender = x.content.sender;
  if (x.as_jurisdiction.empty() || x.as_jurisdiction == sender)
    return caf::none;
  return make_problem(errc::forbidden,
                      "a node of " + x.as_jurisdiction + " must not post a message as " + sender,
                      std::string{about_the_token});
}

bool belongs_to(const std::string& as, const channel_record& x) {
  auto& content = x.said.content;
  return as.empty() || as == (x.half == channel_half::posting ? content.sender : content.receiver);
}

caf::expected<find_channel_updates> narrowed(find_channel_updates asked) {
  auto& as = asked.as_jurisdiction;
  if (as.empty())
    return asked;
  if (asked.sender == as)
    return asked;
  if (!asked.sender.empty())
    return make_problem(errc::forbidden,
                        "a node of " + as + " must not read the messages of " + asked.sender,
                        std::string{about_the_token});
  if (!asked.receiver.empty() && asked.receiver != as)
    return make_problem(errc::forbidden,
                        "a node of " + as + " must not read the messages to " + asked.receiver,
                        std::string{about_the_token});
  asked.receiver = as;
  return asked;
}

topic_owner owner_of(const subscription_request& x) {
  auto topic = canonical_topic(x.topic);
  if (x.as_jurisdiction.empty() || !topic)
    return topic_owner::caller;
  if (*topic == lower_case(jurisdiction_topic(x.as_jurisdiction)))
    return topic_owner::caller;
  if (is_at_or_below(*topic, lower_case(std::string{above_posted} + "." + x.as_jurisdiction)))
    return topic_owner::caller;
  auto of_others =
      topic->empty() || is_at_or_below(*topic, above_all) || is_at_or_below(*topic, above_posted);
  return of_others ? topic_owner::nobody : topic_owner::message;
}

bool is_about_receiving(const std::string& topic) {
  auto canonical = canonical_topic(topic);
  return canonical && is_at_or_below(*canonical, above_all);
}

bool is_about_posting(const std::string& topic) {
  auto canonical = canonical_topic(topic);
  return canonical && is_at_or_below(*canonical, above_posted);
}

} // namespace igl::channel_access
