#pragma once

#include "messages/multihash.hpp"
#include "messages/surroundings.hpp"

#include <fstream>
#include <functional>

namespace igl {

/// The DOCUMENT STORE takes one file into the object lake, and ends.
using document_store_actor = caf::typed_actor<
    // Hashes the file and, if the document is new, writes its pieces. The answer's `upload` is 0 if
    // the document was stored before; else whoever asked settles `object_stored`, or abandons the
    // upload.
    caf::replies_to<store_document>::with<object_info>,
    // INTERNAL: the next stretch of the file.
    caf::reacts_to<caf::tick_atom>>;

struct document_store_state {
  static inline const char* name = "document-store";
  std::ifstream file;
  multihasher hasher;
  object_info found;
  std::function<void(caf::expected<object_info>)> done;
  uint32_t pieces = 0;    // in all
  uint32_t sent = 0;      // pieces on their way or written
  uint32_t in_flight = 0; // pieces on their way
};

/// Never has more of a document in memory than a few pieces, and never keeps its thread for longer
/// than a megabyte takes. `expected`: fails with multihash_mismatch before anything is written if
/// the file is another document; empty: any. Fails with storage_failed: the file cannot be read.
document_store_actor::behavior_type
document_store(document_store_actor::stateful_pointer<document_store_state> self,
               surroundings around, std::string expected);

} // namespace igl
