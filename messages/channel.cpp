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

std::string to_string(confirmation_kind x) {
  switch (x) {
  case confirmation_kind::final_word:
    return "final";
  case confirmation_kind::revocable:
    return "revocable";
  case confirmation_kind::unsaid:
    break;
  }
  return {};
}

confirmation_kind parse_confirmation_kind(std::string_view text) {
  for (auto x : {confirmation_kind::final_word, confirmation_kind::revocable})
    if (to_string(x) == text)
      return x;
  return confirmation_kind::unsaid;
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
