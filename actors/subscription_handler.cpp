#include "actors/subscription_handler.hpp"

#include "actors/chance.hpp"
#include "actors/settling.hpp"
#include "actors/signature.hpp"
#include "messages/probes.hpp"
#include "messages/text.hpp"
#include "messages/topic.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

using handler_pointer = subscription_handler_actor::stateful_pointer<subscription_handler_state>;

/// A tick that comes before its time belongs to an older plan and is passed over.
void plan(handler_pointer self, std::chrono::milliseconds pause) {
  self->state.next = self->clock().now() + pause;
  if (pause == std::chrono::milliseconds{0})
    self->send(self, caf::tick_atom::value);
  else
    self->delayed_send(self, pause, caf::tick_atom::value);
}

std::chrono::milliseconds pause_now(handler_pointer self, const surroundings& around,
                                    const node_settings& settings) {
  auto failed = ++self->state.failed;
  return pause_after(settings.retry_channel_notifications, failed, chance(around));
}

/// A channel that does not know what we want to hear may be another version one day.
constexpr std::chrono::milliseconds pause_after_refusal = std::chrono::hours{1};
constexpr std::chrono::milliseconds pause_after_denial = std::chrono::minutes{1};

/// What the channel is to tell: about what comes for us, or what it revokes of ours.
std::string wanted_topic(const node_settings& settings, channel_half half) {
  return half == channel_half::posting
             ? posted_topic(settings.jurisdiction, to_string(channel_status::revoked))
             : jurisdiction_topic(settings.jurisdiction);
}

/// What the message reception API calls the channel there.
std::string called(const channel_settings& channel, channel_half half) {
  return half == channel_half::posting ? channel.id + std::string{about_posted} : channel.id;
}

/// Is there a request of ours that a hub may want to verify? One that got our answer only at the
/// second try asks twice.
bool is_expected(const subscription_handler_state& st, caf::actor_clock::time_point now) {
  return st.outstanding || (st.confirmed && now < st.confirmed_at + verification_patience);
}

/// Could the request have reached the hub though it failed?
bool may_have_arrived(const caf::error& why) {
  auto code = code_of(why);
  return code == errc::peer_timeout || code == errc::peer_lost || code == errc::bad_answer ||
         code == errc::unavailable || code == errc::broken_promise;
}

void ask(handler_pointer self, const surroundings& around,
         const std::shared_ptr<const node_settings>& settings, const channel_settings& which,
         const channel_actor& channel, const subscription_request& wanted) {
  self->state.asking = true;
  self->state.outstanding = true;
  self->state.confirmed = false;
  self->request(channel, patience_for(which.timeout), wanted)
      .then(
          [=](const subscription_accepted&) {
            self->state.asking = false;
            self->state.health.up = true;
            // A hub may verify before it answers, or much later, or never.
            if (!self->state.confirmed)
              plan(self, std::max<std::chrono::milliseconds>(verification_patience,
                                                             pause_now(self, around, *settings)));
          },
          [=](caf::error& why) {
            self->state.asking = false;
            if (!may_have_arrived(why))
              self->state.outstanding = false;
            self->state.health.up = false;
            self->state.health.last_error = sentence_of(why);
            self->state.health.last_error_at = around.now();
            auto refused =
                self->state.half == channel_half::posting && code_of(why) == errc::peer_refused;
            plan(self, refused ? pause_after_refusal : pause_now(self, around, *settings));
          });
}

} // namespace

subscription_request subscription_at(const channel_settings& channel, const node_settings& settings,
                                     std::string_view reception_url, channel_half half) {
  while (!reception_url.empty() && reception_url.back() == '/')
    reception_url.remove_suffix(1);
  subscription_request result;
  result.mode = "subscribe";
  result.topic = wanted_topic(settings, half);
  result.callback = std::string{reception_url} + "/channel-message/" + called(channel, half);
  result.secret = channel.subscription_secret;
  result.lease_seconds = std::to_string(channel_lease.count());
  return result;
}

caf::expected<channel_intent_confirmed> decide(const confirm_channel_intent& asked,
                                               const channel_settings& channel,
                                               const node_settings& settings, channel_half half) {
  auto wanted = canonical_topic(wanted_topic(settings, half));
  auto topic = canonical_topic(asked.topic);
  // The reference software's endpoints call the topic by the jurisdiction alone, or not at all.
  auto receiving = half == channel_half::receiving;
  auto same_topic = (receiving && (asked.topic.empty() || asked.topic == settings.jurisdiction)) ||
                    (topic && wanted && *topic == *wanted);
  auto known_mode = asked.mode == "subscribe" || asked.mode == "denied";
  if (asked.channel_id != called(channel, half) || !known_mode || !same_topic)
    return make_problem(errc::not_found, "this node did not ask channel " + channel.id + " to " +
                                             asked.mode + " " + asked.topic);
  if (asked.mode == "denied")
    return channel_intent_confirmed{};
  if (asked.challenge.empty())
    return make_problem(errc::bad_request, "hub.challenge is missing");
  return channel_intent_confirmed{asked.challenge};
}

