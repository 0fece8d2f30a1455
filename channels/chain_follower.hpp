#pragma once

#include "channels/chain_blocks.hpp"

#include <chrono>

/// How a chain is told as changes: plain functions over a snapshot. Where a follower stands is all
/// in its cursor, so it can be killed at any time and goes on from the cursor it kept.
namespace igl::chain_follower {

/// Blocks that were told as observed and left the chain since.
struct lost_branch {
  uint64_t top = 0;     ///< the highest of them
  uint64_t below = 0;   ///< the parent of the lowest
  caf::timestamp since; ///< when this follower saw it
};

struct position {
  uint64_t observed = 0;           ///< the last block whose transactions were told as observed
  uint64_t confirmed = 0;          ///< it or an ancestor of it: the last one told as confirmed
  std::vector<lost_branch> lost{}; ///< the oldest first; told as missing, not yet as gone
};

struct rules {
  uint64_t confirmations = 1; ///< blocks, its own one included, that make a transaction confirmed
  std::chrono::milliseconds grace{0}; ///< from missing to gone
};

/// `<observed>.<confirmed>`, then for each lost branch `;<top>-<below>@<milliseconds since 1970>`.
std::string to_text(const position& x);
caf::optional<position> parse_position(std::string_view text);

/// Tells what has changed since a position, and moves it there. Stops after `limit` changes, but
/// not within a block. A transaction that cannot be read is told as such when its block is
/// observed, and passed over later. A block that cannot be read fails with bad_answer, once all
/// before it is told: what follows it is not known.
caf::error follow(const chain_view& chain, const rules& how, caf::timestamp now, uint32_t limit,
                  position& at, medium_page& page);

/// Where to begin so that the whole chain is told once more. What was observed up to `x` is awaited
/// from now on, so that what is not on the chain any more will be gone.
position anew(position x, caf::timestamp now);

/// When the next message will be gone if nothing else happens; none: never.
caf::optional<caf::timestamp> next_gone(const position& x, const rules& how);

} // namespace igl::chain_follower
