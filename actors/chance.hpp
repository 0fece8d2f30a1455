#pragma once

#include "messages/multihash.hpp"
#include "messages/surroundings.hpp"

#include <string>

namespace igl {

/// A version 4 UUID out of the surroundings' chance: an identifier nobody can guess.
inline std::string fresh_uuid(const surroundings& around) {
  std::string bytes;
  for (auto word : {around.random(), around.random()})
    for (int i = 0; i < 8; ++i, word >>= 8)
      bytes.push_back(static_cast<char>(word & 0xff));
  return uuid_from(bytes);
}

/// A version 7 UUID: as hard to guess for others, but what is made one after the other stands side
/// by side in the ledger, which makes writing it several times cheaper.
inline std::string fresh_reference(const surroundings& around) {
  std::string bytes;
  for (auto word : {around.random(), around.random()})
    for (int i = 0; i < 5; ++i, word >>= 8)
      bytes.push_back(static_cast<char>(word & 0xff));
  return uuid_at(std::chrono::floor<std::chrono::milliseconds>(around.now().time_since_epoch()),
                 bytes);
}

/// A number in [0, 1).
inline double chance(const surroundings& around) {
  return static_cast<double>(around.random() >> 11) * 0x1.0p-53;
}

} // namespace igl
