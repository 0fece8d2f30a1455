#pragma once

#include "actors/peer_gate.hpp"
#include "config/settings.hpp"
#include "messages/surroundings.hpp"

#include <memory>

namespace igl {

/// A larger document is not searched for links: a list of links is small.
inline constexpr uint64_t searched_for_links = 4 * 1024 * 1024; // bytes

/// The GET for a document at the document API of another jurisdiction (wire.md). None: no document
/// API is configured for it.
caf::optional<http_request> request_for(const retrieve_object& order, const node_settings& settings,
                                        std::string save_to);

/// Why the other side did not send it; none: it did. 404 and 403 are temporary, because a document
/// may be stored, or granted, after the message that names it.
caf::error refusal_in(const http_request& asked, const http_response& answer);

/// What a JSON document's `links` name, each once, in order; empty if it is none.
std::vector<std::string> links_in(std::string_view document);

/// What is true once the document is here: access, and the documents it links to are fetched next,
/// within link_depth and links_per_document; what lies beyond is named in an event.
settlement decide(const job_ticket& ticket, const retrieve_object& order, const object_info& stored,
                  const std::vector<std::string>& links, const node_settings& settings);

/// Nobody to ask: an event, and the job ends.
settlement no_document_api(const job_ticket& ticket, const retrieve_object& order);

struct object_spider_state {
  static inline const char* name = "object-spider";
  peer_gate gate{0, 0}; // by jurisdiction
};

/// Fetches documents from abroad, checks, stores and grants them, and follows their links.
///
/// Takes:   object-retrieval
/// Opens:   object-retrieval, for the documents a document links to
/// Calls:   the document API of the jurisdiction the message came from
/// Retries: while it does not answer, does not have the document yet, or sends another one
/// Refuses: a document larger than retrieved_document_bytes; a dead letter
object_spider_actor::behavior_type
object_spider(object_spider_actor::stateful_pointer<object_spider_state> self, surroundings around,
              std::shared_ptr<const node_settings> settings, http_client_actor http,
              std::string spool_dir);

} // namespace igl
