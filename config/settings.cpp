#include "config/settings.hpp"

#include "messages/text.hpp"

#include <algorithm>

namespace igl {

namespace {

bool matches(std::string_view pattern, std::string_view value) {
  if (pattern == "*")
    return true;
  if (!pattern.ends_with(".*"))
    return equal_ignoring_case(pattern, value);
  // With its dot, so that UN.CEFACT.* does not match UN.CEFACTORY.Trade; and something must follow.
  auto above = pattern.substr(0, pattern.size() - 1);
  return value.size() > above.size() && equal_ignoring_case(above, value.substr(0, above.size()));
}

bool any_matches(const std::vector<std::string>& patterns, std::string_view value) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](auto& pattern) { return matches(pattern, value); });
}

} // namespace

std::string to_string(api x) {
  switch (x) {
  case api::message:
    return "message";
  case api::document:
    return "document";
  case api::subscriptions:
    return "subscriptions";
  case api::message_reception:
    return "message-reception";
  case api::channel:
    return "channel";
  case api::operation:
    break;
  }
  return "operator";
}

std::string to_string(channel_auth x) {
  switch (x) {
  case channel_auth::none:
    return "none";
  case channel_auth::token:
    return "token";
  case channel_auth::oauth2:
    break;
  }
  return "oauth2";
}

std::string to_string(medium_kind x) {
  switch (x) {
  case medium_kind::memory:
    return "memory";
  case medium_kind::stream:
    return "stream";
  case medium_kind::chain:
    return "chain";
  case medium_kind::shared_database:
    break;
  }
  return "shared-database";
}

bool channel_settings::serves_half(channel_half which) const {
  return std::find(serves.begin(), serves.end(), which) != serves.end();
}

bool endpoint_settings::serves_half(channel_half which) const {
  return std::find(serves.begin(), serves.end(), which) != serves.end();
}

std::chrono::milliseconds pause_after(const retry_settings& x, uint32_t failed, double chance) {
  if (failed == 0)
    return std::chrono::milliseconds{0};
  auto pause = std::min(x.first, x.longest);
  for (uint32_t i = 1; i < failed && pause < x.longest && pause.count() > 0; ++i)
    pause = pause > x.longest / 2 ? x.longest : pause * 2;
  auto longer = static_cast<double>(pause.count()) * x.jitter * chance;
  return pause + std::chrono::milliseconds{static_cast<int64_t>(longer)};
}

bool filter_settings::passes(std::string_view value) const {
  if (any_matches(deny, value))
    return false;
  return allow.empty() || any_matches(allow, value);
}

std::string channel_settings::screens(const message& x) const {
  auto reached = [&](auto& code) {
    return code == x.receiver;
  };
  if (!jurisdictions.empty() && std::none_of(jurisdictions.begin(), jurisdictions.end(), reached))
    return "channel " + id + " does not reach " + x.receiver;
  auto refused = [&](const char* what, const std::string& value) {
    return "channel " + id + " screens the " + what + " " + value;
  };
  if (!sender.passes(x.sender))
    return refused("sender", x.sender);
  if (!receiver.passes(x.receiver))
    return refused("receiver", x.receiver);
  if (!subject.passes(x.subject))
    return refused("subject", x.subject);
  if (!obj.passes(x.obj))
    return refused("obj", x.obj);
  if (!predicate.passes(x.predicate))
    return refused("predicate", x.predicate);
  return {};
}

} // namespace igl
