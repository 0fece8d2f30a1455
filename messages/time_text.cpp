#include "messages/json.hpp"
#include "messages/json_text.hpp"

#include <array>
#include <chrono>

namespace igl {

namespace {

using nanoseconds = std::chrono::nanoseconds;

void append_digits(std::string& out, uint64_t value, size_t width) {
  std::array<char, 20> digits{};
  for (size_t i = width; i > 0; --i) {
    digits[i - 1] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  out.append(digits.data(), width);
}

/// RFC 3339 in UTC with this many fractional digits (at most nine).
std::string time_text(caf::timestamp t, size_t fraction_digits) {
  auto day = std::chrono::floor<std::chrono::days>(t);
  std::chrono::year_month_day date{day};
  auto in_day = static_cast<uint64_t>(std::chrono::duration_cast<nanoseconds>(t - day).count());
  auto seconds = in_day / 1'000'000'000;
  auto fraction = in_day % 1'000'000'000;
  for (size_t i = fraction_digits; i < 9; ++i)
    fraction /= 10;
  std::string out;
  out.reserve(32);
  append_digits(out, static_cast<uint64_t>(static_cast<int>(date.year())), 4);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.month()), 2);
  out += '-';
  append_digits(out, static_cast<unsigned>(date.day()), 2);
  out += 'T';
  append_digits(out, seconds / 3600, 2);
  out += ':';
  append_digits(out, seconds / 60 % 60, 2);
  out += ':';
  append_digits(out, seconds % 60, 2);
  out += '.';
  append_digits(out, fraction, fraction_digits);
  out += 'Z';
  return out;
}

/// Reads a text from the left.
struct scanner {
  std::string_view rest;

  bool skip(std::string_view any_of) {
    if (rest.empty() || any_of.find(rest.front()) == std::string_view::npos)
      return false;
    rest.remove_prefix(1);
    return true;
  }
  bool at_digit() const { return !rest.empty() && rest.front() >= '0' && rest.front() <= '9'; }
  /// Exactly `width` digits; -1: something else.
  int number(size_t width) {
    int value = 0;
    for (size_t i = 0; i < width; ++i) {
      if (!at_digit())
        return -1;
      value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
    }
    return value;
  }
};

/// What stands after the seconds, as nanoseconds; digits beyond the ninth are cut.
caf::optional<nanoseconds> fraction(scanner& in) {
  if (!in.skip(".,"))
    return nanoseconds{0};
  if (!in.at_digit())
    return caf::none;
  int64_t value = 0;
  int64_t unit = 100'000'000;
  for (; in.at_digit(); unit /= 10)
    value += unit * in.number(1);
  return nanoseconds{value};
}

/// What has to be added to local time to get UTC.
caf::optional<std::chrono::minutes> offset(scanner& in) {
  if (in.rest.empty() || in.skip("Zz"))
    return std::chrono::minutes{0};
  bool east = in.rest.front() == '+';
  if (!in.skip("+-"))
    return caf::none;
  int hours = in.number(2);
  in.skip(":");
  int minutes = in.number(2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
    return caf::none;
  std::chrono::minutes distance{hours * 60 + minutes};
  return east ? -distance : distance;
}

} // namespace

std::string to_rfc3339(caf::timestamp t) {
  return time_text(t, 6);
}

std::string json_text::exact_time(caf::timestamp t) {
  return time_text(t, t.time_since_epoch().count() % 1000 == 0 ? 6 : 9);
}

caf::optional<caf::timestamp> parse_rfc3339(std::string_view text) {
  scanner in{text};
  int year = in.number(4);
  bool dashes = in.skip("-");
  int month = in.number(2);
  dashes = in.skip("-") && dashes;
  int day = in.number(2);
  std::chrono::year_month_day date{std::chrono::year{year},
                                   std::chrono::month{static_cast<unsigned>(month)},
                                   std::chrono::day{static_cast<unsigned>(day)}};
  if (!dashes || month < 0 || day < 0 || year < 0 || !date.ok())
    return caf::none;
  // The specification's example writes 2020-01-12Z123456: no colons, always UTC.
  bool compact = in.rest.size() == 7 && in.skip("Z");
  if (!compact && !in.skip("Tt "))
    return caf::none;
  int hour = in.number(2);
  bool colons = compact || in.skip(":");
  int minute = in.number(2);
  colons = (compact || in.skip(":")) && colons;
  int second = in.number(2);
  if (!colons || hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return caf::none;
  auto below_second = fraction(in);
  auto to_utc = below_second ? offset(in) : caf::none;
  if (!to_utc || !in.rest.empty())
    return caf::none;
  auto seconds = std::chrono::sys_days{date} + std::chrono::hours{hour} +
                 std::chrono::minutes{minute} + *to_utc + std::chrono::seconds{second};
  // Nanoseconds in 64 bits reach from September 1677 to April 2262; to write a time takes its day.
  constexpr std::chrono::days margin{1};
  if (seconds < std::chrono::ceil<std::chrono::seconds>(caf::timestamp::min() + margin) ||
      seconds > std::chrono::floor<std::chrono::seconds>(caf::timestamp::max() - margin))
    return caf::none;
  return caf::timestamp{std::chrono::duration_cast<nanoseconds>(seconds.time_since_epoch()) +
                        *below_second};
}

} // namespace igl
