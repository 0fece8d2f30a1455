#include "scenarios/runner/crash.hpp"

#include "scenarios/runner/network.hpp"

#include <algorithm>
#include <unordered_map>
#include <utility>

namespace igl::scenario {

caf::optional<crash_point> parse_crash_point(std::string_view text) {
  auto found = std::find(crash_points.begin(), crash_points.end(), text);
  if (found == crash_points.end())
    return caf::none;
  return static_cast<crash_point>(found - crash_points.begin());
}

void crash_plan::reach(crash_point when, caf::optional<stream> where) {
  auto found = std::find_if(next.begin(), next.end(),
                            [&](auto& x) { return x.when == when && x.where == where; });
  if (found == next.end()) {
    if (otherwise && where)
      otherwise();
    return;
  }
  auto what = std::move(found->what);
  next.erase(found);
  what();
}

void crash_plan::answered() {
  auto is_next = [&](stream x) {
    return std::any_of(next.begin(), next.end(),
                       [&](auto& y) { return y.when == crash_point::after_call && y.where == x; });
  };
  bool any = false;
  for (auto& entry : stream_catalogue())
    if (in_hand[static_cast<size_t>(entry.id)] > 0) {
      any = true;
      if (is_next(entry.id))
        return reach(crash_point::after_call, entry.id);
    }
  if (any && otherwise)
    otherwise();
}

namespace {

/// What one incarnation of a process works with.
struct watch {
  std::shared_ptr<const presence> who;
  std::shared_ptr<crash_plan> plan;
  std::function<void(const std::string&)> forgotten;
};

/// The jobs that one consumer has in hand, by what they are acknowledged with. A job that comes
/// again is the same one.
class hand {
public:
  hand(stream from, std::shared_ptr<crash_plan> plan) : from_(from), plan_(std::move(plan)) {}
  hand(const hand&) = delete;
  hand& operator=(const hand&) = delete;
  ~hand() { count() -= jobs_.size(); }

  void take(const job_arrived& x) {
    auto [job, fresh] = jobs_.try_emplace(x.payload, x.acknowledgement);
    if (!fresh)
      payloads_.erase(std::exchange(job->second, x.acknowledgement));
    payloads_.emplace(x.acknowledgement, x.payload);
    count() += fresh ? 1 : 0;
  }
  /// The message that was acknowledged with that, if it is in hand.
  caf::optional<std::string> let_go(const std::string& acknowledgement) {
    auto found = payloads_.extract(acknowledgement);
    if (!found)
      return caf::none;
    count() -= jobs_.erase(found.mapped());
    return std::move(found.mapped());
  }

private:
  uint64_t& count() { return plan_->in_hand[static_cast<size_t>(from_)]; }

  stream from_;
  std::shared_ptr<crash_plan> plan_;
  std::unordered_map<std::string, std::string> jobs_;     ///< payload → acknowledgement
  std::unordered_map<std::string, std::string> payloads_; ///< acknowledgement → payload
};

class watched_consumer final : public streams::consumer {
public:
  watched_consumer(std::unique_ptr<consumer> inner, stream from, watch by,
                   std::shared_ptr<hand> in_hand)
      : inner_(std::move(inner)), from_(from), by_(std::move(by)), in_hand_(std::move(in_hand)) {}

  void acknowledge(const std::string& acknowledgement) override {
    if (!by_.who->alive)
      return;
    auto message = in_hand_->let_go(acknowledgement);
    inner_->acknowledge(acknowledgement);
    if (message)
      by_.forgotten(*message);
    by_.plan->reach(crash_point::after_acknowledgement, from_);
  }
  void keep_alive(const std::string& acknowledgement) override {
    if (by_.who->alive)
      inner_->keep_alive(acknowledgement);
  }
  void pause() override { inner_->pause(); }

private:
  std::unique_ptr<consumer> inner_;
  stream from_;
  watch by_;
  std::shared_ptr<hand> in_hand_;
};

class seen_streams final : public streams {
public:
  seen_streams(std::shared_ptr<streams> inner, watch by)
      : inner_(std::move(inner)), by_(std::move(by)) {}

  void publish(stream on, const std::string& publication_id, std::string payload,
               published done) override {
    if (by_.who->alive)
      inner_->publish(on, publication_id, std::move(payload), std::move(done));
  }
  std::unique_ptr<consumer> consume(stream from, uint32_t credit, arrived on_job) override {
    by_.plan->is_consumed[static_cast<size_t>(from)] = true;
    auto in_hand = std::make_shared<hand>(from, by_.plan);
    auto watched = [from, by = by_, in_hand = std::weak_ptr<hand>{in_hand},
                    on_job = std::move(on_job)](job_arrived x) {
      auto taken = in_hand.lock();
      if (!by.who->alive || !taken)
        return;
      taken->take(x);
      by.plan->reach(crash_point::before_decision, from);
      if (by.who->alive)
        on_job(std::move(x));
    };
    return std::make_unique<watched_consumer>(inner_->consume(from, credit, std::move(watched)),
                                              from, by_, std::move(in_hand));
  }
  void level(stream of, std::function<void(caf::expected<stream_level>)> done) override {
    inner_->level(of, std::move(done));
  }
  void mend(stream which) override {
    if (by_.who->alive)
      inner_->mend(which);
  }
  bool connected() const override { return inner_->connected(); }
  std::string description() const override { return inner_->description(); }

private:
  std::shared_ptr<streams> inner_;
  watch by_;
};

} // namespace

std::shared_ptr<streams> watched_streams(std::shared_ptr<streams> inner,
                                         std::shared_ptr<const presence> who,
                                         std::shared_ptr<crash_plan> plan,
                                         std::function<void(const std::string&)> forgotten) {
  return std::make_shared<seen_streams>(
      std::move(inner), watch{std::move(who), std::move(plan), std::move(forgotten)});
}

} // namespace igl::scenario
