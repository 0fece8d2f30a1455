#include "storage/jetstream.hpp"

#include "messages/errors.hpp"
#include "storage/jetstream_upkeep.hpp"

#include <atomic>
#include <utility>

namespace igl {

namespace {

using namespace std::chrono_literals;

/// With this many publications under way, the next one can wait for a millisecond.
constexpr uint32_t few = 16;

/// Whoever deletes a stream is to be done with it before it is made anew.
constexpr auto after_trouble = 50ms;

caf::error away(std::string why) {
  return make_problem(errc::unavailable, std::move(why));
}

/// What the user of the streams holds.
class consumer_handle final : public streams::consumer {
public:
  explicit consumer_handle(std::shared_ptr<jetstream_consumer> x) : consumer_(std::move(x)) {}
  ~consumer_handle() override { consumer_->close(); }
  void acknowledge(const std::string& x) override { consumer_->acknowledge(x); }
  void keep_alive(const std::string& x) override { consumer_->keep_alive(x); }
  void pause() override { consumer_->pause(); }

private:
  std::shared_ptr<jetstream_consumer> consumer_;
};

class jetstream final : public streams {
public:
  explicit jetstream(jetstream_options how) : how_(how), upkeep_(std::move(how)) {}

  void publish(stream on, const std::string& publication_id, std::string payload,
               published done) override;
  std::unique_ptr<consumer> consume(stream from, uint32_t credit, arrived on_job) override;
  void level(stream of, std::function<void(caf::expected<stream_level>)> done) override;
  void mend(stream which) override { upkeep_.to_mend(which, 0ms); }
  bool connected() const override { return !upkeep_.absence(); }
  std::string description() const override;

private:
  caf::error outcome_of_publish(stream on, const nats_message* x);

  const jetstream_options how_;
  std::atomic<uint32_t> publishing_{0};
  jetstream_upkeep upkeep_; ///< last: its end calls back
};

void jetstream::publish(stream on, const std::string& publication_id, std::string payload,
                        published done) {
  if (!done)
    done = [](const caf::error&) {
    };
  if (auto err = upkeep_.absence())
    return done(std::move(err));
  if (payload.size() > upkeep_.largest_payload())
    return done(make_problem(errc::too_large, "the NATS server takes no job of this size"));
  auto before = publishing_.fetch_add(1);
  if (before >= how_.publishes_in_flight) {
    --publishing_;
    return done(make_problem(errc::overloaded, "too many jobs wait for the NATS server"));
  }
  auto how = before < few ? haste::at_once : haste::gathered;
  upkeep_.ask(how, upkeep_.names_of(on).subject, payload, publication_id, how_.publish_timeout,
              [this, on, done = std::move(done)](const nats_message* x) {
                --publishing_;
                done(outcome_of_publish(on, x));
              });
}

caf::error jetstream::outcome_of_publish(stream on, const nats_message* x) {
  if (!x)
    return away("the NATS server does not confirm a publication");
  if (jetstream_api::is_stored(x->data))
    return {};
  upkeep_.to_mend(on, after_trouble);
  if (x->status != 0)
    return away("stream " + upkeep_.names_of(on).stream + " is gone");
  return away(jetstream_api::read_answer(x->data).error);
}

std::unique_ptr<streams::consumer> jetstream::consume(stream from, uint32_t credit,
                                                      arrived on_job) {
  jetstream_consumer::options how{from,
                                  upkeep_.names_of(from),
                                  credit,
                                  how_.ack_wait,
                                  how_.heartbeat,
                                  std::move(on_job),
                                  [this, from] {
                                    upkeep_.to_mend(from, after_trouble);
                                  }};
  auto x = std::make_shared<jetstream_consumer>(std::move(how));
  upkeep_.add(x);
  return std::make_unique<consumer_handle>(std::move(x));
}

void jetstream::level(stream of, std::function<void(caf::expected<stream_level>)> done) {
  auto ask_about_stream = [this, of, done](const nats_message* x) {
    auto about_consumer = jetstream_upkeep::read(x);
    auto answer = [this, of, about_consumer, done](const nats_message* y) {
      auto about_stream = jetstream_upkeep::read(y);
      if (about_stream.error_code > 0 || about_consumer.error_code > 0)
        upkeep_.to_mend(of, after_trouble);
      done(level_of(about_consumer, about_stream));
    };
    upkeep_.ask(upkeep_.names_of(of).stream_info(), answer);
  };
  upkeep_.ask(upkeep_.names_of(of).consumer_info(), ask_about_stream);
}

std::string jetstream::description() const {
  auto absence = upkeep_.absence();
  auto x = absence ? "nats-server, " + problem_of(absence).detail
                   : "nats-server at " + upkeep_.address();
  auto remark = how_.remark ? how_.remark() : std::string{};
  return remark.empty() ? x : x + " (" + remark + ")";
}

} // namespace

std::shared_ptr<streams> open_jetstream(jetstream_options how) {
  return std::make_shared<jetstream>(std::move(how));
}

} // namespace igl
