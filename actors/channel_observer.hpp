#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <chrono>
#include <deque>
#include <memory>

namespace igl {

/// The cursor of a channel in the ledger: `channel/au-sg`.
std::string cursor_of(const channel_settings& channel);

/// The message a channel speaks of, under the reference we know it by: the sender's own or, when
/// the channel does not carry it, one made of the channel and its id, the same each time.
process_message arrival_of(const channel_settings& channel, const channel_message& said);

/// What one page of news causes: inbox jobs for what was sent TO us and is confirmed, a job of its
/// own for each message that breaks the rules or cannot be read (so that it is listed and nobody
/// waits for it); and the cursor moves on. What is only observed comes again when it is confirmed;
/// what we sent ourselves or is for others is not ours to take. A false alarm is an inbox job too:
/// whether the message has to be withdrawn, or never was in the lake, is seen there.
settlement decide(const channel_page& page, const channel_settings& channel,
                  const node_settings& settings);

/// What follows from one message that was fetched by its id. Broken rules: a dead letter. Only
/// observed: asked again after the channel's poll_interval. An endpoint that serves the sender too
/// and does not know who asks may show us the sender's state: so with `received`; the others of
/// that kind are a dead letter that says what to configure.
settlement decide(const job_ticket& ticket, const channel_message& said,
                  const channel_settings& channel, const node_settings& settings,
                  caf::timestamp now);

struct channel_observer_state {
  static inline const char* name = "channel-observer";
  channel_observer_state() =
      default;          // no aggregate: CAF would make its first member of the actor's pointer
  bool looking = false; // one look at the news at a time: they share the cursor
  std::deque<std::function<void()>> line; // jobs that wait for their look
  std::chrono::milliseconds pause{250};   // until the next look; doubles up to updates_interval
  channel_health health;
};

/// Fetches what was sent TO us over one channel.
///
/// Takes:   channel-notifications of its channel, and looks from time to time without being told
/// Opens:   inbox, and channel-notifications for a message that needs an operator
/// Calls:   the receiving half of its channel
/// Retries: while the channel does not answer; the cursor stands still meanwhile. A channel that
///          does not know the cursor any more is asked for everything anew
/// Refuses: a message that breaks the rules of POST /message, or that cannot be read: a dead letter
channel_observer_actor::behavior_type
channel_observer(channel_observer_actor::stateful_pointer<channel_observer_state> self,
                 surroundings around, std::shared_ptr<const node_settings> settings,
                 channel_settings which, channel_actor channel);

} // namespace igl
