#pragma once

#include "channels/medium.hpp"

namespace igl {

/// What can be asked of a medium in a folder besides.
class shared_database : public medium {
public:
  /// The message under an id, if it is there. Fails with bad_answer if it cannot be read.
  virtual caf::expected<caf::optional<message>> content_of(const std::string& id) = 0;
};

/// A medium in an LMDB folder that several processes of one machine open at once; created if
/// missing. channels/FORMAT.md says which byte means what.
///
/// The folder must be on a local disk: LMDB's locks do not reach over a network file system. A
/// process that dies in the middle of an append takes nothing with it; the next one goes on.
///
/// Fails with storage_failed (no such parent folder, no permission, no space) or storage_format
/// (not a medium but, say, a ledger; or one of another version), and then leaves the folder as it
/// was. Opening a folder several times in one process is fine: LMDB's environment is opened once
/// and shared. The map starts with `map_bytes` of address space, or what the folder needs, and
/// grows by itself.
caf::expected<std::unique_ptr<shared_database>>
open_shared_database(const std::string& path, size_t map_bytes = size_t{1} << 30);
caf::expected<std::unique_ptr<medium>>
open_shared_database_medium(const std::string& path, size_t map_bytes = size_t{1} << 30);

} // namespace igl
