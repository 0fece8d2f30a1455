#pragma once

#include <caf/optional.hpp>
#include <caf/timestamp.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace igl {

/// Leaves a host alone that failed again and again: after `failures` in a row nobody calls it for
/// the pause. Then one call tries; as it ends, the host is called as before or left alone again.
class callback_breaker {
public:
  /// 0 failures: never.
  callback_breaker(uint32_t failures, std::chrono::milliseconds pause)
      : failures_(failures), pause_(pause) {}

  /// As `open_until`, but nothing is to be called.
  caf::optional<caf::timestamp> left_alone_until(const std::string& host, caf::timestamp now) const;
  /// Its last call failed.
  bool has_failed(const std::string& host) const { return hosts_.contains(host); }

  /// None: it may be called now, and how that ended is told by `ended`. Otherwise it tells when to
  /// ask again.
  caf::optional<caf::timestamp> open_until(const std::string& host, caf::timestamp now);

  enum class outcome : uint8_t { answered, failed };
  void ended(const std::string& host, outcome how, caf::timestamp now);

  /// How many hosts are remembered: those whose last call failed. When there are many, those that
  /// nobody called for long are forgotten.
  size_t remembered() const { return hosts_.size(); }

private:
  struct record {
    uint32_t failures = 0;
    caf::timestamp until; ///< the end of the pause, or of the wait for the one call that tries
  };

  bool is_pause(const record& x, caf::timestamp now) const;
  void forget(caf::timestamp now);

  uint32_t failures_;
  std::chrono::milliseconds pause_;
  size_t forget_at_ = 1024;
  std::map<std::string, record> hosts_;
};

} // namespace igl
