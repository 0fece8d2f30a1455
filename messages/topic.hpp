#pragma once

#include <caf/expected.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace igl {

/// A topic's one spelling: lower case, without the trailing `.*`; everything (`*`) is the empty
/// text. Fails with topic_validation if wire.md does not allow it.
caf::expected<std::string> canonical_topic(std::string_view topic);

/// The same for what may be subscribed to: also the URL of a topic that others publish, as it is.
caf::expected<std::string> subscribed_topic(std::string_view topic);

/// True: the topic is a URL, for which the hub is told when it has changed (hub.mode=publish).
bool is_url_topic(std::string_view topic);

/// What a subscription may be registered under to be told of `topic`: itself and everything above
/// it, canonical, the longest first, the empty text (everything) last. Above a URL there is
/// nothing.
std::vector<std::string> topics_matching(std::string_view topic);

/// `message.<sender_ref>.received` and `message.<sender_ref>.status` (wire.md).
std::string received_topic(std::string_view sender_ref);
std::string status_topic(std::string_view sender_ref);

/// The topic `jurisdiction.AU` of a channel endpoint.
std::string jurisdiction_topic(std::string_view jurisdiction);
/// The topic `posting.AU.revoked` of a channel endpoint: what became of a message that AU posted.
/// Not below `jurisdiction.AU`, or nodes of the reference software would take it for an arrival.
std::string posted_topic(std::string_view sender, std::string_view status);

} // namespace igl
