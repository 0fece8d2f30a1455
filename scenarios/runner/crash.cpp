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

void crash_plan::arm(crash_point when, stream where, std::function<void()> what) {
  when_ = when;
  where_ = where;
  what_ = std::move(what);
}

void crash_plan::reach(crash_point when, stream where) {
  if (what_ && when == when_ && where == where_)
    std::exchange(what_, nullptr)();
  else if (otherwise)
    otherwise();
}

void crash_plan::answered() {
  if (in_hand[static_cast<size_t>(where_)] > 0)
    reach(crash_point::after_call, where_);
}

namespace {

/// What one incarnation of a process works with.
struct watch {
  std::shared_ptr<const presence> who;
  std::shared_ptr<crash_plan> plan;
  std::function<void(const std::string&)> forgotten;
};

/// Messages that are handed out, by acknowledgement.
using handed_out = std::unordered_map<std::string, std::string>;

class watched_consumer final : public streams::consumer {
public:
  watched_consumer(std::unique_ptr<consumer> inner, stream from, watch by,
                   std::shared_ptr<handed_out> all)
      : inner_(std::move(inner)), from_(from), by_(std::move(by)), all_(std::move(all)) {}

  void acknowledge(const std::string& acknowledgement) override {
    if (!by_.who->alive)
      return;
    auto& in_hand = by_.plan->in_hand[static_cast<size_t>(from_)];
    in_hand -= std::min<uint64_t>(in_hand, 1);
    inner_->acknowledge(acknowledgement);
    if (auto message = all_->extract(acknowledgement))
      by_.forgotten(message.mapped());
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
  std::shared_ptr<handed_out> all_;
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
    auto all = std::make_shared<handed_out>();
    auto watched = [from, by = by_, all, on_job = std::move(on_job)](job_arrived x) {
      if (!by.who->alive)
        return;
      ++by.plan->in_hand[static_cast<size_t>(from)];
      by.plan->reach(crash_point::before_decision, from);
      if (!by.who->alive)
        return;
      all->insert_or_assign(x.acknowledgement, x.payload);
      on_job(std::move(x));
    };
    return std::make_unique<watched_consumer>(inner_->consume(from, credit, std::move(watched)),
                                              from, by_, all);
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
