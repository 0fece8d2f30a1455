#pragma once

#include "channels/http_exchange.hpp"
#include "channels/shared_database.hpp"
#include "config/settings.hpp"

namespace igl {

struct api_medium_settings {
  std::string path;                       ///< a folder of this endpoint alone; made if missing
  std::vector<std::string> jurisdictions; ///< ours: what is for them needs no peer
  std::vector<peer_settings> peers;
  http_exchange ask;
  std::function<caf::timestamp()> now;
};

/// A medium that is the APIs of its sides: what is appended is handed to the peer that takes
/// messages for its receiver, and what is read is what peers handed to us (`incoming_api`).
///
/// Append: durable when every peer said that it has its messages on disk. What one peer has is
///         noted, and not handed to it again when a part failed. Fails as peer_protocol says, with
///         peer_unreachable for a receiver without a peer, with peer_busy when a peer is so slow
///         that the rest has to wait for the next attempt. Of several faults it tells one of a peer
///         before one of a message. What a peer may have taken without an answer is in doubt.
caf::expected<std::unique_ptr<medium>> open_api_medium(api_medium_settings how);

/// What peers handed to us, in that folder.
caf::expected<std::unique_ptr<shared_database>> open_incoming(const std::string& path);

} // namespace igl
