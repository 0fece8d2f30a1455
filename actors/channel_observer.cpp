#include "actors/channel_observer.hpp"

#include "actors/inbound_message_processor.hpp"
#include "actors/settling.hpp"
#include "messages/multihash.hpp"
#include "messages/probes.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

constexpr uint32_t page_limit = 500;

bool is_for_us(const message& x, const node_settings& settings) {
  return x.receiver == settings.jurisdiction && x.sender != settings.jurisdiction;
}

/// Is that a state of the sender's end, which is not ours to hear?
bool speaks_of_posting(channel_status x) {
  return x == channel_status::received || x == channel_status::undeliverable ||
         x == channel_status::revoked;
}

/// What one message of a page causes.
void take(settlement& result, const channel_message& said, const channel_settings& channel,
          const node_settings& settings) {
  if (!is_for_us(said.content, settings))
    return;
  auto arrival = arrival_of(channel, said);
  if (said.status == channel_status::confirmed) {
    if (fault_of(arrival.content, settings))
      result.opens.push_back(make_job(channel_notified{channel.id, said.id}));
    else
      result.opens.push_back(make_job(arrival));
  } else if (said.status == channel_status::false_alarm && !fault_of(arrival.content, settings)) {
    // Whether it was ever confirmed here, the lake knows.
    arrival.said = channel_status::false_alarm;
    result.opens.push_back(make_job(arrival));
  } else if (speaks_of_posting(said.status) && said.status != channel_status::received) {
    result.opens.push_back(make_job(channel_notified{channel.id, said.id}));
  }
}

/// A job of its own for what cannot be read. The channel is asked once more for what has an id: it
/// may be mended by then.
channel_notified notice_of(const channel_settings& channel, const unreadable_message& x) {
  if (!x.id.empty())
    return {channel.id, x.id};
  return {channel.id, {}, x.reason + ": " + x.said};
}

using observer_pointer = channel_observer_actor::stateful_pointer<channel_observer_state>;

/// What every step of an observer's work needs.
struct post {
  observer_pointer self;
  surroundings around;
  std::shared_ptr<const node_settings> settings;
  channel_settings channel;
  channel_actor handle;
};
using post_ptr = std::shared_ptr<const post>;
using look_done = std::function<void(caf::expected<settled>)>;

void note(const post_ptr& at, const caf::error& why) {
  auto& health = at->self->state.health;
  health.up = !why;
  if (!why)
    return;
  health.last_error = sentence_of(why);
  health.last_error_at = at->around.now();
}

/// Asks for news page by page, each settled with its cursor; the last one closes the job, if any.
/// `anew`: from the beginning, because the channel did not know the cursor.
void look(const post_ptr& at, const caf::optional<job_ticket>& ticket, const std::string& cursor,
          const look_done& done, bool anew = false) {
  auto self = at->self;
  self->request(at->handle, patience_for(at->channel.timeout),
                find_channel_updates{cursor, {}, at->settings->jurisdiction, page_limit})
      .then(
          [=](channel_page& page) {
            note(at, caf::none);
            if (page.more && page.cursor == cursor) {
              done(make_problem(errc::bad_answer,
                                "the channel has more news but its cursor stands still"));
              return;
            }
            auto todo = decide(page, at->channel, *at->settings);
            if (ticket && !page.more)
              todo.job = closed(*ticket);
            const auto nothing =
                !todo.job && page.cursor == cursor && todo.opens.empty() && todo.events.empty();
            auto next = [=, reached = std::move(page.cursor),
                         more = page.more](caf::expected<settled> result) {
              if (result)
                self->state.health.cursor = reached;
              if (result && more)
                look(at, ticket, reached, done, anew);
              else
                done(std::move(result));
            };
            if (nothing)
              next(settled{});
            else
              settle(self, at->around, std::move(todo), std::move(next));
          },
          [=](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            note(at, why);
            // Its ledger was emptied or restored: what it has may have new places. What we have
            // already is known by its id. One that does not know its own cursors is not asked so
            // again at once.
            if (code_of(why) == errc::bad_request && !cursor.empty() && !anew) {
              spdlog::warn("channel-observer asks channel {} for everything anew, for it does not "
                           "know the cursor any more: {}",
                           at->channel.id, problem_of(why).detail);
              look(at, ticket, {}, done, true);
              return;
            }
            done(std::move(why));
          });
}

/// One look at a time; those who come meanwhile wait, for their news may be newer.
void start_look(const post_ptr& at, const caf::optional<job_ticket>& ticket,
                const look_done& done) {
  auto self = at->self;
  if (self->state.looking) {
    self->state.line.push_back([=] { start_look(at, ticket, done); });
    return;
  }
  self->state.looking = true;
  auto ended = [=](caf::expected<settled> result) {
    self->state.looking = false;
    done(std::move(result));
    if (self->state.line.empty())
      return;
    auto next = std::move(self->state.line.front());
    self->state.line.pop_front();
    next();
  };
  self->request(at->around.reader, timeouts::read, find_cursor{cursor_of(at->channel)})
      .then([=](const found_cursor& found) { look(at, ticket, found.value, ended); },
            [=](caf::error& why) { ended(std::move(why)); });
}

