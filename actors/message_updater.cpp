#include "actors/message_updater.hpp"

#include "actors/chance.hpp"
#include "actors/message_api.hpp"
#include "actors/settling.hpp"
#include "messages/json.hpp"
#include "messages/probes.hpp"
#include "messages/topic.hpp"

namespace igl {

namespace {

/// "confirmed/1" → "confirmed": people need no rounds.
std::string_view cause_in(std::string_view reason) {
  return reason.substr(0, reason.find('/'));
}

bool names_posting(const message_patch& x) {
  return !x.channel_id.empty() && !x.channel_txn_id.empty();
}

/// What became of a posting counts as long as the message travels by it: not before and not after.
bool is_outdated(const message_patch& x, const message_record& stored) {
  return x.status && names_posting(x) &&
         (x.channel_id != stored.channel_id || x.channel_txn_id != stored.channel_txn_id);
}

void patch(message_updater_actor::stateful_pointer<message_updater_state> self, surroundings around,
           patch_message asked, std::shared_ptr<guarded_promise<message_record>> answer,
           uint32_t left) {
  self->request(around.reader, timeouts::read, find_message{asked.about})
      .then(
          [=](const found_message& stored) {
            auto decision = decide(asked, stored);
            if (!decision) {
              answer->deliver(std::move(decision.error()));
              return;
            }
            auto record = std::move(decision->record);
            if (!decision->change) {
              answer->deliver(std::move(record));
              return;
            }
            settle(self, around, std::move(*decision->change), [=](caf::expected<settled> result) {
              if (!result && code_of(result.error()) == errc::stale && left > 1) {
                patch(self, around, asked, answer, left - 1);
              } else if (!result) {
                answer->deliver(std::move(result.error()));
              } else {
                auto changed = record;
                changed.version = result->version;
                answer->deliver(std::move(changed));
              }
            });
          },
          [=](caf::error& why) { answer->deliver(std::move(why)); });
}

} // namespace

settlement change_of(const message_record& before, const message_record& after,
                     std::string_view why) {
  auto ref = before.content.ref();
  auto about = to_string(ref);
  settlement result;
  result.messages.push_back({after, before.version});
  if (after.channel_id != before.channel_id || after.channel_txn_id != before.channel_txn_id)
    result.events.push_back(
        {0,
         {},
         event_kind::delivery_recorded,
         about,
         after.channel_id.empty()
             ? "channel " + before.channel_id + " does not have it as " + before.channel_txn_id +
                   " any more"
             : "on channel " + after.channel_id + " as " + after.channel_txn_id});
  if (after.rejected_by_channel != before.rejected_by_channel && after.status == before.status)
    result.events.push_back({0,
                             {},
                             event_kind::status_changed,
                             about,
                             "from rejected by a channel to rejected by a business"});
  if (after.status == before.status)
    return result;
  auto detail = "from " + to_string(before.status) + " to " + to_string(after.status);
  if (!why.empty())
    detail.append(": ").append(why);
  result.events.push_back({0, {}, event_kind::status_changed, about, detail});
  auto topic = status_topic(ref.sender_ref);
  result.tells.push_back(
      {about, "status/" + std::to_string(before.version), {{topic, status_to_notice(ref, topic)}}});
  return result;
}

caf::expected<settlement> decide(const job_ticket& ticket, const update_message& order,
                                 const found_message& stored, caf::timestamp next) {
  auto about = to_string(order.about);
  if (!stored.record)
    return make_problem(errc::internal, about + " is to be changed but is not in the lake");
  auto& before = *stored.record;
  auto after = before;
  auto outdated = is_outdated(order.patch, before);
  if (names_posting(order.patch) && !outdated) {
    after.channel_id = order.patch.channel_id;
    after.channel_txn_id = order.patch.channel_txn_id;
  }
  std::string left_out;
  if (outdated)
    left_out = std::string{cause_in(order.reason)} + " as " + order.patch.channel_txn_id +
               " on channel " + order.patch.channel_id +
               ", which the message does not travel by any more";
  else if (order.patch.status && *order.patch.status != before.status) {
    if (may_follow(before.status, *order.patch.status))
      after.status = *order.patch.status;
    else
      left_out = std::string{cause_in(order.reason)} + ", but the message stays " +
                 to_string(before.status);
  }
  auto routed_anew = order.next_round && !outdated && after.status == message_status::pending;
  if (routed_anew) {
    after.taken_back_by.push_back(order.patch.channel_id);
    after.channel_id.clear();
    after.channel_txn_id.clear();
  }
  settlement result;
  if (after != before)
    result = change_of(before, after, cause_in(order.reason));
  if (routed_anew) {
    route_message anew{before.content, *order.next_round, {}, {}};
    anew.taken_back_by = after.taken_back_by;
    result.opens.push_back(make_job(anew));
    result.opens.back().due = next;
  }
  if (!left_out.empty())
    result.events.push_back({0, {}, event_kind::delivery_checked, about, left_out});
  result.job = closed(ticket);
  return result;
}

caf::expected<patched> decide(const patch_message& asked, const found_message& stored) {
  if (!stored.record)
    return unknown_message(asked.about);
  auto after = apply(asked.patch, *stored.record);
  if (!after)
    return after.error();
  if (!*after)
    return patched{*stored.record, caf::none};
  return patched{**after, change_of(*stored.record, **after, "a business said so")};
}

message_updater_actor::behavior_type
message_updater(message_updater_actor::stateful_pointer<message_updater_state> self,
                surroundings around, current_settings settings) {
  answer_probes(self);
  return {
      [=](job_ticket& ticket, update_message& order) {
        auto answer = promise_of<settled>(self);
        auto next = caf::timestamp{};
        if (order.next_round)
          next = around.now() +
                 pause_after(settings.now()->retry_revoked, *order.next_round - 1, chance(around));
        auto question = find_message{order.about};
        read_decide_settle<found_message>(
            self, around, std::move(question),
            [=, ticket = std::move(ticket), order = std::move(order)](const found_message& stored) {
              return decide(ticket, order, stored, next);
            },
            answer_with(answer));
        return answer->unguarded();
      },
      [=](const patch_message& asked) {
        auto answer = promise_of<message_record>(self);
        patch(self, around, asked, answer, decisions_at_most);
        return answer->unguarded();
      },
  };
}

} // namespace igl
