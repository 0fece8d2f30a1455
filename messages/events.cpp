#include "messages/events.hpp"

#include <algorithm>
#include <array>

namespace igl {

namespace {

struct kind_entry {
  event_kind kind;
  std::string_view name;
  std::string_view sentence;
};

constexpr std::array<kind_entry, 28> kinds{{
    {event_kind::message_posted, "message_posted", "the message was posted here"},
    {event_kind::message_received, "message_received", "the message was received"},
    {event_kind::message_routed, "message_routed", "the message was routed"},
    {event_kind::channel_passed_over, "channel_passed_over", "a channel was passed over"},
    {event_kind::delivery_checked, "delivery_checked", "the delivery was checked"},
    {event_kind::status_changed, "status_changed", "the status changed"},
    {event_kind::delivery_recorded, "delivery_recorded", "the delivery was recorded"},
    {event_kind::document_stored, "document_stored", "a document was stored"},
    {event_kind::access_granted, "access_granted", "access to a document was granted"},
    {event_kind::document_requested, "document_requested", "a document was requested"},
    {event_kind::document_unavailable, "document_unavailable", "a document is not available"},
    {event_kind::subscribed, "subscribed", "a subscriber was registered"},
    {event_kind::unsubscribed, "unsubscribed", "a subscriber was removed"},
    {event_kind::subscription_refused, "subscription_refused", "a subscription was refused"},
    {event_kind::callback_delivered, "callback_delivered", "a subscriber was called back"},
    {event_kind::attempt_failed, "attempt_failed", "an attempt failed"},
    {event_kind::job_died, "job_died", "a job was given up and is a dead letter now"},
    {event_kind::dead_letter_replayed, "dead_letter_replayed", "a dead letter was replayed"},
    {event_kind::dead_letter_dropped, "dead_letter_dropped", "a dead letter was dropped"},
    {event_kind::channel_message_posted, "channel_message_posted",
     "the channel message was posted here"},
    {event_kind::channel_message_changed, "channel_message_changed", "the channel message changed"},
    {event_kind::message_withdrawn, "message_withdrawn", "the message was withdrawn"},
    {event_kind::subscription_ending, "subscription_ending", "a subscription is about to end"},
    {event_kind::deliveries_paused, "deliveries_paused", "deliveries were paused"},
    {event_kind::deliveries_resumed, "deliveries_resumed", "deliveries were resumed"},
    {event_kind::ledger_backed_up, "ledger_backed_up", "the ledger was backed up"},
    {event_kind::ledger_restored, "ledger_restored", "the ledger was restored"},
    {event_kind::configuration_reloaded, "configuration_reloaded",
     "the configuration was reloaded"},
}};

/// Words after which a detail goes on with the sentence: "the message was routed to channel au-sg".
constexpr std::array<std::string_view, 20> prepositions{
    "after", "against", "as",      "at", "because", "by",    "for", "from", "in",   "into",
    "of",    "on",      "through", "to", "under",   "until", "via", "with", "over", "without"};

bool goes_on(std::string_view detail) {
  auto word = detail.substr(0, detail.find(' '));
  return word.size() < detail.size() &&
         std::find(prepositions.begin(), prepositions.end(), word) != prepositions.end();
}

} // namespace

std::string to_string(event_kind x) {
  auto at = static_cast<size_t>(x);
  return at < kinds.size() ? std::string{kinds[at].name} : "unknown";
}

caf::optional<event_kind> parse_event_kind(std::string_view text) {
  for (auto& entry : kinds)
    if (entry.name == text)
      return entry.kind;
  return caf::none;
}

std::string sentence_of(const event& x) {
  auto at = static_cast<size_t>(x.what);
  std::string text{at < kinds.size() ? kinds[at].sentence : "something happened"};
  if (x.detail.empty())
    return text;
  text += goes_on(x.detail) ? " " : ": ";
  // What peers and subscribers said ends up in details: it must not steer a terminal.
  for (unsigned char c : x.detail)
    text += c < 0x20 || c == 0x7f ? ' ' : static_cast<char>(c);
  return text;
}

} // namespace igl
