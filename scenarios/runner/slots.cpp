#include "scenarios/runner/slots.hpp"

#include "config/value.hpp"
#include "messages/message.hpp"
#include "messages/text.hpp"
#include "scenarios/runner/crash.hpp"
#include "scenarios/runner/grammar.hpp"

#include <algorithm>
#include <cstdlib>

namespace igl::scenario {

namespace {

constexpr uint64_t most_at_once = 100'000;
constexpr std::chrono::hours longest_time{24 * 3650};

bool made_of(std::string_view text, std::string_view also, bool (*fits)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [&](char c) {
    return fits(c) || also.find(c) != std::string_view::npos;
  });
}
bool is_nation(std::string_view x) {
  return made_of(x, "", [](char c) { return c >= 'A' && c <= 'Z'; });
}
bool is_name(std::string_view x) {
  return made_of(x, "-", [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); });
}
bool is_endpoint(std::string_view x) {
  auto slash = x.find('/');
  return slash != std::string_view::npos && is_name(x.substr(0, slash)) &&
         is_nation(x.substr(slash + 1));
}
bool is_number_between(std::string_view x, uint64_t least, uint64_t most) {
  auto number = parse_number(x);
  return number && *number >= least && *number <= most;
}
/// What has dots in it is meant as a range, not as a name.
bool are_references(std::string_view x) {
  if (auto range = parse_range(x))
    return range->last - range->first < most_at_once;
  return x.find("..") == std::string_view::npos && is_sender_ref(x);
}

} // namespace

const std::vector<slot>& all_slots() {
  static const std::vector<slot> all{
      {"NATION", "a nation, such as AU", is_nation},
      {"RECEIVER", "a nation, such as SG", is_nation},
      {"NAME", "a name of small letters, digits and hyphens", is_name},
      {"CHANNEL", "a channel, such as au-sg", is_name},
      {"SUBSCRIBER", "a subscriber, such as importer", is_name},
      {"ACTOR", "an actor, such as multichannel-router", is_name},
      {"SIDE", "a nation, a channel, an endpoint such as au-sg/AU or a subscriber",
       [](std::string_view x) {
         return is_nation(x) || is_name(x) || is_endpoint(x);
       }},
      {"PROCESS", "a nation, or an endpoint such as au-sg/AU",
       [](std::string_view x) {
         return is_nation(x) || is_endpoint(x);
       }},
      {"NUMBER", "a number",
       [](std::string_view x) {
         return bool(parse_number(x));
       }},
      {"NUMBERS", "a number, several such as 1..1000 (100000 at most), or another reference",
       are_references},
      {"BLOCKS", "a number of blocks, from 1 to 100000",
       [](std::string_view x) {
         return is_number_between(x, 1, 100'000);
       }},
      {"STATUS", "a status of HTTP, from 100 to 599",
       [](std::string_view x) {
         return is_number_between(x, 100, 599);
       }},
      {"SHARE", "a share from 0 to 1, such as 0.2",
       [](std::string_view x) {
         return bool(parse_share(x));
       }},
      {"TIME", "a time with its unit, such as 30s, 1h or 7d, 3650d at most",
       [](std::string_view x) {
         return bool(parse_time(x));
       }},
      {"MESSAGE", "a message, such as AU:17",
       [](std::string_view x) {
         return bool(parse_reference(x));
       }},
      {"DOCUMENT", "a document's name, such as certificate.json",
       [](std::string_view x) {
         return !x.empty() && x.find('=') == std::string_view::npos;
       }},
      {"POINT", "before-decision, after-call, after-commit or after-acknowledgement",
       [](std::string_view x) {
         return bool(parse_crash_point(x));
       }},
      {"STREAM", "a stream, such as outbox",
       [](std::string_view x) {
         return bool(parse_stream(x));
       }},
  };
  return all;
}

bool is_slot(std::string_view word) {
  return !word.empty() && word.front() == '{';
}

const slot& slot_of(std::string_view braced) {
  auto name = braced.substr(1, braced.size() - 2);
  auto& all = all_slots();
  return *std::find_if(all.begin(), all.end(), [&](auto& x) { return x.name == name; });
}

std::vector<std::string> parts_of(std::string_view list) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= list.size();) {
    auto end = std::min(list.find(',', at), list.size());
    parts.emplace_back(list.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

caf::optional<std::chrono::milliseconds> parse_time(std::string_view text) {
  auto time = caf::optional<std::chrono::milliseconds>{};
  if (!text.empty() && text.back() == 'd') {
    if (auto days = parse_number(text.substr(0, text.size() - 1)); days && *days <= 3650)
      time = std::chrono::hours{24 * static_cast<int64_t>(*days)};
  } else if (auto given = config::parse_duration(text)) {
    time = *given;
  }
  return time && time->count() >= 0 && *time <= longest_time ? time : caf::none;
}

caf::optional<double> parse_share(std::string_view given) {
  const std::string text{given};
  char* end = nullptr;
  auto share = std::strtod(text.c_str(), &end);
  // Not so what is no number at all.
  return !text.empty() && *end == '\0' && share >= 0 && share <= 1 ? caf::optional<double>{share}
                                                                   : caf::none;
}

caf::optional<number_range> parse_range(std::string_view text) {
  auto dots = text.find("..");
  auto first = parse_number(text.substr(0, dots));
  if (!first)
    return caf::none;
  if (dots == std::string_view::npos)
    return number_range{*first, *first};
  auto last = parse_number(text.substr(dots + 2));
  if (!last || *last < *first)
    return caf::none;
  return number_range{*first, *last};
}

} // namespace igl::scenario
