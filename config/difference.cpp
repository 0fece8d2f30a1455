#include "config/difference.hpp"

#include "config/tables.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace igl {

namespace {

using namespace config;

/// An option and its value in both configurations.
struct pair_of_values {
  std::string path;
  takes_effect when = takes_effect::at_start;
  std::optional<value> before, after;
};

bool is_of_channel(const settings_table& x) {
  return x.header == "[[channels]]";
}

/// Everything but the channels, in the order of the file.
std::vector<pair_of_values> values_of(const settings_file& before, const settings_file& after) {
  std::vector<pair_of_values> all;
  auto fill = [&](const settings_file& from, std::optional<value> pair_of_values::*which) {
    for (auto& table : from.tables) {
      if (is_of_channel(table))
        continue;
      for (auto& x : table.rows) {
        auto path = (table.path.empty() ? "" : table.path + ".") + x.row->path();
        auto at = std::find_if(all.begin(), all.end(), [&](auto& y) { return y.path == path; });
        if (at == all.end())
          at = all.insert(all.end(), {path, x.row->when, {}, {}});
        (*at).*which = load_from(x.where);
      }
    }
  };
  fill(before, &pair_of_values::before);
  fill(after, &pair_of_values::after);
  return all;
}

std::vector<std::string> ids_of(const std::vector<channel_settings>& channels) {
  std::vector<std::string> ids;
  for (auto& x : channels)
    ids.push_back(x.id);
  return ids;
}

bool contains(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

/// "channel au-sg: url, timeout"; empty: nothing.
std::string difference_of(channel_settings before, channel_settings after) {
  auto ours = bind(options<channel_settings>(), before);
  auto theirs = bind(options<channel_settings>(), after);
  std::string keys;
  for (size_t i = 0; i < ours.size(); ++i)
    if (load_from(ours[i].where) != load_from(theirs[i].where))
      keys += (keys.empty() ? "" : ", ") + ours[i].row->path();
  return keys.empty() ? keys : "channel " + before.id + ": " + keys;
}

void compare_channels(const std::vector<channel_settings>& before,
                      const std::vector<channel_settings>& after,
                      std::vector<std::string>& result) {
  auto were = ids_of(before), are = ids_of(after);
  for (auto& x : before) {
    auto now = std::find_if(after.begin(), after.end(), [&](auto& y) { return y.id == x.id; });
    if (now == after.end())
      result.push_back("channel " + x.id + " is gone");
    else if (auto text = difference_of(x, *now); !text.empty())
      result.push_back(text);
  }
  for (auto& x : after)
    if (!contains(were, x.id))
      result.push_back("channel " + x.id + " is new");
  std::erase_if(were, [&](auto& id) { return !contains(are, id); });
  std::erase_if(are, [&](auto& id) { return !contains(were, id); });
  if (were != are)
    result.emplace_back("the order of the channels");
}

} // namespace

configuration_difference difference_between(const node_settings& before,
                                            const node_settings& after) {
  auto old = before, fresh = after; // the places of values are those of what may be changed
  configuration_difference result;
  auto all = values_of(file_of(old), file_of(fresh));
  if (old.listeners.size() != fresh.listeners.size()) {
    std::erase_if(all, [](auto& x) { return x.path.starts_with("listeners["); });
    result.restarts.emplace_back("the number of listeners");
  }
  for (auto& x : all)
    if (x.before != x.after)
      (x.when == takes_effect::at_reload ? result.reloads : result.restarts).push_back(x.path);
  compare_channels(before.channels, after.channels, result.reloads);
  return result;
}

} // namespace igl
