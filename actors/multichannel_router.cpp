#include "actors/multichannel_router.hpp"

#include "messages/probes.hpp"

#include "actors/chance.hpp"
#include "actors/channel_poller.hpp"
#include "actors/settling.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

/// Of the requests a channel allows at once, most are for new messages; the rest is for questions
/// about them and for what comes in.
uint32_t posts_at_once(const channel_settings& x) {
  return std::max(1u, x.in_flight * 5 / 8);
}

/// With one channel all jobs in hand may wait for it; with several, half of them: the other half
/// can go elsewhere when it hangs.
uint32_t posts_waiting(const node_settings& x) {
  return x.channels.size() == 1 ? x.jobs_in_flight : x.jobs_in_flight / 2;
}

/// More than this is not remembered while the ledger cannot be told; the idempotency key still
/// protects each channel.
constexpr size_t unsettled_at_most = 10000;

/// The channel was asked, or may have been, and nobody knows what became of it.
bool may_have_taken(errc code) {
  return code == errc::peer_timeout || code == errc::peer_lost || code == errc::bad_answer ||
         code == errc::too_large;
}

/// Where a channel stands among those in doubt, from 1; 0: it is not among them.
size_t place_in(const route_doubt& doubt, const std::string& channel) {
  auto at = std::find(doubt.channels.begin(), doubt.channels.end(), channel);
  return at == doubt.channels.end() ? 0 : static_cast<size_t>(at - doubt.channels.begin()) + 1;
}

/// When a channel took the message back, from 1, the last time; 0: it did not.
size_t turn_of(const std::vector<std::string>& taken_back_by, const std::string& channel) {
  auto at = std::find(taken_back_by.rbegin(), taken_back_by.rend(), channel);
  return static_cast<size_t>(taken_back_by.rend() - at);
}

/// "channel au-sg cannot be reached: POST http://…: connection refused"
std::string phrase_of(const std::string& channel, const caf::error& why) {
  auto what = problem_of(why);
  auto said = "channel " + channel;
  switch (what.code) {
  case errc::peer_unreachable:
    said += " cannot be reached";
    break;
  case errc::peer_timeout:
    said += " did not answer in time";
    break;
  case errc::peer_lost:
    said += " ended the connection without an answer";
    break;
  case errc::peer_refused:
    said += " refused";
    break;
  case errc::peer_failed:
    said += " failed";
    break;
  case errc::peer_busy:
    said += " has enough to do already";
    break;
  case errc::bad_answer:
    said += " answered what the protocol does not allow";
    break;
  default:
    said.append(": ").append(entry_of(what.code).sentence);
  }
  return what.detail.empty() ? said : said + ": " + what.detail;
}

using router_pointer = multichannel_router_actor::stateful_pointer<multichannel_router_state>;

/// One attempt at a job.
struct trip {
  router_pointer self;
  surroundings around;
  std::shared_ptr<const std::map<std::string, channel_actor>> channels;
  std::string job;
  std::chrono::milliseconds pause; ///< until the next attempt
  route way;
  std::shared_ptr<guarded_promise<settled>> answer;
};
using trip_ptr = std::shared_ptr<trip>;

void ask_next(const trip_ptr& x);

void fail_and_go_on(const trip_ptr& x, const caf::error& why) {
  x->way.failed(why);
  ask_next(x);
}

/// Answers whoever gave us the job. If the ledger could not be told what it should know of the
/// doubts, they are remembered here for the next attempt.
auto answer_or_remember(const trip_ptr& x, caf::optional<route_doubt> doubt) {
  return [=](caf::expected<settled> result) {
    auto& unsettled = x->self->state.unsettled;
    if (result || code_of(result.error()) == errc::job_not_open)
      unsettled.erase(x->job);
    else if (doubt && unsettled.size() < unsettled_at_most)
      unsettled.insert_or_assign(x->job, *doubt);
    x->answer->deliver(std::move(result));
  };
}

void ask(const trip_ptr& x, const channel_settings& to, const channel_actor& channel) {
  auto id = to.id;
  x->self->request(channel, patience_for(to.timeout), x->way.question())
      .then(
          [=](const channel_receipt& receipt) {
            x->self->state.gates.at(id).leave(id, peer_mood::answering);
            read_decide_settle<found_message>(
                x->self, x->around, find_message{x->way.content().ref()},
                [=](const found_message& stored) {
                  return x->way.taken(receipt, stored, x->around.now());
                },
                answer_or_remember(x, x->way.doubt_after_receipt()));
          },
          [=](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            x->self->state.gates.at(id).leave(id, mood_after(why));
            fail_and_go_on(x, why);
          });
}

void conclude(const trip_ptr& x) {
  auto end = x->way.given_up(x->around.now() + x->pause);
  if (!end) {
    x->answer->deliver(std::move(end.error()));
    return;
  }
  spdlog::info("multichannel-router could not route {}: {}", to_string(x->way.content().ref()),
               x->way.reasons());
  settle(x->self, x->around, std::move(*end), answer_or_remember(x, x->way.doubt()));
}

