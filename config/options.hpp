#pragma once

#include "config/config.hpp"
#include "config/value.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// THE table of options. Loading, checking, showing, the names in the environment and the example
/// files follow from it: an option exists if it has a row here.
namespace igl::config {

/// The member of a settings struct that holds an option.
using slot = std::variant<std::string*, bool*, uint32_t*, uint64_t*, double*,
                          std::chrono::milliseconds*, std::vector<std::string>*, std::vector<api>*,
                          std::vector<channel_half>*, channel_auth*, medium_kind*>;

value load_from(const slot& x);
void store_in(const slot& x, const value& what);

/// What of an option's value nobody is shown.
enum class secrecy : uint8_t { open, user_in_url, all };

/// When a process follows a changed option.
enum class takes_effect : uint8_t { at_start, at_reload };

/// A row of the table, without the place of its value.
struct option_row {
  std::string section; ///< "streams"; empty: the top of its table
  std::string key;     ///< "url"; in a channel also "auth.kind"
  value_rule rule;
  std::optional<std::string> fallback; ///< the default as in the environment; none: required
  std::string meaning;                 ///< one sentence
  secrecy hidden = secrecy::open;
  takes_effect when = takes_effect::at_start;

  std::string path() const { return section.empty() ? key : section + "." + key; }
};

template <class Settings>
struct option : option_row {
  std::function<slot(Settings&)> where;
};

/// A row and the place of its value in settings that are at hand.
struct bound_option {
  std::shared_ptr<const option_row> row;
  slot where;
};
using bound_options = std::vector<bound_option>;

template <class Settings>
bound_options bind(const std::vector<option<Settings>>& rows, Settings& x) {
  bound_options result;
  for (auto& row : rows)
    result.push_back({std::make_shared<option_row>(row), row.where(x)});
  return result;
}

/// `in(&channel_settings::auth, &channel_auth_settings::kind)`: the member of a member.
template <class... Member>
auto in(Member... members) {
  return [=](auto& x) -> slot {
    return &(x.*....*members);
  };
}

template <class Settings>
const std::vector<option<Settings>>& options();
template <>
const std::vector<option<node_settings>>& options<node_settings>();
template <>
const std::vector<option<endpoint_settings>>& options<endpoint_settings>();
/// Of one of [[channels]].
template <>
const std::vector<option<channel_settings>>& options<channel_settings>();

/// Of one of [[nodes]].
template <>
const std::vector<option<node_access>>& options<node_access>();

/// Of one of [[peers]].
template <>
const std::vector<option<peer_settings>>& options<peer_settings>();

/// Of one of [[listeners]].
const std::vector<option<listener_settings>>& listener_options(file_kind of);

/// What a node and an endpoint have in common, each with the defaults of its kind: first what
/// stands above the first section of a file, then the sections.
std::vector<option<process_settings>> common_options_at_top(file_kind of);
std::vector<option<process_settings>> common_sections(file_kind of);

/// The row of `filters.sender`, `allow`.
option_row filter_row(const std::string& section, const std::string& part,
                      const std::string& which);

/// Says of rows that a reload takes them.
template <class Row>
void reloadable(std::vector<Row>& rows) {
  for (auto& row : rows)
    row.when = takes_effect::at_reload;
}

template <class Settings>
void append(std::vector<option<Settings>>& to, const std::vector<option<process_settings>>& rows) {
  for (auto& row : rows)
    to.push_back({row, row.where});
}

/// Every option at its default; an option without one is left as it is.
void store_defaults(const bound_options& all);
std::optional<value> default_of(const option_row& row);

/// A value as it may be shown.
value without_secret(const value& x, secrecy hidden);
inline constexpr std::string_view hidden_text = "***";

/// `streams.url` → `IGL_STREAMS_URL`; with the prefix `IGL_CHANNELS_SG_HTTP_`, those of a channel.
std::string environment_name(std::string_view path, std::string_view prefix = "IGL_");

} // namespace igl::config
