#pragma once

#include "channels/medium.hpp"

#include <caf/timestamp.hpp>

#include <chrono>

namespace igl {

struct chain_medium_settings {
  std::string path; ///< the chain's folder, which several processes of one machine open
  uint64_t confirmations = 3;
  std::chrono::milliseconds grace{30000};
  std::chrono::milliseconds block_interval{1000}; ///< 0: whoever wants blocks makes them
  std::function<caf::timestamp()> now;
};

/// A chain as a medium: a message is observed in its block, confirmed when that and those on top of
/// it are `confirmations`, missing when it leaves the chain, gone when it has not come back within
/// `grace`. One that is in another block is no news. Reading also makes the block that is due.
///
/// The cursor is `<identity>:<position>` (chain_follower.hpp). Fails as `chain` does.
caf::expected<std::unique_ptr<medium>> open_chain_medium(chain_medium_settings how,
                                                         size_t map_bytes = size_t{1} << 30);

} // namespace igl