void ask_next(const trip_ptr& x) {
  auto* to = x->way.candidate();
  if (to == nullptr) {
    conclude(x);
    return;
  }
  auto channel = x->channels->find(to->id);
  auto gate = x->self->state.gates.find(to->id);
  if (channel == x->channels->end() || gate == x->self->state.gates.end()) {
    fail_and_go_on(x, make_problem(errc::peer_unreachable, "it is not running"));
    return;
  }
  gate->second.admit(to->id, {[=] { ask(x, *to, channel->second); },
                              [=] {
                                fail_and_go_on(x, make_problem(errc::peer_busy));
                              }});
}

} // namespace

route::route(job_ticket ticket, route_message order, std::shared_ptr<const node_settings> settings)
    : ticket_(std::move(ticket)), order_(std::move(order)), settings_(std::move(settings)),
      reasons_(order_.reasons) {
  for (auto& x : settings_->channels)
    left_.push_back(&x);
  if (order_.taken_back_by)
    std::stable_sort(left_.begin(), left_.end(), [&](auto* a, auto* b) {
      return turn_of(*order_.taken_back_by, a->id) < turn_of(*order_.taken_back_by, b->id);
    });
  if (order_.doubt)
    std::stable_sort(left_.begin(), left_.end(), [&](auto* a, auto* b) {
      return place_in(*order_.doubt, a->id) > place_in(*order_.doubt, b->id);
    });
  skip_unsuitable();
}

const channel_settings* route::candidate() const {
  return at_ < left_.size() ? left_[at_] : nullptr;
}

post_to_channel route::question() const {
  auto key = to_string(order_.content.ref());
  if (order_.round > 1)
    key += "/" + std::to_string(order_.round);
  return {order_.content, key};
}

void route::pass_over(const std::string& why) {
  reasons_ += (reasons_.empty() ? "" : "; ") + why;
  passed_over_.push_back(
      {0, {}, event_kind::channel_passed_over, to_string(order_.content.ref()), why});
}

void route::skip_unsuitable() {
  for (; at_ < left_.size(); ++at_) {
    auto& x = *left_[at_];
    if (std::count(order_.tried.begin(), order_.tried.end(), x.id) > 0)
      continue; // its reason came with the order
    if (!x.serves_half(channel_half::posting)) {
      pass_over("channel " + x.id + " is for receiving only");
      continue;
    }
    auto serves =
        x.jurisdictions.empty() ||
        std::count(x.jurisdictions.begin(), x.jurisdictions.end(), order_.content.receiver) > 0;
    if (!serves) {
      pass_over("channel " + x.id + " does not serve " + order_.content.receiver);
      continue;
    }
    auto screened = x.screens(order_.content);
    if (screened.empty())
      return;
    pass_over("channel " + x.id + ": " + screened);
  }
}

void route::failed(const caf::error& why) {
  auto* x = candidate();
  if (x == nullptr)
    return;
  auto code = code_of(why);
  pass_over(phrase_of(x->id, why));
  if (code == errc::peer_busy) {
    busy_ = true;
  } else if (may_have_taken(code)) {
    suspect(x->id);
  } else if (!worth_retrying(why)) {
    acquit(x->id);
  } else if (is_held_by(x->id)) {
    suspect(x->id);
  }
  // Nobody else is asked as long as this one may have it.
  if (is_held_by(x->id)) {
    may_help_ = true;
    at_ = left_.size();
    return;
  }
  // An answer that makes no sense today makes none tomorrow.
  if (worth_retrying(why) && code != errc::bad_answer)
    may_help_ = true;
  ++at_;
  skip_unsuitable();
}

bool route::is_held_by(const std::string& channel) const {
  auto& doubt = order_.doubt;
  return doubt && !doubt->channels.empty() && doubt->channels.back() == channel &&
         doubt->times < attempts_in_doubt;
}

void route::suspect(const std::string& channel) {
  if (!order_.doubt)
    order_.doubt = route_doubt{};
  auto& doubt = *order_.doubt;
  auto place = place_in(doubt, channel);
  if (place == 0) {
    doubt.channels.push_back(channel);
    doubt.times = 0;
  } else if (place < doubt.channels.size()) {
    return; // it was asked often enough before
  }
  ++doubt.times;
  doubt_changed_ = true;
}

void route::acquit(const std::string& channel) {
  if (!order_.doubt || place_in(*order_.doubt, channel) == 0)
    return;
  auto& doubt = *order_.doubt;
  if (doubt.channels.back() == channel)
    doubt.times = attempts_in_doubt; // as those before it
  std::erase(doubt.channels, channel);
  if (doubt.channels.empty())
    order_.doubt = caf::none;
  doubt_changed_ = true;
}

