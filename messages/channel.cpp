#include "messages/channel.hpp"

#include <array>

namespace igl {

namespace {

constexpr std::array<std::string_view, 6> names{"received", "confirmed", "undeliverable",
                                                "revoked",  "observed",  "false_alarm"};

} // namespace

std::string to_string(channel_status x) {
  auto at = static_cast<size_t>(x);
  return at < names.size() ? std::string{names[at]} : "unknown";
}

std::string to_string(channel_half x) {
  return x == channel_half::posting ? "posting" : "receiving";
}

caf::optional<channel_status> parse_channel_status(std::string_view text) {
  for (size_t i = 0; i < names.size(); ++i)
    if (names[i] == text)
      return static_cast<channel_status>(i);
  return caf::none;
}

caf::optional<channel_half> parse_channel_half(std::string_view text) {
  for (auto half : {channel_half::posting, channel_half::receiving})
    if (to_string(half) == text)
      return half;
  return caf::none;
}

bool may_follow(channel_half half, channel_status from, channel_status to) {
  using s = channel_status;
  if (half == channel_half::posting)
    return (from == s::received && (to == s::confirmed || to == s::undeliverable)) ||
           (from == s::confirmed && to == s::revoked);
  return (from == s::observed && (to == s::confirmed || to == s::false_alarm)) ||
         (from == s::confirmed && to == s::false_alarm);
}

} // namespace igl
