#include "messages/topic.hpp"

#include "messages/errors.hpp"
#include "messages/text.hpp"
#include "messages/uri.hpp"

#include <algorithm>

namespace igl {

namespace {

/// No subscription can have a longer topic. It bounds what `topics_matching` makes of a message
/// whose predicate has thousands of dots; the topic of the longest sender_ref fits.
constexpr size_t longest_topic = 2048; // bytes

caf::error refusal(std::string_view topic, std::string_view why) {
  std::string detail{"the topic "};
  if (is_plain_text(topic) && topic.size() <= longest_topic)
    detail.append(1, '"').append(topic).append("\" ");
  return make_problem(errc::topic_validation, detail.append(why));
}

} // namespace

caf::expected<std::string> canonical_topic(std::string_view topic) {
  if (topic.empty())
    return refusal(topic, "is empty");
  if (topic.size() > longest_topic)
    return refusal(topic, "is longer than 2048 bytes");
  if (!is_plain_text(topic))
    return refusal(topic, "has control characters or is not UTF-8");
  if (topic.find('/') != std::string_view::npos)
    return refusal(topic, "has a slash");
  if (topic == "*")
    return std::string{};
  bool everything_below = topic.size() > 2 && topic.substr(topic.size() - 2) == ".*";
  auto stem = everything_below ? topic.substr(0, topic.size() - 2) : topic;
  if (stem.find('*') != std::string_view::npos)
    return refusal(topic, "has a * that is not alone as the last element");
  if (stem.front() == '.' || stem.back() == '.' || stem.find("..") != std::string_view::npos)
    return refusal(topic, "has an empty element");
  auto result = lower_case(stem);
  auto elements = std::count(result.begin(), result.end(), '.') + 1;
  if (!everything_below && elements < 4 && (result == "un" || result.compare(0, 3, "un.") == 0))
    return refusal(topic, "is under UN. with fewer than four elements: it must end in .*");
  return result;
}

bool is_url_topic(std::string_view topic) {
  return topic.starts_with("http://") || topic.starts_with("https://");
}

caf::expected<std::string> subscribed_topic(std::string_view topic) {
  if (!is_url_topic(topic))
    return canonical_topic(topic);
  if (topic.size() > longest_topic)
    return refusal(topic, "is longer than 2048 bytes");
  if (!parse_http_url(topic))
    return refusal(topic, "is no http URL");
  return std::string{topic};
}

std::vector<std::string> topics_matching(std::string_view topic) {
  if (is_url_topic(topic))
    return {std::string{topic}};
  std::vector<std::string> result;
  const auto kept = topic.substr(0, longest_topic);
  result.reserve(static_cast<size_t>(std::count(kept.begin(), kept.end(), '.')) + 2);
  auto rest = lower_case(topic);
  while (!rest.empty()) {
    if (rest.size() <= longest_topic)
      result.push_back(rest);
    auto dot = rest.rfind('.');
    rest.resize(dot == std::string::npos ? 0 : dot);
  }
  result.emplace_back();
  return result;
}

std::string received_topic(std::string_view sender_ref) {
  return std::string{"message."}.append(sender_ref).append(".received");
}

std::string status_topic(std::string_view sender_ref) {
  return std::string{"message."}.append(sender_ref).append(".status");
}

std::string jurisdiction_topic(std::string_view jurisdiction) {
  return std::string{"jurisdiction."}.append(jurisdiction);
}

std::string posted_topic(std::string_view sender, std::string_view status) {
  return std::string{"posting."}.append(sender).append(1, '.').append(status);
}

} // namespace igl
