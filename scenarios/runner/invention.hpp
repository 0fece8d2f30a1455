#pragma once

#include <cstdint>
#include <string>

namespace igl::scenario {

/// The text of a story that is invented: who there is, what they do, and what goes wrong
/// meanwhile; at the end everything recovers. The same seed, the same story.
std::string invented_story(uint64_t seed);

} // namespace igl::scenario
