#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"
#include "messages/api.hpp"

/// POST /messages/incoming (wire.md, simplex) as the side that hands over speaks it: requests
/// built, answers read. Plain functions.
namespace igl::peer_protocol {

/// The five fields, `sender_ref` where the peer takes it, and the id as Idempotency-Key.
http_request hand_over(const peer_settings& to, const medium_entry& x);

/// None: the peer has it. `conflict`, `bad_request` and `too_large` are about the message, which
/// the peer will never take; anything else is about the peer, which may take it later. So is what
/// does not look like an answer of a Channel API: whatever stands before it may have said that.
caf::error outcome_of(const http_request& asked, const http_response& x);

/// Whether the peer may have the message though it did not say so: no answer came, or one that is
/// none of its own. It is settled by asking again with the same key.
bool may_have_taken(const caf::expected<http_response>& x);

/// What a request that got no answer says: never something about the message.
caf::error outcome_of(const http_request& asked, const caf::error& why);

} // namespace igl::peer_protocol