route_doubt route::doubt_after_receipt() const {
  auto doubt = order_.doubt.value_or(route_doubt{});
  std::erase(doubt.channels, candidate()->id);
  doubt.channels.push_back(candidate()->id);
  doubt.times = 0;
  return doubt;
}

caf::expected<settlement> route::taken(const channel_receipt& receipt, const found_message& stored,
                                       caf::timestamp now) const {
  auto& x = *candidate();
  auto& content = order_.content;
  if (!stored.record)
    return make_problem(errc::internal,
                        to_string(content.ref()) + " was routed but is not in the lake");
  settlement result;
  result.job = closed(ticket_);
  result.events = passed_over_;
  result.events.push_back({0,
                           {},
                           event_kind::message_routed,
                           to_string(content.ref()),
                           "to channel " + x.id + " as " + receipt.id});
  auto doubt = doubt_after_receipt();
  doubt.channels.pop_back();
  doubt.times = attempts_in_doubt;
  check_delivery follow{content, order_.round, order_.tried,
                        x.id,    receipt.id,   channel_status::received};
  if (!doubt.channels.empty())
    follow.doubt = std::move(doubt);
  follow.taken_back_by = order_.taken_back_by;
  result.opens.push_back(make_job(follow));
  result.opens.back().due = now + pause_before_check(0, x.poll_interval);
  auto record = *stored.record;
  record.channel_id = x.id;
  record.channel_txn_id = receipt.id;
  result.messages.push_back({std::move(record), stored.record->version});
  return result;
}

caf::expected<settlement> route::given_up(caf::timestamp next) const {
  if (busy_ && !doubt_changed_)
    return make_problem(errc::peer_busy, reasons_);
  if ((may_help_ || busy_) && ticket_.attempt < settings_->retry_outbox.attempts) {
    settlement result;
    result.job = job_outcome{ticket_, job_end::again, next, reasons_};
    // The job is open: that gives it the order as it is now.
    if (doubt_changed_)
      result.opens.push_back(make_job(order_));
    return result;
  }
  auto result = unroutable(ticket_, order_, reasons());
  result.events = passed_over_;
  return result;
}

caf::optional<settlement> taken_back_too_often(const job_ticket& ticket, const route_message& order,
                                               const retry_settings& how) {
  if (!order.taken_back_by || order.taken_back_by->size() < how.attempts)
    return caf::none;
  std::string names;
  for (auto& x : *order.taken_back_by)
    names += (names.empty() ? "" : ", ") + x;
  return dead_letter_of(ticket, "its confirmation was revoked " +
                                    std::to_string(order.taken_back_by->size()) + " times, by " +
                                    names +
                                    ", which retry.revoked.attempts allows and no more; the "
                                    "message is pending, and no channel has it. To have it "
                                    "routed again, raise retry.revoked.attempts and replay "
                                    "this");
}

settlement unroutable(const job_ticket& ticket, const route_message& order,
                      const std::string& why) {
  if (order.doubt && !order.doubt->channels.empty()) {
    std::string names;
    for (auto& x : order.doubt->channels)
      names += (names.empty() ? "" : ", ") + x;
    return dead_letter_of(ticket, "channel " + names +
                                      " may have taken the message without saying so; ask there "
                                      "before this is replayed or dropped: " +
                                      why);
  }
  settlement result;
  result.job = closed(ticket);
  result.opens.push_back(
      make_job(reject_message{order.content.ref(), "no channel took the message: " + why}));
  return result;
}

multichannel_router_actor::behavior_type
multichannel_router(router_pointer self, surroundings around,
                    std::shared_ptr<const node_settings> settings,
                    std::map<std::string, channel_actor> channels) {
  for (auto& x : settings->channels)
    self->state.gates.emplace(x.id, peer_gate{posts_at_once(x), posts_waiting(*settings)});
  auto handles = std::make_shared<const std::map<std::string, channel_actor>>(std::move(channels));
  answer_probes(self);
  return {
      [=](const job_ticket& ticket, route_message& order) {
        auto answer = promise_of<settled>(self);
        if (auto end = taken_back_too_often(ticket, order, settings->retry_revoked)) {
          spdlog::warn("multichannel-router leaves {} to an operator: {}",
                       to_string(order.content.ref()), end->job->error);
          settle(self, around, std::move(*end), answer_with(answer));
          return answer->unguarded();
        }
        if (auto at = self->state.unsettled.find(ticket.id); at != self->state.unsettled.end())
          order.doubt = at->second;
        auto pause = pause_after(settings->retry_outbox, ticket.attempt, chance(around));
        route way{ticket, std::move(order), settings};
        ask_next(std::make_shared<trip>(
            trip{self, around, handles, ticket.id, pause, std::move(way), answer}));
        return answer->unguarded();
      },
  };
}

} // namespace igl
