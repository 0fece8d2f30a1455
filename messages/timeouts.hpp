#pragma once

#include <chrono>

/// Every wait between actors has a name. Waits for the outside are settings (config/), not these.
namespace igl::timeouts {

/// The ledger writer: a commit takes milliseconds; a disk in trouble takes seconds.
inline constexpr std::chrono::seconds settle{10};
/// The ledger reader.
inline constexpr std::chrono::seconds read{5};
/// An API's actor, which asks the ledger in turn.
inline constexpr std::chrono::seconds api{15};
/// A worker, which may wait for the outside: longer than any outside time-out that can be
/// configured.
inline constexpr std::chrono::seconds work{900};
/// A question to an operator's view.
inline constexpr std::chrono::seconds status{2};

} // namespace igl::timeouts
