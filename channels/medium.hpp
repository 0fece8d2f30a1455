#pragma once

#include "messages/channel.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl {

/// A message as it lies on a medium.
struct medium_entry {
  uint64_t place = 0; ///< order on the medium; given by it, from 1
  channel_message
      said; ///< id and the message; status confirmed or, on media that can take back, observed
};

/// The shared place in the middle of a channel: what one endpoint appends, the others read.
///
/// Promises, kept by every medium (tests/contracts/medium_contract.hpp):
/// - append is atomic and durable when it returns; appending an id that is there with the same
///   content changes nothing and is no error, with other content is `conflict`;
/// - read returns what was appended by anybody, in one order that never changes, each once. What
///   cannot be understood is never skipped: the entries before it are returned, then bad_answer;
/// - `newest` is cheap enough to be asked every few milliseconds.
///
/// Calls may block for as long as a local disk does; they come from one thread at a time. Several
/// objects over the same shared place may be used by several threads.
class medium {
public:
  virtual ~medium() = default;
  virtual caf::error append(const std::vector<channel_message>& entries) = 0;
  virtual caf::expected<std::vector<medium_entry>> read(uint64_t after, uint32_t limit) = 0;
  /// The place of the last entry; 0: there is none.
  virtual caf::expected<uint64_t> newest() = 0;
  /// Which shared place this is. A place in the order means something only within one identity:
  /// a folder that was deleted and made anew has another one. No colon in it.
  virtual std::string identity() const = 0;
  /// For people: "shared database /srv/au-sg".
  virtual std::string description() const = 0;
};

/// Opens a medium; asked again when it failed or when an actor was restarted.
using medium_opener = std::function<caf::expected<std::unique_ptr<medium>>()>;

} // namespace igl
