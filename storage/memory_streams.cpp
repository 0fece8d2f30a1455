#include "storage/memory_streams.hpp"

#include <array>
#include <atomic>
#include <charconv>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace igl {

namespace {

constexpr auto duplicate_window = std::chrono::minutes{2};

using time = caf::timestamp;

/// A consumer as its stream knows it.
struct place {
  uint32_t credit = 0;
  std::atomic<bool> open{true}; ///< takes new jobs
  streams::arrived on_job;
  std::unordered_map<std::string, time> held; ///< what uses up credit → until when at most
  std::mutex running;                         ///< held while on_job runs, together with no other
  std::atomic<std::thread::id> runner{};

  bool has_credit(time now) {
    if (held.size() < credit)
      return true;
    return std::erase_if(held, [now](const auto& x) { return x.second <= now; }) > 0;
  }
};

struct stored_job {
  std::string payload;
  time came;
  uint32_t deliveries = 0;
  bool handed_out = false;
  time overdue;
  std::string acknowledgement;
};

/// What one call hands to one consumer.
struct delivery {
  std::shared_ptr<place> to;
  job_arrived job;
};

/// One stream. Not thread-safe.
class memory_stream {
public:
  bool publish(const std::string& id, std::string payload, time now) {
    while (!published_.empty() && published_.front().first + duplicate_window <= now) {
      known_.erase(published_.front().second);
      published_.pop_front();
    }
    if (!id.empty()) {
      if (!known_.insert(id).second)
        return false;
      published_.emplace_back(now, id);
    }
    auto number = ++last_;
    stored_job job;
    job.payload = std::move(payload);
    job.came = now;
    jobs_.emplace(number, std::move(job));
    waiting_.insert(number);
    return true;
  }

  void add(std::shared_ptr<place> x) { places_.push_back(std::move(x)); }

  void remove(const std::shared_ptr<place>& x) {
    x->open = false;
    std::erase(places_, x);
  }

  void acknowledge(const std::shared_ptr<place>& by, const std::string& acknowledgement) {
    by->held.erase(acknowledgement);
    auto i = jobs_.find(number_of(acknowledgement));
    if (i == jobs_.end())
      return;
    overdue_.erase({i->second.overdue, i->first});
    waiting_.erase(i->first);
    jobs_.erase(i);
  }

  void keep_alive(const std::shared_ptr<place>& by, const std::string& acknowledgement,
                  time until) {
    auto held = by->held.find(acknowledgement);
    if (held != by->held.end())
      held->second = until;
    auto i = jobs_.find(number_of(acknowledgement));
    if (i == jobs_.end() || i->second.acknowledgement != acknowledgement || !i->second.handed_out)
      return;
    overdue_.erase({i->second.overdue, i->first});
    i->second.overdue = until;
    overdue_.insert({until, i->first});
  }

  /// The next job for the next consumer with credit.
  bool take_one(time now, std::chrono::milliseconds ack_wait, delivery& out) {
    take_back_overdue(now);
    if (waiting_.empty())
      return false;
    auto to = next_place(now);
    if (!to)
      return false;
    auto number = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    auto& job = jobs_.at(number);
    ++job.deliveries;
    job.handed_out = true;
    job.overdue = now + ack_wait;
    job.acknowledgement = std::to_string(number) + "." + std::to_string(job.deliveries);
    overdue_.insert({job.overdue, number});
    to->held[job.acknowledgement] = job.overdue;
    out = {std::move(to), {job.payload, job.acknowledgement}};
    return true;
  }

  stream_level level() const {
    stream_level x;
    x.messages = jobs_.size();
    x.waiting = waiting_.size();
    x.in_flight = x.messages - x.waiting;
    if (!jobs_.empty())
      x.oldest = jobs_.begin()->second.came;
    return x;
  }

  bool delivering = false; ///< somebody runs the callbacks of this stream just now

private:
  void take_back_overdue(time now) {
    while (!overdue_.empty() && overdue_.begin()->first <= now) {
      auto number = overdue_.begin()->second;
      overdue_.erase(overdue_.begin());
      auto& job = jobs_.at(number);
      job.handed_out = false;
      waiting_.insert(number);
    }
  }

  std::shared_ptr<place> next_place(time now) {
    for (size_t i = 0; i < places_.size(); ++i) {
      auto& x = places_[(turn_ + i) % places_.size()];
      if (x->open && x->has_credit(now)) {
        turn_ = (turn_ + i + 1) % places_.size();
        return x;
      }
    }
    return nullptr;
  }

