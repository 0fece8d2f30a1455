#pragma once

#include "messages/inspect.hpp"

#include <caf/optional.hpp>
#include <caf/timestamp.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace igl {

/// What can happen. Facts, in the past participle; each has a sentence for `igl trace`.
enum class event_kind : uint8_t {
  message_posted,      ///< by a business here; on disk, 201
  message_received,    ///< from a channel, now in the lake
  message_routed,      ///< posted to a channel
  channel_passed_over, ///< a channel refused, screened or was down; the next one
  delivery_checked,    ///< a channel's state of our message changed
  status_changed,
  delivery_recorded, ///< channel_id and channel_txn_id set
  document_stored,
  access_granted,
  document_requested,   ///< the spider will fetch it
  document_unavailable, ///< no document API is known for its jurisdiction, or the obj names none
  subscribed,
  unsubscribed,
  subscription_refused, ///< the subscriber did not confirm its intent
  callback_delivered,
  attempt_failed,          ///< written by the ledger: a job will be tried again
  job_died,                ///< written by the ledger: a job became a dead letter
  dead_letter_replayed,    ///< an operator did it
  dead_letter_dropped,     ///< an operator did it, or its channel took back what it says
  channel_message_posted,  ///< an endpoint took a message; on disk, 201
  channel_message_changed, ///< an endpoint's message was written, confirmed, observed, …
  message_withdrawn,       ///< no channel that confirmed it stands by that any more
  subscription_ending,     ///< its lease ends soon, and the subscriber has not renewed it
  deliveries_paused,       ///< an operator has a subscriber's events wait
  deliveries_resumed,      ///< and go on
  ledger_backed_up,        ///< an operator did it; it is whole
  ledger_restored,         ///< an operator did it: what came after its backup is not here
  configuration_reloaded,  ///< the channels and the routing of a node follow its file again
};

std::string to_string(event_kind x);
caf::optional<event_kind> parse_event_kind(std::string_view text);

/// One entry of the event log.
struct event {
  uint64_t number = 0; ///< from 1, without gaps, in order of commit; given by the ledger
  caf::timestamp at;   ///< given by the ledger
  event_kind what = event_kind::message_posted;
  std::string about;  ///< `AU:17`; for a subscription the topic, for an endpoint's message its id
  std::string detail; ///< a readable phrase: "to channel au-sg as 4711"
};

/// One line for `igl trace`, without number and time.
std::string sentence_of(const event& x);

IGL_INSPECT(event, x.number, x.at, x.what, x.about, x.detail)

} // namespace igl
