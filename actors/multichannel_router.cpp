#include "actors/multichannel_router.hpp"

#include "actors/settling.hpp"

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

/// More doubts than this are not remembered; the idempotency key still protects each channel.
constexpr size_t doubts_at_most = 10000;

using router_pointer = multichannel_router_actor::stateful_pointer<multichannel_router_state>;

/// One attempt at a job.
struct trip {
  router_pointer self;
  surroundings around;
  std::shared_ptr<const std::map<std::string, channel_actor>> channels;
  std::string job;
  route way;
  std::shared_ptr<guarded_promise<settled>> answer;
};
using trip_ptr = std::shared_ptr<trip>;

void ask_next(const trip_ptr& x);

void fail_and_go_on(const trip_ptr& x, const caf::error& why) {
  x->way.failed(why);
  ask_next(x);
}

void ask(const trip_ptr& x, const channel_settings& to, const channel_actor& channel) {
  auto id = to.id;
  x->self->request(channel, patience_for(to.timeout), x->way.question())
      .then(
          [=](const channel_receipt& receipt) {
            x->self->state.in_doubt.erase(x->job);
            x->self->state.gates.at(id).leave(id, peer_mood::answering);
            settle(x->self, x->around, x->way.taken(receipt), answer_with(x->answer));
          },
          [=](caf::error& failure) {
            auto why = as_peer_error(std::move(failure));
            x->self->state.gates.at(id).leave(id, mood_after(why));
            fail_and_go_on(x, why);
          });
}

void conclude(const trip_ptr& x) {
  auto& doubts = x->self->state.in_doubt;
  doubts.erase(x->job);
  if (!x->way.in_doubt().empty() && doubts.size() < doubts_at_most)
    doubts.emplace(x->job, x->way.in_doubt());
  auto end = x->way.given_up();
  if (end)
    settle(x->self, x->around, std::move(*end), answer_with(x->answer));
  else
    x->answer->deliver(std::move(end.error()));
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
    fail_and_go_on(x, make_problem(errc::peer_unreachable, "the channel is not running"));
    return;
  }
  gate->second.admit(to->id, {[=] { ask(x, *to, channel->second); },
                              [=] {
                                fail_and_go_on(x, make_problem(errc::peer_busy));
                              }});
}

} // namespace

route::route(job_ticket ticket, route_message order, std::shared_ptr<const node_settings> settings,
             const std::string& in_doubt)
    : ticket_(std::move(ticket)), order_(std::move(order)), settings_(std::move(settings)),
      reasons_(order_.reasons) {
  for (auto& x : settings_->channels)
    left_.push_back(&x);
  std::stable_partition(left_.begin(), left_.end(), [&](auto* x) { return x->id == in_doubt; });
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

void route::pass_over(const channel_settings& x, const std::string& why) {
  if (!reasons_.empty())
    reasons_ += "; ";
  reasons_ += x.id + ": " + why;
  passed_over_.push_back(
      {0, {}, event_kind::channel_passed_over, to_string(order_.content.ref()), x.id + ": " + why});
}

void route::skip_unsuitable() {
  for (; at_ < left_.size(); ++at_) {
    auto& x = *left_[at_];
    if (std::count(order_.tried.begin(), order_.tried.end(), x.id) > 0)
      continue; // its reason came with the order
    auto serves =
        x.jurisdictions.empty() ||
        std::count(x.jurisdictions.begin(), x.jurisdictions.end(), order_.content.receiver) > 0;
    if (!serves) {
      pass_over(x, "it does not serve " + order_.content.receiver);
      continue;
    }
    auto screened = x.screens(order_.content);
    if (screened.empty())
      return;
    pass_over(x, screened);
  }
}

void route::failed(const caf::error& why) {
  auto* x = candidate();
  if (x == nullptr)
    return;
  auto code = code_of(why);
  pass_over(*x, sentence_of(why));
  // An answer that makes no sense today makes none tomorrow.
  auto for_good = !worth_retrying(why) || code == errc::bad_answer;
  if (code == errc::peer_busy)
    busy_ = true;
  if (!for_good && !temporary_)
    temporary_ = why;
  // It was asked, and nobody knows what became of it: it may have taken the message.
  if (code == errc::peer_timeout && ticket_.attempt < attempts_in_doubt) {
    in_doubt_ = x->id;
    busy_ = false; // this attempt counts
    temporary_ = why;
    at_ = left_.size();
    return;
  }
  ++at_;
  skip_unsuitable();
}

settlement route::taken(const channel_receipt& receipt) const {
  auto& x = *candidate();
  auto& content = order_.content;
  settlement result;
  result.job = closed(ticket_);
  result.events = passed_over_;
  result.events.push_back({0,
                           {},
                           event_kind::message_routed,
                           to_string(content.ref()),
                           "to channel " + x.id + " as " + receipt.id});
  result.opens.push_back(make_job(check_delivery{content, order_.round, order_.tried, x.id,
                                                 receipt.id, channel_status::received}));
  result.opens.push_back(
      make_job(update_message{content.ref(), message_patch{caf::none, x.id, receipt.id},
                              "routed/" + std::to_string(order_.round) + "/" + x.id}));
  return result;
}

caf::expected<settlement> route::given_up() const {
  if (busy_)
    return make_problem(errc::peer_busy, reasons_);
  if (temporary_)
    return make_problem(code_of(temporary_), reasons_);
  settlement result;
  result.job = closed(ticket_);
  result.events = passed_over_;
  auto why = sentence_of(
      make_problem(errc::no_channel, reasons_.empty() ? "no channel is configured" : reasons_));
  result.opens.push_back(make_job(reject_message{order_.content.ref(), why}));
  return result;
}

multichannel_router_actor::behavior_type
multichannel_router(router_pointer self, surroundings around,
                    std::shared_ptr<const node_settings> settings,
                    std::map<std::string, channel_actor> channels) {
  for (auto& x : settings->channels)
    self->state.gates.emplace(x.id, peer_gate{posts_at_once(x), posts_waiting(*settings)});
  auto handles = std::make_shared<const std::map<std::string, channel_actor>>(std::move(channels));
  return {
      [=](const job_ticket& ticket, const route_message& order) {
        auto answer = promise_of<settled>(self);
        auto doubt = self->state.in_doubt.find(ticket.id);
        route way{ticket, order, settings,
                  doubt == self->state.in_doubt.end() ? std::string{} : doubt->second};
        ask_next(
            std::make_shared<trip>(trip{self, around, handles, ticket.id, std::move(way), answer}));
        return answer->unguarded();
      },
  };
}

} // namespace igl
