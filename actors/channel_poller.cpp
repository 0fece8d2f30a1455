#include "actors/channel_poller.hpp"

#include "messages/probes.hpp"

#include "actors/settling.hpp"

#include <algorithm>
#include <limits>

namespace igl {

namespace {

constexpr std::chrono::milliseconds first_pause{100};

/// Beyond this many messages under way, further ones are asked about at the channel's interval.
constexpr size_t counted_at_most = 65536;

uint32_t questions_at_once(const channel_settings& x) {
  return std::max(1u, x.in_flight / 4);
}

uint32_t questions_waiting(const node_settings& x) {
  return x.channels.size() == 1 ? x.jobs_in_flight : x.jobs_in_flight / 2;
}

std::string reason_of(const char* cause, const check_delivery& order) {
  return cause + ("/" + std::to_string(order.round)) + "/" + order.channel_id;
}

/// Whether a confirmation may be revoked: the channel knows best, unless we do not want to hear it.
bool is_revocable(const channel_message& answer, const channel_settings& channel) {
  return channel.revocable_for.count() > 0 && answer.confirmation != confirmation_kind::final_word;
}

settlement confirmed(const check_delivery& order, const channel_message& answer, caf::timestamp now,
                     const channel_settings& channel) {
  settlement result;
  result.opens.push_back(make_job(update_message{
      order.content.ref(),
      message_patch{message_status::accepted, order.channel_id, order.channel_txn_id},
      reason_of("confirmed", order)}));
  if (!is_revocable(answer, channel))
    return result;
  auto follow = order;
  follow.last = channel_status::confirmed;
  follow.confirmed = now;
  result.opens.push_back(make_job(follow));
  result.opens.back().due = now + pause_while_revocable(std::chrono::milliseconds{0}, channel);
  return result;
}

settlement undeliverable(const check_delivery& order) {
  settlement result;
  auto tried = order.tried;
  tried.push_back(order.channel_id);
  result.opens.push_back(
      make_job(route_message{order.content, order.round, std::move(tried),
                             "channel " + order.channel_id + " could not deliver the message",
                             order.doubt, order.taken_back_by}));
  return result;
}

settlement revoked(const check_delivery& order) {
  settlement result;
  result.opens.push_back(make_job(
      update_message{order.content.ref(),
                     message_patch{message_status::pending, order.channel_id, order.channel_txn_id},
                     reason_of("revoked", order), order.round + 1}));
  return result;
}

/// Still confirmed: nothing has changed, so there is nothing to tell.
settlement still_confirmed(const job_ticket& ticket, const check_delivery& order,
                           const channel_message& answer, caf::timestamp now,
                           const channel_settings& channel) {
  using std::chrono::milliseconds;
  auto pause = milliseconds{0};
  if (order.confirmed && is_revocable(answer, channel))
    pause = pause_while_revocable(std::chrono::duration_cast<milliseconds>(now - *order.confirmed),
                                  channel);
  settlement result;
  result.job = closed(ticket);
  if (pause > milliseconds{0})
    result.job = job_outcome{ticket, job_end::postponed, now + pause, {}};
  return result;
}

/// No answer about a message that was confirmed and accepted. Nothing failed that anybody waits
/// for; but what was revoked meanwhile may take its time to be heard, so its time begins anew.
settlement unheard(const job_ticket& ticket, const check_delivery& order, caf::timestamp now,
                   const channel_settings& channel) {
  using std::chrono::milliseconds;
  auto since = std::chrono::duration_cast<milliseconds>(now - *order.confirmed);
  auto follow = order;
  follow.confirmed = now;
  settlement result;
  result.job = closed(ticket);
  result.opens.push_back(make_job(follow));
  result.opens.back().due =
      now + std::max(channel.poll_interval, pause_while_revocable(since, channel));
  return result;
}

/// A state may be missed between two questions, but not taken back.
bool can_be(channel_status last, channel_status now) {
  using s = channel_status;
  switch (now) {
  case s::received:
  case s::undeliverable:
    return last == s::received;
  case s::confirmed:
    return last == s::received || last == s::confirmed;
  case s::revoked:
    return last == s::received || last == s::confirmed;
  default:
    return false;
  }
}

/// Could the channel not be heard? Our own bounds say nothing about it, and "not found" is an
/// answer.
bool tells_of_an_outage(const caf::error& why) {
  auto code = code_of(why);
  return worth_retrying(why) && code != errc::not_found && code != errc::peer_busy &&
         code != errc::overloaded;
}

using poller_pointer = channel_poller_actor::stateful_pointer<channel_poller_state>;

/// How often the channel was asked before; counts this time.
uint32_t count(channel_poller_state& state, const std::string& job) {
  auto at = state.asked.find(job);
  if (at != state.asked.end())
    return at->second++;
  if (state.asked.size() >= counted_at_most)
    return std::numeric_limits<uint32_t>::max();
  state.asked.emplace(job, 1);
  return 0;
}

/// A channel is to say what became of a message.
struct checking {
  poller_pointer self;
  surroundings around;
  const channel_settings* which; ///< one of the settings that the actor holds
  channel_actor channel;
  job_ticket ticket;
  check_delivery order;
  std::shared_ptr<guarded_promise<settled>> answer;
};

void ask(const std::shared_ptr<const checking>& x) {
  x->self
      ->request(x->channel, patience_for(x->which->timeout),
                find_channel_message{x->order.channel_txn_id})
      .then(
          [x](const channel_message& said) {
            auto& st = x->self->state;
            st.gates.at(x->which->id).leave(x->which->id, peer_mood::answering);
            auto pause = x->which->poll_interval;
            if (said.status == channel_status::received && x->order.last == said.status)
              pause = pause_before_check(count(st, x->ticket.id), pause);
            else
              st.asked.erase(x->ticket.id);
            settle(x->self, x->around,
                   decide(x->ticket, x->order, said, x->around.now(), pause, *x->which),
                   answer_with(x->answer));
          },
          [x](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            const auto& id = x->which->id;
            x->self->state.gates.at(id).leave(id, mood_after(why));
            if (x->order.confirmed && tells_of_an_outage(why))
              return settle(x->self, x->around,
                            unheard(x->ticket, x->order, x->around.now(), *x->which),
                            answer_with(x->answer));
            // A channel that forgot what it took may remember, or need a person: not "never".
            if (code_of(why) == errc::not_found)
              why =
                  make_problem(errc::peer_failed, "channel " + id + " does not know message " +
                                                      x->order.channel_txn_id + ", which it took");
            x->answer->deliver(std::move(why));
          });
}

/// A channel told us of something that we posted.
void look_at(poller_pointer self, const surroundings& around, const channel_settings& which,
             const channel_actor& channel, const job_ticket& ticket, const channel_notified& order,
             std::shared_ptr<guarded_promise<settled>> answer) {
  self->request(channel, patience_for(which.timeout), find_channel_message{order.message_id})
      .then(
          [=](const channel_message& said) {
            read_decide_settle<found_message>(
                self, around, find_message{said.content.ref()},
                [=](const found_message& stored) -> caf::expected<settlement> {
                  return decide(ticket, order, said, stored);
                },
                answer_with(answer));
          },
          [=](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            if (code_of(why) != errc::not_found)
              return answer->deliver(std::move(why));
            settlement nothing;
            nothing.job = closed(ticket);
            settle(self, around, std::move(nothing), answer_with(answer));
          });
}

} // namespace

std::chrono::milliseconds pause_before_check(uint32_t asked, std::chrono::milliseconds interval) {
  auto pause = first_pause;
  for (uint32_t i = 0; i < asked && pause < interval; ++i)
    pause *= 2;
  return std::min(pause, interval);
}

std::chrono::milliseconds pause_while_revocable(std::chrono::milliseconds since,
                                                const channel_settings& channel) {
  using std::chrono::milliseconds;
  auto left = channel.revocable_for - since;
  if (left <= milliseconds{0})
    return milliseconds{0};
  auto longest = std::max(channel.poll_interval, channel.revocable_for / 8);
  return std::min(left, std::clamp(since, channel.poll_interval, longest));
}

caf::expected<settlement> decide(const job_ticket& ticket, const check_delivery& order,
                                 const channel_message& answer, caf::timestamp now,
                                 std::chrono::milliseconds pause, const channel_settings& channel) {
  if (!can_be(order.last, answer.status))
    return make_problem(errc::bad_answer, "channel " + order.channel_id + " says " +
                                              to_string(answer.status) + " of a message that was " +
                                              to_string(order.last));
  settlement result;
  switch (answer.status) {
  case channel_status::received:
    result.job = job_outcome{ticket, job_end::postponed, now + pause, {}};
    return result;
  case channel_status::confirmed:
    if (order.last == channel_status::confirmed)
      return still_confirmed(ticket, order, answer, now, channel);
    result = confirmed(order, answer, now, channel);
    break;
  case channel_status::undeliverable:
    result = undeliverable(order);
    break;
  default:
    result = revoked(order);
  }
  result.job = closed(ticket);
  result.events.push_back({0,
                           {},
                           event_kind::delivery_checked,
                           to_string(order.content.ref()),
                           "channel " + order.channel_id + " says " + to_string(answer.status)});
  return result;
}

settlement decide(const job_ticket& ticket, const channel_notified& order,
                  const channel_message& said, const found_message& stored) {
  settlement result;
  result.job = closed(ticket);
  // What it travels by now; a posting of an earlier round is told of by nobody that matters.
  if (said.status != channel_status::revoked || !stored.record ||
      stored.record->channel_id != order.channel_id || stored.record->channel_txn_id != said.id)
    return result;
  check_delivery known;
  known.content = stored.record->content;
  known.round = static_cast<uint32_t>(stored.record->taken_back_by.size()) + 1;
  known.channel_id = order.channel_id;
  known.channel_txn_id = said.id;
  auto todo = revoked(known);
  todo.job = result.job;
  todo.events.push_back({0,
                         {},
                         event_kind::delivery_checked,
                         to_string(known.content.ref()),
                         "channel " + order.channel_id + " tells that it revoked"});
  return todo;
}

channel_poller_actor::behavior_type channel_poller(poller_pointer self, surroundings around,
                                                   std::shared_ptr<const node_settings> settings,
                                                   std::map<std::string, channel_actor> channels) {
  for (auto& x : settings->channels)
    self->state.gates.emplace(x.id, peer_gate{questions_at_once(x), questions_waiting(*settings)});
  auto handles = std::make_shared<const std::map<std::string, channel_actor>>(std::move(channels));
  answer_probes(self);
  return {
      [=](job_ticket& ticket, check_delivery& order) {
        auto answer = promise_of<settled>(self);
        auto which = std::find_if(settings->channels.begin(), settings->channels.end(),
                                  [&](auto& x) { return x.id == order.channel_id; });
        auto channel = handles->find(order.channel_id);
        if (which == settings->channels.end() || channel == handles->end()) {
          answer->deliver(make_problem(errc::unknown_channel, order.channel_id));
          return answer->unguarded();
        }
        auto& gate = self->state.gates.at(which->id);
        auto x = std::make_shared<const checking>(checking{
            self, around, &*which, channel->second, std::move(ticket), std::move(order), answer});
        gate.admit(which->id, {[x] { ask(x); },
                               [answer] {
                                 answer->deliver(make_problem(errc::peer_busy));
                               }});
        return answer->unguarded();
      },
      [=](const job_ticket& ticket, const channel_notified& order) {
        auto answer = promise_of<settled>(self);
        auto which = std::find_if(settings->channels.begin(), settings->channels.end(),
                                  [&](auto& x) { return x.id == order.channel_id; });
        auto channel = handles->find(order.channel_id);
        if (which == settings->channels.end() || channel == handles->end())
          answer->deliver(make_problem(errc::unknown_channel, order.channel_id));
        else
          look_at(self, around, *which, channel->second, ticket, order, answer);
        return answer->unguarded();
      },
  };
}

} // namespace igl
