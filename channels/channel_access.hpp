#pragma once

#include "config/settings.hpp"
#include "messages/api.hpp"
#include "messages/channel.hpp"

/// What a node may do at an endpoint that serves several, as plain functions. `as` is the
/// jurisdiction it speaks for, as its token says; empty: the endpoint asks nobody, and everybody
/// may everything.
namespace igl::channel_access {

/// `source` of a forbidden that is about whose token it is, not about the message: whoever answers
/// the request tells so in WWW-Authenticate, and the node takes it for a mistake in a
/// configuration.
inline constexpr std::string_view about_the_token = R"(["Authorization"])";

/// An endpoint that asks who is asking does nothing for somebody it did not ask: unauthorized.
caf::error unasked(const endpoint_settings& how, const std::string& as);

/// A node posts as its own jurisdiction only (spec/channel-api.rst, Channel Auth): else forbidden.
caf::error refusal_to_post(const post_to_channel& x);

/// What was posted belongs to its sender, what was observed to its receiver. Of anything else
/// nobody is told that it exists.
bool belongs_to(const std::string& as, const channel_record& x);

/// A list is of what came for the node: the question with its receiver; or of what was posted for
/// it, if it names a sender. Forbidden for others.
caf::expected<find_channel_updates> narrowed(find_channel_updates asked);

/// What a subscription is about.
enum class topic_owner : uint8_t {
  caller,  ///< all messages to its jurisdiction; or nobody is asked; or the hub refuses it anyway
  message, ///< one message, by its id: whose it is has to be looked up
  nobody,  ///< messages to others, or all there are
};
topic_owner owner_of(const subscription_request& x);

/// Does the topic speak of messages that came for somebody, which only a receiving half has?
bool is_about_receiving(const std::string& topic);
/// The same of messages that were posted, and a posting half.
bool is_about_posting(const std::string& topic);

} // namespace igl::channel_access
