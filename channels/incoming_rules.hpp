#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"
#include "messages/api.hpp"

/// What an endpoint decides about messages that another side of the channel hands over (POST
/// /messages/incoming), as plain functions.
namespace igl::incoming_rules {

/// Why the endpoint does not take one; none: it does. `unauthorized`: peers are asked who they are,
/// and this one was not; `forbidden`: a sender the peer does not speak for, or what the channel's
/// filters deny; `message_validation`: a receiver that is not ours; `bad_request`: a bad key.
caf::error refusal_of(const endpoint_settings& how, const incoming_message& x);

/// The part of it that is about who hands over, as whom, for whom and under which key. What passes
/// may ask whether it was taken before, though the filters deny it by now.
caf::error refusal_of_address(const endpoint_settings& how, const incoming_message& x);

/// The id it gets: the key that came with it. Without one, the same sender and reference are the
/// same message, and without a reference the same content.
std::string id_of(const incoming_message& x);

/// The id to try next when one is taken by a message of another sender: nobody can keep a message
/// of others away by taking its id.
std::string id_after(const std::string& taken, const std::string& sender);

} // namespace igl::incoming_rules
