#pragma once

#include "messages/orders.hpp"
#include "storage/streams.hpp"

#include <array>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace igl::scenario {

struct presence;

/// The moments in the life of a job at which everything that was only in memory may go.
enum class crash_point : uint8_t {
  before_decision,       ///< the stream has handed it out, nobody has looked at it
  after_call,            ///< a peer has answered, nobody has heard it
  after_commit,          ///< it is settled on disk, nobody knows
  after_acknowledgement, ///< the stream has forgotten it
};
inline constexpr std::array<std::string_view, 4> crash_points{
    "before-decision", "after-call", "after-commit", "after-acknowledgement"};
caf::optional<crash_point> parse_crash_point(std::string_view text);

/// Something that is to happen, once, at a moment in the life of a job of a stream.
struct planned {
  crash_point when = crash_point::before_decision;
  caf::optional<stream> where; ///< none: of a message that a business posts
  std::function<void()> what;
};

/// What is to happen to a process, and what may happen to it at any moment.
class crash_plan {
public:
  std::vector<planned> next; ///< what has not happened yet
  /// Called at every moment at which nothing else is planned.
  std::function<void()> otherwise;
  /// The moment has come.
  void reach(crash_point when, caf::optional<stream> where);
  /// An answer of a peer has come: to whom is not said, so it counts for each stream of which a job
  /// is in hand.
  void answered();

  std::array<uint64_t, stream_count> in_hand{}; ///< jobs that are handed out, of each stream
  std::array<bool, stream_count> is_consumed{}; ///< somebody takes jobs of it
};

/// The streams as one incarnation of a process sees them: what it does after its end does not
/// count. `forgotten` is called with each message that the process acknowledges.
std::shared_ptr<streams> watched_streams(std::shared_ptr<streams> inner,
                                         std::shared_ptr<const presence> who,
                                         std::shared_ptr<crash_plan> plan,
                                         std::function<void(const std::string&)> forgotten);

} // namespace igl::scenario
