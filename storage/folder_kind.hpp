#pragma once

#include "storage/lmdb.hpp"

namespace igl {

/// What a folder with an LMDB environment of ours is.
enum class folder_kind : uint8_t { ledger, shared_database, chain };

/// Opens the environment in a folder that is new or of this kind. What is anything else is refused
/// with storage_format and a sentence that says what was found; nothing in it changes.
caf::expected<std::shared_ptr<lmdb::environment>> open_folder(folder_kind wanted,
                                                              const lmdb::options& how);

} // namespace igl