  static uint64_t number_of(const std::string& acknowledgement) {
    uint64_t x = 0;
    std::from_chars(acknowledgement.data(), acknowledgement.data() + acknowledgement.size(), x);
    return x;
  }

  uint64_t last_ = 0;
  std::map<uint64_t, stored_job> jobs_;
  std::set<uint64_t> waiting_; ///< what was handed out before comes first
  std::set<std::pair<time, uint64_t>> overdue_;
  std::unordered_set<std::string> known_;
  std::deque<std::pair<time, std::string>> published_;
  std::vector<std::shared_ptr<place>> places_;
  size_t turn_ = 0;
};

/// What the streams and their consumers share.
class store : public std::enable_shared_from_this<store> {
public:
  explicit store(memory_streams_options how) : how_(std::move(how)) {
    if (!how_.now)
      how_.now = [] {
        return caf::make_timestamp();
      };
  }

  template <class F>
  auto with(stream which, F f) {
    std::lock_guard guard{lock_};
    return f(streams_[static_cast<size_t>(which)]);
  }

  /// Runs the callbacks that are due. One thread at a time does so per stream; what others cause
  /// meanwhile it takes along. So callbacks may call back into the streams to any depth.
  void deliver(stream which) {
    auto& x = streams_[static_cast<size_t>(which)];
    std::unique_lock guard{lock_};
    if (x.delivering)
      return;
    x.delivering = true;
    for (delivery next; x.take_one(how_.now(), how_.ack_wait, next);) {
      guard.unlock();
      hand_over(next);
      next = {};
      guard.lock();
    }
    x.delivering = false;
  }

  time now() const { return how_.now(); }
  time overdue() const { return how_.now() + how_.ack_wait; }

private:
  static void hand_over(const delivery& x) {
    std::lock_guard running{x.to->running};
    x.to->runner = std::this_thread::get_id();
    if (x.to->open && x.to->on_job)
      x.to->on_job(x.job);
    x.to->runner = std::thread::id{};
  }

  memory_streams_options how_;
  std::mutex lock_;
  std::array<memory_stream, stream_count> streams_;
};

class memory_consumer final : public streams::consumer {
public:
  memory_consumer(std::shared_ptr<store> in, stream from, uint32_t credit, streams::arrived on_job)
      : store_(std::move(in)), from_(from), place_(std::make_shared<place>()) {
    place_->credit = credit;
    place_->on_job = std::move(on_job);
    store_->with(from_, [this](memory_stream& x) { x.add(place_); });
  }

  ~memory_consumer() override {
    store_->with(from_, [this](memory_stream& x) { x.remove(place_); });
    wait_for_the_callback();
  }

  void acknowledge(const std::string& acknowledgement) override {
    store_->with(from_, [&](memory_stream& x) { x.acknowledge(place_, acknowledgement); });
    store_->deliver(from_);
  }

  void keep_alive(const std::string& acknowledgement) override {
    auto until = store_->overdue();
    store_->with(from_, [&](memory_stream& x) { x.keep_alive(place_, acknowledgement, until); });
  }

  void pause() override {
    place_->open = false;
    wait_for_the_callback();
  }

private:
  void wait_for_the_callback() {
    if (place_->runner != std::this_thread::get_id())
      std::lock_guard{place_->running};
  }

  std::shared_ptr<store> store_;
  stream from_;
  std::shared_ptr<place> place_;
};

class memory_streams final : public streams {
public:
  explicit memory_streams(memory_streams_options how)
      : store_(std::make_shared<store>(std::move(how))) {}

  void publish(stream on, const std::string& publication_id, std::string payload,
               published done) override {
    auto now = store_->now();
    store_->with(on, [&](memory_stream& x) { x.publish(publication_id, std::move(payload), now); });
    if (done)
      done({});
    store_->deliver(on);
  }

  std::unique_ptr<consumer> consume(stream from, uint32_t credit, arrived on_job) override {
    auto x = std::make_unique<memory_consumer>(store_, from, credit, std::move(on_job));
    store_->deliver(from);
    return x;
  }

  void level(stream of, std::function<void(caf::expected<stream_level>)> done) override {
    done(store_->with(of, [](memory_stream& x) { return x.level(); }));
  }

  void mend(stream which) override { store_->deliver(which); }

  bool connected() const override { return true; }
  std::string description() const override { return "in the memory of this process"; }

private:
  std::shared_ptr<store> store_;
};

} // namespace

std::shared_ptr<streams> make_memory_streams(memory_streams_options how) {
  return std::make_shared<memory_streams>(std::move(how));
}

} // namespace igl
