#include "config/options.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace igl::config {

namespace {

constexpr std::array apis{api::message,           api::document, api::subscriptions,
                          api::message_reception, api::channel,  api::operation};

constexpr std::array media{medium_kind::memory, medium_kind::shared_database, medium_kind::stream,
                           medium_kind::chain, medium_kind::api};

std::vector<api> apis_named(const std::vector<std::string>& names) {
  std::vector<api> result;
  for (auto& name : names)
    result.push_back(
        *std::find_if(apis.begin(), apis.end(), [&](auto x) { return to_string(x) == name; }));
  return result;
}

// What a member of some type holds as a value of an option.
value generic(const std::string& x) {
  return x;
}
value generic(bool x) {
  return x;
}
value generic(uint32_t x) {
  return uint64_t{x};
}
value generic(uint64_t x) {
  return x;
}
value generic(double x) {
  return x;
}
value generic(std::chrono::milliseconds x) {
  return x;
}
value generic(const std::vector<std::string>& x) {
  return x;
}
value generic(const std::vector<api>& x) {
  std::vector<std::string> result;
  for (auto& y : x)
    result.push_back(to_string(y));
  return result;
}
value generic(const std::vector<channel_half>& x) {
  std::vector<std::string> result;
  for (auto& y : x)
    result.push_back(to_string(y));
  return result;
}
value generic(channel_auth x) {
  return to_string(x);
}
value generic(medium_kind x) {
  return to_string(x);
}

template <class T>
void assign(T& to, const value& x) {
  to = std::get<T>(x);
}
// The rules keep what goes here below 2³².
void assign(uint32_t& to, const value& x) {
  to = static_cast<uint32_t>(std::get<uint64_t>(x));
}
void assign(std::vector<api>& to, const value& x) {
  to = apis_named(std::get<std::vector<std::string>>(x));
}
void assign(std::vector<channel_half>& to, const value& x) {
  to.clear();
  for (auto& name : std::get<std::vector<std::string>>(x))
    to.push_back(*parse_channel_half(name));
}
void assign(channel_auth& to, const value& x) {
  auto& name = std::get<std::string>(x);
  to = name == "oauth2"  ? channel_auth::oauth2
       : name == "token" ? channel_auth::token
                         : channel_auth::none;
}
void assign(medium_kind& to, const value& x) {
  for (auto kind : media)
    if (to_string(kind) == std::get<std::string>(x))
      to = kind;
}

} // namespace

value load_from(const slot& x) {
  return std::visit([](auto member) { return generic(*member); }, x);
}

void store_in(const slot& x, const value& what) {
  std::visit([&](auto member) { assign(*member, what); }, x);
}

std::optional<value> default_of(const option_row& row) {
  if (!row.fallback)
    return std::nullopt;
  std::vector<fault> none;
  auto rule = row.rule;
  rule.may_be_empty = true;
  return value_of(entry_of(*row.fallback, rule), rule, {}, none);
}

void store_defaults(const bound_options& all) {
  for (auto& x : all)
    if (auto fallback = default_of(*x.row))
      store_in(x.where, *fallback);
}

value without_secret(const value& x, secrecy hidden) {
  auto text = std::get_if<std::string>(&x);
  if (text == nullptr || text->empty() || hidden == secrecy::open)
    return x;
  if (hidden == secrecy::all)
    return std::string{hidden_text};
  // Each of nats://user:password@host,nats://…
  auto result = *text;
  for (size_t from = 0; (from = result.find("://", from)) != std::string::npos;) {
    from += 3;
    auto end = std::min(result.find(',', from), result.size());
    auto at = result.rfind('@', end);
    if (at != std::string::npos && at > from)
      result.replace(from, at - from, hidden_text);
  }
  return result;
}

std::string environment_name(std::string_view path, std::string_view prefix) {
  std::string result{prefix};
  for (auto c : path) {
    auto is_word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    result += is_word ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : '_';
  }
  return result;
}

} // namespace igl::config
