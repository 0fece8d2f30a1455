#pragma once

#include <cstddef>
#include <string>

namespace igl::bench {

/// Seconds that a reader of a chain in `folder` takes for `blocks` new blocks of 100 messages each,
/// the best of some rounds; `behind`: how many messages the chain has before.
double chain_follow_seconds(const std::string& folder, size_t blocks, size_t behind);

} // namespace igl::bench
