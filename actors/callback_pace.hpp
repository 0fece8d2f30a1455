#pragma once

#include <caf/optional.hpp>
#include <caf/timestamp.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <string>

namespace igl {

/// How often each URL is called: at most so many times within any ten seconds.
class callback_pace {
public:
  static constexpr std::chrono::seconds window{10};

  /// 0: as often as anybody wants.
  explicit callback_pace(uint32_t most) : most_(most) {}

  /// None: there is room for a call now. Otherwise it tells when there will be.
  caf::optional<caf::timestamp> next_at(const std::string& url, caf::timestamp now) const;
  /// Counts a call if there is room for it now. Otherwise it tells when there will be.
  caf::optional<caf::timestamp> full_until(const std::string& url, caf::timestamp now);
  /// How many URLs are remembered: those that were called lately.
  size_t remembered() const { return calls_.size(); }

private:
  void forget(caf::timestamp now);

  uint32_t most_;
  size_t forget_at_ = 1024;
  std::map<std::string, std::deque<caf::timestamp>> calls_; ///< within the window, the first first
};

} // namespace igl
