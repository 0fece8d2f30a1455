#pragma once

#include <caf/timespan.hpp>

#include <chrono>

/// Every wait between actors has a name. Waits for the outside are settings (config/), not these.
namespace igl::timeouts {

/// The ledger's writer and reader, and an actor that waits for nothing but them. They always answer
/// (promise.hpp), also when they die, and are asked several times for each hop of each message. A
/// time-out of CAF's costs more than such a question: it wakes a thread when it is set and stays in
/// memory until it is over, answered or not. Where somebody outside waits, a coarse clock looks
/// after it: the gateways of http/ after requests, job sources after jobs. A writer on another host
/// would need a deputy here that answers when that host is lost.
inline constexpr caf::infinite_t settle;
inline constexpr caf::infinite_t read;
/// The HTTP client: it answers by the deadline that each request carries, whatever the peer does, and
/// also when it dies.
inline constexpr caf::infinite_t outside;
/// An API's actor, which asks the ledger in turn; http/ looks after it.
inline constexpr std::chrono::seconds api{15};
/// A worker, which may wait for the outside: longer than any outside time-out that can be
/// configured.
inline constexpr std::chrono::seconds work{900};
/// A question to an operator's view.
inline constexpr std::chrono::seconds status{2};

} // namespace igl::timeouts
