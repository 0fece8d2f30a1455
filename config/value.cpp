#include "config/value.hpp"

#include "messages/uri.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>

namespace igl::config {

namespace {

struct unit {
  std::string_view name;
  uint64_t factor;
};

// The largest first.
constexpr std::array<unit, 4> duration_units{
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};
constexpr std::array<unit, 5> size_units{{{"TiB", uint64_t{1} << 40},
                                          {"GiB", uint64_t{1} << 30},
                                          {"MiB", uint64_t{1} << 20},
                                          {"KiB", uint64_t{1} << 10},
                                          {"B", 1}}};

template <size_t N>
std::optional<uint64_t> parse_with_unit(std::string_view text, const std::array<unit, N>& units) {
  uint64_t count = 0;
  auto [rest, err] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (err != std::errc{})
    return std::nullopt;
  auto name = text.substr(static_cast<size_t>(rest - text.data()));
  for (auto& x : units)
    if (x.name == name && count <= INT64_MAX / x.factor)
      return count * x.factor;
  return std::nullopt;
}

template <size_t N>
const unit& largest_unit(uint64_t x, const std::array<unit, N>& units) {
  auto i = std::find_if(units.begin(), units.end(),
                        [&](auto& u) { return x >= u.factor && x % u.factor == 0; });
  return i == units.end() ? units.back() : *i;
}

std::string listed(const std::vector<std::string>& texts) {
  std::string result;
  for (auto& x : texts)
    result += (result.empty() ? "" : ", ") + toml_text(x);
  return result;
}

std::string bounds(const value_rule& rule, std::string (*text)(uint64_t)) {
  if (rule.most == UINT64_MAX)
    return rule.least == 0 ? "" : " of at least " + text(rule.least);
  return " from " + text(rule.least) + " to " + text(rule.most);
}

std::string plain(uint64_t x) {
  return std::to_string(x);
}

std::string milliseconds_text(uint64_t x) {
  return duration_text(std::chrono::milliseconds{x});
}

// How a mistake quotes what it found.
std::string found(const entry& x) {
  switch (x.is) {
  case entry::kind::text:
    return toml_text(x.text);
  case entry::kind::whole:
    return std::to_string(x.whole);
  case entry::kind::flag:
    return x.flag ? "true" : "false";
  default:
    return std::string{name_of(x.is)};
  }
}

fault refusal(const entry& x, const value_rule& rule) {
  return {x.at, "is " + found(x) + ", expected " + expected_by(rule)};
}

// What a single text, alone or in a list, is checked for.
bool text_holds(std::string& text, const value_rule& rule, const jurisdictions& known) {
  if (!rule.choices.empty())
    return std::find(rule.choices.begin(), rule.choices.end(), text) != rule.choices.end();
  // The environment may hold any bytes, and what is read goes into headers and log lines.
  if (!is_plain_text(text))
    return false;
  if (rule.form == nullptr)
    return true;
  if (!rule.form->holds(text, known))
    return false;
  if (rule.form->tidy != nullptr)
    text = rule.form->tidy(text);
  return true;
}

std::optional<uint64_t> units_in(const entry& from, const value_rule& rule) {
  if (from.is == entry::kind::text && rule.kind == value_kind::size)
    return parse_size(from.text);
  if (from.is == entry::kind::text && rule.kind == value_kind::duration) {
    auto x = parse_duration(from.text);
    return x ? std::optional<uint64_t>{x->count()} : std::nullopt;
  }
  if (from.is == entry::kind::whole && rule.kind != value_kind::duration && from.whole >= 0)
    return static_cast<uint64_t>(from.whole);
  return std::nullopt;
}

std::optional<value> list_from(const entry& from, const value_rule& rule,
                               const jurisdictions& known, std::vector<fault>& faults) {
  std::vector<std::string> result;
  auto before = faults.size();
  // "AU" stands for ["AU"].
  auto items = from.is == entry::kind::list ? from.items : std::vector<entry>{from};
  for (auto& item : items) {
    auto text = item.text;
    auto is_text = item.is == entry::kind::text;
    if (!is_text || !text_holds(text, rule, known))
      faults.push_back(refusal(item, rule));
    else if (std::find(result.begin(), result.end(), text) != result.end())
      faults.push_back({item.at, "has " + found(item) + " twice, expected it once"});
    else
      result.push_back(text);
  }
  if (items.empty() && !rule.may_be_empty)
    faults.push_back({from.at, "is empty, expected " + expected_by(rule)});
  if (faults.size() > before)
    return std::nullopt;
  return result;
}

} // namespace

value_rule any_text() {
  return {.kind = value_kind::text, .may_be_empty = true};
}

value_rule text_of(const text_form& form) {
  return {.kind = value_kind::text, .form = &form};
}

value_rule one_of(std::vector<std::string> choices) {
  return {.kind = value_kind::text, .choices = std::move(choices)};
}

value_rule flag() {
  return {.kind = value_kind::flag};
}

value_rule number(uint64_t least, uint64_t most) {
  return {.kind = value_kind::number, .least = least, .most = most};
}

value_rule fraction(uint64_t least, uint64_t most) {
  return {.kind = value_kind::fraction, .least = least, .most = most};
}

value_rule duration(std::chrono::milliseconds least, std::chrono::milliseconds most) {
  return {.kind = value_kind::duration,
          .least = static_cast<uint64_t>(least.count()),
          .most = static_cast<uint64_t>(most.count())};
}

value_rule size(uint64_t least, uint64_t most) {
  return {.kind = value_kind::size, .least = least, .most = most};
}

value_rule list_of(const text_form& form) {
  return {.kind = value_kind::list, .form = &form};
}

value_rule some_of(std::vector<std::string> choices) {
  return {.kind = value_kind::list, .choices = std::move(choices)};
}

std::string expected_by(const value_rule& rule) {
  switch (rule.kind) {
  case value_kind::text:
    if (!rule.choices.empty())
      return "one of " + listed(rule.choices);
    return rule.form != nullptr ? std::string{rule.form->expected} : "a text of one line";
  case value_kind::flag:
    return "true or false";
  case value_kind::number:
    return "a number" + bounds(rule, plain);
  case value_kind::fraction:
    return "a decimal number" + bounds(rule, plain);
  case value_kind::duration:
    return "a duration" + bounds(rule, milliseconds_text) + ", such as \"500ms\" or \"10s\"";
  case value_kind::size:
    return "a size" + bounds(rule, size_text) + ", such as \"64KiB\" or a number of bytes";
  case value_kind::list:
    break;
  }
  if (!rule.choices.empty())
    return "a list of some of " + listed(rule.choices);
  return "a list, each " + std::string{rule.form != nullptr ? rule.form->expected : "a text"};
}

std::optional<value> value_of(const entry& from, const value_rule& rule, const jurisdictions& known,
                              std::vector<fault>& faults) {
  switch (rule.kind) {
  case value_kind::text:
    if (from.is == entry::kind::text) {
      auto text = from.text;
      if ((text.empty() && rule.may_be_empty) || text_holds(text, rule, known))
        return text;
    }
    break;
  case value_kind::flag:
    if (from.is == entry::kind::flag)
      return from.flag;
    break;
  case value_kind::fraction: {
    auto is_number = from.is == entry::kind::fraction || from.is == entry::kind::whole;
    auto x = from.is == entry::kind::whole ? static_cast<double>(from.whole) : from.fraction;
    // Written so that it does not hold for "nan".
    if (is_number && x >= static_cast<double>(rule.least) && x <= static_cast<double>(rule.most))
      return x;
    break;
  }
  case value_kind::number:
  case value_kind::duration:
  case value_kind::size:
    if (auto x = units_in(from, rule); x && *x >= rule.least && *x <= rule.most) {
      if (rule.kind == value_kind::duration)
        return std::chrono::milliseconds{*x};
      return *x;
    }
    break;
  case value_kind::list:
    return list_from(from, rule, known, faults);
  }
  faults.push_back(refusal(from, rule));
  return std::nullopt;
}

entry entry_of(std::string_view text, const value_rule& rule) {
  entry result;
  result.is = entry::kind::text;
  result.text = std::string{text};
  auto end = text.data() + text.size();
  if (rule.kind == value_kind::flag && (text == "true" || text == "false")) {
    result.is = entry::kind::flag;
    result.flag = text == "true";
  } else if (rule.kind == value_kind::number || rule.kind == value_kind::size) {
    if (int64_t x = 0; std::from_chars(text.data(), end, x).ptr == end && !text.empty()) {
      result.is = entry::kind::whole;
      result.whole = x;
    }
  } else if (rule.kind == value_kind::fraction) {
    if (double x = 0; std::from_chars(text.data(), end, x).ptr == end && !text.empty()) {
      result.is = entry::kind::fraction;
      result.fraction = x;
    }
  } else if (rule.kind == value_kind::list) {
    result.is = entry::kind::list;
    std::istringstream parts{result.text};
    for (std::string part; std::getline(parts, part, ',');) {
      auto begin = part.find_first_not_of(' ');
      auto& item = result.items.emplace_back();
      item.is = entry::kind::text;
      if (begin != std::string::npos)
        item.text = part.substr(begin, part.find_last_not_of(' ') - begin + 1);
    }
  }
  return result;
}

std::string to_toml(const value& x, const value_rule& rule) {
  if (auto text = std::get_if<std::string>(&x))
    return toml_text(*text);
  if (auto flag = std::get_if<bool>(&x))
    return *flag ? "true" : "false";
  if (auto pause = std::get_if<std::chrono::milliseconds>(&x))
    return toml_text(duration_text(*pause));
  if (auto texts = std::get_if<std::vector<std::string>>(&x))
    return "[" + listed(*texts) + "]";
  if (auto number = std::get_if<double>(&x)) {
    std::array<char, 32> digits;
    auto end = std::to_chars(digits.data(), digits.data() + digits.size(), *number).ptr;
    std::string result{digits.data(), end};
    return result.find_first_of(".e") == std::string::npos ? result + ".0" : result;
  }
  auto number = std::get<uint64_t>(x);
  return rule.kind == value_kind::size ? toml_text(size_text(number)) : std::to_string(number);
}

std::string toml_text(std::string_view text) {
  std::string result = "\"";
  for (auto c : text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      (result += '\\') += c;
    else if (code < 0x20 || code == 0x7f)
      ((result += "\\u00") += hex[code >> 4]) += hex[code & 15];
    else
      result += c;
  }
  return result + '"';
}

std::string duration_text(std::chrono::milliseconds x) {
  auto count = static_cast<uint64_t>(x.count());
  auto& largest = count == 0 ? duration_units[2] : largest_unit(count, duration_units);
  return std::to_string(count / largest.factor) + std::string{largest.name};
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  auto x = parse_with_unit(text, duration_units);
  return x ? std::optional{std::chrono::milliseconds{*x}} : std::nullopt;
}

std::string size_text(uint64_t bytes) {
  auto& largest = largest_unit(bytes, size_units);
  return std::to_string(bytes / largest.factor) + std::string{largest.name};
}

std::optional<uint64_t> parse_size(std::string_view text) {
  return parse_with_unit(text, size_units);
}

} // namespace igl::config
