#pragma once

#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// A stored document and its first or next reader. `stored.upload` is 0: it was there before.
settlement decide(const store_document& asked, const object_info& stored);

/// Fails with document_not_found, the same for unknown and for forbidden.
caf::expected<object_info> decide(const open_document& asked, const found_object& stored,
                                  const access& reader);

struct document_api_state {
  static inline const char* name = "document-api";
};

/// Stores documents, and opens them for those who may read them.
///
/// Takes:   POST /jurisdictions/<J>, GET /<multihash>
/// Opens:   nothing
/// Calls:   nobody outside; a document store of its own for each file
/// Retries: nothing; a business may safely store again
/// Refuses: to tell an unknown document from a forbidden one
document_api_actor::behavior_type
document_api(document_api_actor::stateful_pointer<document_api_state> self, surroundings around,
             std::shared_ptr<const node_settings> settings);

} // namespace igl
