#pragma once

#include "storage/streams.hpp"

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace igl {

/// Streams that do what a test says: they remember what was published, acknowledged and mended,
/// deliver when told, and fail when told.
class fake_streams : public streams {
public:
  struct publication {
    stream on;
    std::string id;
    std::string payload;
  };
  std::vector<publication> taken; ///< published and acknowledged to the publisher
  std::vector<published> held;    ///< callbacks not made yet
  bool holding = false;           ///< hold the callbacks of what is published
  uint64_t refused = 0;           ///< publications that failed
  caf::error fails_with;          ///< set: what is published fails
  size_t fails_above = SIZE_MAX;  ///< bytes that are too large
  std::string fails_on;           ///< set: what is published with this in it fails
  std::map<stream, stream_level> levels;
  int asked_level = 0;
  std::map<stream, int> mended;
  bool there = true;
  std::vector<std::string> acknowledged;
  std::map<std::string, int> kept_alive;
  uint32_t credit = 0;
  bool paused = false;
  arrived deliver; ///< hands a job to the consumer

  void publish(stream on, const std::string& id, std::string payload, published done) override {
    if (fails_with) {
      ++refused;
      return done(fails_with);
    }
    if (payload.size() > fails_above) {
      ++refused;
      return done(make_problem(errc::too_large, "for a test"));
    }
    if (!fails_on.empty() && payload.find(fails_on) != std::string::npos) {
      ++refused;
      return done(make_problem(errc::unavailable, "for a test"));
    }
    taken.push_back({on, id, std::move(payload)});
    if (holding)
      held.push_back(std::move(done));
    else
      done({});
  }
  /// Makes the callbacks that were held.
  void release(const caf::error& why = {}) {
    for (auto& done : std::exchange(held, {}))
      done(why);
  }

  std::unique_ptr<consumer> consume(stream, uint32_t of_credit, arrived on_job) override {
    credit = of_credit;
    deliver = std::move(on_job);
    return std::make_unique<fake_consumer>(*this);
  }
  void level(stream of, std::function<void(caf::expected<stream_level>)> done) override {
    ++asked_level;
    if (there)
      done(levels[of]);
    else
      done(make_problem(errc::unavailable));
  }
  void mend(stream which) override { ++mended[which]; }
  bool connected() const override { return there; }
  std::string description() const override { return "a fake"; }

private:
  class fake_consumer : public consumer {
  public:
    explicit fake_consumer(fake_streams& all) : all_(all) {}
    void acknowledge(const std::string& what) override { all_.acknowledged.push_back(what); }
    void keep_alive(const std::string& what) override { ++all_.kept_alive[what]; }
    void pause() override { all_.paused = true; }

  private:
    fake_streams& all_;
  };
};

} // namespace igl