std::chrono::seconds lease_granted(const confirm_channel_intent& asked) {
  auto longest = static_cast<uint64_t>(channel_lease.count());
  auto seconds = parse_number(asked.lease_seconds).value_or(0);
  return std::chrono::seconds{seconds == 0 ? longest : std::min(seconds, longest)};
}

notification_accepted decide(const channel_notification& x, const channel_settings& channel) {
  auto& secret = channel.subscription_secret;
  return {!secret.empty() && !is_hub_signature(x.signature, secret, x.body)};
}

bool wants_revocations(const channel_settings& channel) {
  return channel.serves_half(channel_half::posting) && channel.revocable_for.count() > 0 &&
         channel.sends_sender_ref && channel.subscription_path == "/subscriptions";
}

namespace {

/// Anybody can say so. So it is asked again soon, and costs no more than that if it was not so.
void denied(handler_pointer self, const surroundings& around, const channel_settings& which,
            const std::string& reason) {
  auto& st = self->state;
  st.outstanding = false;
  st.confirmed = false;
  st.health.subscribed_until = caf::timestamp{};
  st.health.last_error = "the channel denied the subscription: " + reason;
  st.health.last_error_at = around.now();
  spdlog::warn("channel {} denied the subscription: {}", which.id, reason);
  if (!st.asking && st.next > self->clock().now() + pause_after_denial)
    plan(self, pause_after_denial);
}

subscription_handler_actor::behavior_type subscribe(handler_pointer self, surroundings around,
                                                    std::shared_ptr<const node_settings> settings,
                                                    channel_settings which, channel_actor channel,
                                                    std::string reception_url, channel_half half) {
  self->state.half = half;
  self->state.health.id = which.id;
  self->state.health.kind = which.kind;
  self->state.health.url = which.url;
  auto wanted = subscription_at(which, *settings, reception_url, half);
  plan(self, std::chrono::milliseconds{0});
  answer_probes(self);
  return {
      [=](const confirm_channel_intent& asked) -> caf::result<channel_intent_confirmed> {
        auto decision = decide(asked, which, *settings, half);
        if (!decision)
          return decision.error();
        auto now = self->clock().now();
        auto& st = self->state;
        if (asked.mode == "denied") {
          denied(self, around, which, asked.reason);
          return *decision;
        }
        if (!is_expected(st, now))
          return make_problem(errc::not_found, "this node has asked channel " + which.id +
                                                   " for nothing that is not confirmed");
        auto lease = lease_granted(asked);
        if (st.outstanding)
          st.confirmed_at = now;
        st.outstanding = false;
        st.confirmed = true;
        st.failed = 0;
        st.health.up = true;
        st.health.subscribed_until = around.now() + lease;
        plan(self, std::max(lease / 2, shortest_renewal));
        return *decision;
      },
      [=](const channel_notification& x) {
        auto decision = decide(x, which);
        if (decision.ignored) {
          ++self->state.health.bad_signatures;
          spdlog::warn("a notification of channel {} is ignored: its X-Hub-Signature is wrong or "
                       "missing",
                       which.id);
        }
        return decision;
      },
      [=](const channel_health_query&) { return self->state.health; },
      [=](caf::tick_atom) {
        if (!self->state.asking && self->clock().now() >= self->state.next)
          ask(self, around, settings, which, channel, wanted);
      },
  };
}

} // namespace

subscription_handler_actor::behavior_type
subscription_handler(handler_pointer self, surroundings around,
                     std::shared_ptr<const node_settings> settings, channel_settings which,
                     channel_actor channel, std::string reception_url) {
  return subscribe(self, std::move(around), std::move(settings), std::move(which),
                   std::move(channel), std::move(reception_url), channel_half::receiving);
}

subscription_handler_actor::behavior_type
posting_subscription_handler(handler_pointer self, surroundings around,
                             std::shared_ptr<const node_settings> settings, channel_settings which,
                             channel_actor channel, std::string reception_url) {
  return subscribe(self, std::move(around), std::move(settings), std::move(which),
                   std::move(channel), std::move(reception_url), channel_half::posting);
}

} // namespace igl
