#pragma once

#include "messages/message.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace igl::torture {

/// One direction of the load: who writes to whom, and over which channel first.
struct lane {
  std::string sender;
  std::string receiver;
  std::string channel;   ///< where its messages go while that channel works
  std::string predicate; ///< what decides it

  std::string name() const { return sender + "-" + receiver + "-" + channel; }
};

/// A message that the load sends, and the documents that it speaks of. Made of chance that the
/// run's seed and the message's name decide: so nobody has to keep the bytes to compare them at the
/// end.
struct parcel {
  message content;
  std::vector<std::string> documents; ///< what is linked to comes first; the last one is the obj
};

/// Every fourth message has a document of its own: some bytes to 600 KB, and half of these are
/// JSON that links to another document.
parcel parcel_of(uint64_t seed, const lane& over, uint64_t number);

} // namespace igl::torture
