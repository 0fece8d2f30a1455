#pragma once

#include "messages/message.hpp"

#include <caf/expected.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace igl {

/// A message on a medium.
struct medium_entry {
  std::string id; ///< 1 to 256 bytes
  message content;
};

/// What became of a message. A medium that keeps what it has says `confirmed` and nothing else.
enum class medium_news : uint8_t {
  observed,  ///< it is there, but may go again
  confirmed, ///< it is there, and counts
  missing,   ///< it is not there any more, but may come back: whoever appended it, append it again
  gone,      ///< it did not come back
};

struct medium_change {
  medium_news what = medium_news::confirmed;
  medium_entry about;
  std::string where; ///< for people: "at place 7", "in block 12"
};

/// A place of a medium where there is something, but no message.
struct unreadable_entry {
  std::string where;  ///< "at place 7"
  std::string reason; ///< what is wrong with it
  std::string said;   ///< its beginning as a JSON string, whatever bytes it has
};

struct medium_page {
  std::vector<medium_change> changes;
  std::string cursor;      ///< where to go on; another one than before: there may be more
  bool from_start = false; ///< the cursor was of another medium: everything is read anew
  /// What cannot be read is told apart and holds up nothing; whoever takes the page sees to both.
  std::vector<unreadable_entry> unreadable{};
};

/// What a medium knows of an id.
enum class medium_presence : uint8_t {
  absent,
  under_way, ///< waits to come onto the medium, or is there but may go again
  confirmed,
};

/// The shared place in the middle of a channel: what one endpoint appends, the others read.
///
/// Promises, kept by every medium (tests/contracts/medium_contract.hpp):
/// - append is durable when it returns; appending an id that is there with the same content
///   changes nothing and is no error. One with other content is `conflict`, a bad id `bad_request`:
///   then nothing is appended. When it fails otherwise, some may have been: append them again;
/// - read tells what has changed after a cursor, in order. Whoever keeps the cursor together with
///   what it did about the changes misses none and hears none twice, also when it was killed in
///   between. A message that comes back may be told as observed and confirmed once more. An
///   entry that is no message is told as unreadable when the reader comes to it, and the others as
///   ever: whoever may write to the place must not be able to stop it. Only what is wrong with the
///   place itself (a torn disk, a server that is away, a block that is missing) is an error;
/// - a read that finds nothing new is cheap enough to be made every few milliseconds, and a change
///   costs no more when a million are behind it.
///
/// Calls may block for as long as a local disk or a request to a server does; they come from one
/// thread at a time. Several objects over the same shared place may be used by several threads.
class medium {
public:
  virtual ~medium() = default;

  virtual caf::error append(const std::vector<medium_entry>& entries) = 0;

  /// After the last append failed with `why`, which is not about the message: may it have put this
  /// entry there all the same? False: it is certain that it did not.
  virtual bool in_doubt(const std::string& id, const caf::error& why) const;

  /// `cursor`: empty, or what an earlier page said, perhaps to another process. `limit`: how many
  /// changes, about: what belongs together is not parted. Fails with storage_format if the medium
  /// ends before the cursor: somebody took away what was there.
  virtual caf::expected<medium_page> read(const std::string& cursor, uint32_t limit) = 0;

  /// Where to read on when all that is there is to be told once more, to somebody for whom the
  /// medium was not read up to `cursor`. What was told up to there and is not there any more will
  /// be told as gone all the same.
  virtual caf::expected<std::string> anew(const std::string& cursor);

  /// Whether messages can be observed, missing or gone. If so, an append does not confirm: a change
  /// will, and until then `find` is asked from time to time.
  virtual bool takes_back() const { return false; }
  virtual caf::expected<medium_presence> find(const std::string& id) = 0;

  /// For people: "shared database /srv/au-sg".
  virtual std::string description() const = 0;
};

/// Opens a medium; asked again when it failed or when an actor was restarted.
using medium_opener = std::function<caf::expected<std::unique_ptr<medium>>()>;

} // namespace igl
