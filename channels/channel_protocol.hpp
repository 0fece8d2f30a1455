#pragma once

#include "config/settings.hpp"
#include "messages/api.hpp"

/// The Channel API of wire.md as its client speaks it: requests built, answers read. Plain
/// functions.
namespace igl::channel_protocol {

// -- requests
// -------------------------------------------------------------------------------------

http_request post(const channel_settings& to, const post_to_channel& x);
http_request find(const channel_settings& at, const find_channel_message& x);
http_request list(const channel_settings& at, const find_channel_updates& x);
http_request subscribe(const channel_settings& at, const subscription_request& x);

// -- answers
// --------------------------------------------------------------------------------------
//
// Each fails with peer_refused, peer_failed or, if the answer is 2xx or 3xx but not what the
// protocol allows, bad_answer. Whether the answer is about the message at all, access_fault says.

/// Why the channel does not let this node in; none: the answer is not about that. 401, or 403 with
/// a WWW-Authenticate (RFC 6750 §3.1: the token is good, but not for this). Every message would be
/// answered so, and the next one will not be once somebody has mended a configuration: so it is
/// peer_failed, an outage, and says what to check. A 403 without that header is about the message.
caf::error access_fault(const channel_settings& at, const http_request& asked,
                        const http_response& x);
/// The same of a token endpoint: nothing was sent to the channel. peer_failed when the endpoint
/// refuses, peer_unreachable when it may give a token later.
caf::error without_token(const channel_settings& at, const caf::error& why);

/// Any 2xx with an id, a number or a string. Fails with peer_lost or peer_timeout, too, if a proxy
/// says so (502, 504).
caf::expected<channel_receipt> read_receipt(const http_request& asked, const http_response& x);
/// Fails with not_found for 404. X-Confirmation (ours) says whether a confirmation is final.
caf::expected<channel_message> read_message(const http_request& asked, const http_response& x);
/// What was asked and answered when; the peer's clock may be another.
struct exchange_times {
  caf::timestamp asked;
  caf::timestamp answered;
};
/// The cursor is the query of the `Link: <…>; rel="next"`, if there is one. Otherwise it is the
/// peer's time when it answered, a little earlier so that nothing is lost: the next page may repeat
/// messages of this one. A list without a link that is as long as was asked for may go on: there is
/// more, and the cursor asks for a longer list from the same time; bad_answer when the channel does
/// not give one. What is no message in the list is told apart from the others, and counts like
/// them; bad_answer: there is no list; bad_request: the channel does not know the link that it gave
/// before (400, 404, 410).
caf::expected<channel_page> read_page(const find_channel_updates& question,
                                      const http_request& asked, const http_response& x,
                                      exchange_times when);
caf::expected<subscription_accepted> read_acceptance(const http_request& asked,
                                                     const http_response& x);

/// Is the channel there, as far as this outcome tells? A refusal is an answer, too.
bool tells_up(const caf::error& outcome);

} // namespace igl::channel_protocol
