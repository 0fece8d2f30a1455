#pragma once

#include "http/connection_watch.hpp"
#include "http/pace.hpp"
#include "messages/gauge.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace igl {

class web_exchange;

/// Counts the requests in flight and says whether one more is welcome: one that changes something
/// up to three quarters of the bound, and only while less than half of it waits for the ledger; of
/// those, up to half of the bound that bring a body so large that they have a place while it comes;
/// one that reads up to the whole bound, so that reading goes on; a probe always. Where there are
/// too many connections, so many requests over them are refused. Thread-safe.
class traffic {
public:
  enum class errand : uint8_t { probe, read, change, large_change };
  enum class admission : uint8_t { outside, welcome, overloaded, crowded, draining };
  /// What a request leaves with.
  struct pass {
    errand why = errand::probe;
    admission how = admission::outside;
    std::string address{};
  };

  /// `waiting` counts those that wait for the ledger; null: nobody does.
  traffic(uint32_t most, std::shared_ptr<gauge> waiting)
      : most_(most), waiting_for_ledger_(std::move(waiting)) {}

  /// A request has begun to come.
  void begins();
  /// It is here, as a whole unless its body is large, and counts in any case: a refusal is also an
  /// answer that has to be written.
  pass enter(errand why, const std::string& address = {});
  void leave(const pass& with);
  /// How many of each address are here and not answered yet.
  std::map<std::string, uint32_t> in_flight();
  /// So many connections have to end with the next answer: crowded.
  void thin_out(const crowd& x);
  /// When a request that was refused may come again.
  std::chrono::seconds retry_after();
  /// A caller waits for work that takes long; its connection is silent, but not idle.
  void begin_wait(const std::string& address);
  void end_wait(const std::string& address);
  std::map<std::string, uint32_t> waiting();
  /// Since somebody asked last a change was refused for want of a place, while large ones have
  /// some.
  bool lacked_places_of_large();
  /// The body of this request is not a usual one: cpprestsdk forgets a connection whose chunks are
  /// malformed, and bounds neither a chunk nor a head. So somebody has to look after it.
  void watch(std::weak_ptr<web_exchange> x);
  /// Those of them that are still there.
  std::vector<std::shared_ptr<web_exchange>> watched();
  /// From now on nothing is welcome.
  void drain();
  bool is_draining();
  /// False: the time was over first.
  bool wait_until_idle(std::chrono::milliseconds at_most);
  /// Returns when no request has come for so long, or when the time is over.
  void wait_until_quiet(std::chrono::milliseconds for_so_long, std::chrono::milliseconds at_most);

private:
  std::mutex guard_;
  std::condition_variable idle_;
  bool has_place_for(errand why) const;
  bool lags(errand why) const;
  bool is_crowded(const std::string& address);

  uint32_t most_;
  std::shared_ptr<gauge> waiting_for_ledger_;
  uint32_t in_flight_ = 0;
  uint32_t welcomed_ = 0;      ///< of those
  pace pace_;                  ///< of the welcome ones that change something
  uint32_t small_changes_ = 0; ///< of those
  uint32_t large_changes_ = 0; ///< of those
  bool lacked_places_of_large_ = false;
  bool draining_ = false;
  std::chrono::steady_clock::time_point last_came_{};
  std::map<std::string, uint32_t> waiting_;
  std::map<std::string, uint32_t> of_address_; ///< of those in flight
  crowd crowd_;
  std::vector<std::weak_ptr<web_exchange>> watched_;
};

} // namespace igl
