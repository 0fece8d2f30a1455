#include "channels/incoming_rules.hpp"

#include "channels/endpoint_rules.hpp"
#include "channels/entry_text.hpp"
#include "channels/numbered_log.hpp"
#include "channels/record_change.hpp"
#include "messages/errors.hpp"
#include "messages/multihash.hpp"

#include <algorithm>

namespace igl::incoming_rules {

namespace {

/// Whether this side, or any if it was not asked who it is, may speak for a jurisdiction.
bool speaks_for(const endpoint_settings& how, const std::string& peer, const std::string& code) {
  return std::any_of(how.peers.begin(), how.peers.end(), [&](auto& x) {
    return (peer.empty() || x.id == peer) && record_change::among(x.jurisdictions, code);
  });
}

} // namespace

caf::error refusal_of_address(const endpoint_settings& how, const incoming_message& x) {
  if (how.asks_peers() && x.from.empty())
    return make_problem(errc::unauthorized,
                        "endpoint " + how.id + " takes nothing from a peer without a token");
  auto& content = x.content;
  if (!speaks_for(how, x.from, content.sender))
    return make_problem(errc::forbidden,
                        x.from.empty()
                            ? "no peer speaks for " + content.sender
                            : "peer " + x.from + " does not speak for " + content.sender);
  if (!record_change::among(how.jurisdictions, content.receiver))
    return make_problem(errc::message_validation,
                        "endpoint " + how.id + " takes no messages for " + content.receiver,
                        R"(["receiver is not one of this endpoint"])");
  return x.key.empty() ? caf::error{} : numbered_log::check_id(x.key);
}

caf::error refusal_of(const endpoint_settings& how, const incoming_message& x) {
  if (auto why = refusal_of_address(how, x))
    return why;
  return endpoint_rules::screened(how, x.content);
}

std::string id_of(const incoming_message& x) {
  if (!x.key.empty())
    return x.key;
  if (!x.content.sender_ref.empty())
    return uuid_of(to_string(x.content.ref()));
  return uuid_of(text_of(medium_entry{{}, x.content}));
}

std::string id_after(const std::string& taken, const std::string& sender) {
  return uuid_of(sender + " instead of " + taken);
}

} // namespace igl::incoming_rules