void fetch(const post_ptr& at, const job_ticket& ticket, const std::string& id,
           const std::shared_ptr<guarded_promise<settled>>& answer) {
  auto self = at->self;
  self->request(at->handle, patience_for(at->channel.timeout), find_channel_message{id})
      .then(
          [=](const channel_message& said) {
            note(at, caf::none);
            settle(self, at->around,
                   decide(ticket, said, at->channel, *at->settings, at->around.now()),
                   answer_with(answer));
          },
          [=](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            // The notification may be ahead of what the channel's API knows.
            if (code_of(why) == errc::not_found)
              why = make_problem(errc::peer_failed, "the channel does not know message " + id +
                                                        ", which it announced");
            note(at, why);
            answer->deliver(std::move(why));
          });
}

} // namespace

std::string cursor_of(const channel_settings& channel) {
  return "channel/" + channel.id;
}

process_message arrival_of(const channel_settings& channel, const channel_message& said) {
  process_message result{said.content, channel.id, said.id};
  if (result.content.sender_ref.empty())
    result.content.sender_ref = uuid_of(channel.id + "/" + said.id);
  return result;
}

settlement decide(const channel_page& page, const channel_settings& channel,
                  const node_settings& settings) {
  settlement result;
  for (auto& said : page.messages)
    take(result, said, channel, settings);
  for (auto& x : page.unreadable)
    result.opens.push_back(make_job(notice_of(channel, x)));
  result.cursors.push_back({cursor_of(channel), page.cursor});
  return result;
}

settlement decide(const job_ticket& ticket, const channel_message& said,
                  const channel_settings& channel, const node_settings& settings,
                  caf::timestamp now) {
  settlement result;
  result.job = closed(ticket);
  if (!is_for_us(said.content, settings))
    return result;
  if (speaks_of_posting(said.status) && said.status != channel_status::received)
    return dead_letter_of(
        ticket, "channel " + channel.id + " at " + channel.url + " says of message " + said.id +
                    " to us that it is " + to_string(said.status) +
                    ", which is its state for whoever posted it: the endpoint serves both and does "
                    "not know who asks. Give this node a token ([[nodes]] at the endpoint, auth of "
                    "the channel here) or set has_updated_since = true, then replay this");
  if (said.status == channel_status::observed || said.status == channel_status::received) {
    result.job = job_outcome{ticket, job_end::postponed, now + channel.poll_interval, {}};
    return result;
  }
  auto arrival = arrival_of(channel, said);
  if (auto fault = fault_of(arrival.content, settings))
    return dead_letter_of(ticket, "message " + said.id + " of channel " + channel.id +
                                      " breaks the rules: " + *fault);
  take(result, said, channel, settings);
  return result;
}

channel_observer_actor::behavior_type
channel_observer(observer_pointer self, surroundings around,
                 std::shared_ptr<const node_settings> settings, channel_settings which,
                 channel_actor channel) {
  auto at = std::make_shared<const post>(post{self, around, settings, which, channel});
  self->state.health.id = which.id;
  self->state.health.kind = which.kind;
  self->state.health.url = which.url;
  if (which.has_updated_since)
    self->send(self, caf::tick_atom::value);
  answer_probes(self, [self] {
    const auto& cursor = self->state.health.cursor;
    return cursor.empty() ? std::string{} : "at " + cursor;
  });
  return {
      [=](const job_ticket& ticket, const channel_notified& order) {
        auto answer = promise_of<settled>(self);
        if (!order.message_id.empty())
          fetch(at, ticket, order.message_id, answer);
        else if (order.unreadable)
          settle(self, at->around,
                 dead_letter_of(ticket, "channel " + at->channel.id +
                                            " speaks of a message that has no id and cannot be "
                                            "read, " +
                                            *order.unreadable),
                 answer_with(answer));
        else if (at->channel.has_updated_since)
          start_look(at, ticket, answer_with(answer));
        else
          settle(self, at->around,
                 dead_letter_of(ticket, "channel " + at->channel.id +
                                            " announced a message without an id, and cannot be "
                                            "asked what is new"),
                 answer_with(answer));
        return answer->unguarded();
      },
      [=](const channel_health_query&) { return self->state.health; },
      [=](caf::tick_atom) {
        // At first in quick succession: what the channel said before it knew of our subscription
        // was said to nobody.
        auto& pause = self->state.pause;
        self->delayed_send(self, std::min(pause, at->channel.updates_interval),
                           caf::tick_atom::value);
        pause = std::min(pause * 2, at->channel.updates_interval);
        if (!self->state.looking)
          start_look(at, caf::none, [=](caf::expected<settled> result) {
            if (!result)
              note(at, result.error());
          });
      },
  };
}

} // namespace igl
