#include "config/config.hpp"
#include "config/tables.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <sstream>

namespace igl {

namespace config {

namespace {

bool is_shown(const bound_option& x, shown which) {
  return which == shown::everything || default_of(*x.row) != load_from(x.where);
}

std::string text_of_default(const option_row& row) {
  auto fallback = default_of(row);
  return fallback ? "default " + to_toml(*fallback, row.rule) : "required";
}

// In lines of at most 100 characters.
std::string comment(const std::string& text) {
  std::istringstream words{text};
  std::string result = "#";
  size_t width = 1;
  for (std::string word; words >> word;) {
    auto length = characters_in(word) + 1;
    if (width + length > 100) {
      result += "\n#";
      width = 1;
    }
    result += " " + word;
    width += length;
  }
  return result + "\n";
}

std::string toml_of(const bound_option& x, const std::string& variables) {
  auto& row = *x.row;
  return comment(row.meaning) +
         comment(expected_by(row.rule) + "; " + text_of_default(row) + "; " +
                 environment_name(row.path(), variables) +
                 (row.when == takes_effect::at_reload ? "; a reload takes it" : "")) +
         row.key + " = " + to_toml(without_secret(load_from(x.where), row.hidden), row.rule) + "\n";
}

std::string toml_of(const settings_file& file, shown which) {
  std::string result;
  std::string section;
  for (auto& table : file.tables) {
    if (!table.header.empty()) {
      result += table.header + "\n";
      section.clear();
    }
    for (auto& x : table.rows) {
      if (!is_shown(x, which))
        continue;
      if (x.row->section != section)
        result += "[" + (section = x.row->section) + "]\n";
      result += toml_of(x, table.variables) + "\n";
    }
  }
  // The last option is not followed by a line that parts it from the next.
  if (!result.empty())
    result.pop_back();
  return result;
}

nlohmann::ordered_json json_of(const value& x) {
  if (auto pause = std::get_if<std::chrono::milliseconds>(&x))
    return duration_text(*pause);
  if (auto text = std::get_if<std::string>(&x))
    return *text;
  if (auto flag = std::get_if<bool>(&x))
    return *flag;
  if (auto whole = std::get_if<uint64_t>(&x))
    return *whole;
  if (auto fraction = std::get_if<double>(&x))
    return *fraction;
  return std::get<std::vector<std::string>>(x);
}

std::string json_of(const settings_file& file, shown which) {
  nlohmann::ordered_json result{{"kind", file.kind == file_kind::node ? "node" : "endpoint"},
                                {"options", nlohmann::ordered_json::array()}};
  for (auto& table : file.tables)
    for (auto& x : table.rows) {
      if (!is_shown(x, which))
        continue;
      auto& row = *x.row;
      auto fallback = default_of(row);
      result["options"].push_back(
          {{"option", (table.path.empty() ? "" : table.path + ".") + row.path()},
           {"value", json_of(without_secret(load_from(x.where), row.hidden))},
           {"default", fallback ? json_of(*fallback) : nlohmann::ordered_json{}},
           {"meaning", row.meaning},
           {"reload", row.when == takes_effect::at_reload},
           {"environment", environment_name(row.path(), table.variables)}});
    }
  return result.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

node_settings example_node() {
  auto x = default_node();
  x.jurisdiction = "AU";
  channel_settings channel;
  store_defaults(bind(options<channel_settings>(), channel));
  channel.id = "sg-http";
  channel.name = "the channel to Singapore";
  channel.url = "http://127.0.0.1:5200";
  x.channels = {channel};
  x.document_apis = {{"SG", "http://127.0.0.1:5110"}};
  return x;
}

endpoint_settings example_endpoint() {
  auto x = default_endpoint();
  x.id = "channel-au";
  x.jurisdictions = {"AU"};
  x.participants = {"AU", "SG"};
  x.medium_path = "igl-channel";
  return x;
}

/// Tables of a list that an endpoint may do without.
template <class Element>
std::string commented_out(const std::string& name, const std::string& prefix, Element example,
                          const std::string& meaning) {
  std::vector<Element> list{std::move(example)};
  settings_file only{file_kind::endpoint, {}};
  add_list(only, name, prefix, list);
  std::istringstream lines{toml_of(only, shown::everything)};
  auto result = "\n" + comment(meaning) + "#\n";
  for (std::string line; std::getline(lines, line);)
    result += line.empty() ? "#\n" : line.front() == '#' ? line + "\n" : "#" + line + "\n";
  return result;
}

std::string nodes_commented_out() {
  return commented_out("nodes", "IGL_NODES_", node_access{"au-node", "AU", {}, "client-of-au-node"},
                       "The nodes that may use the endpoint: one such table for each. Without any, "
                       "and without access.jwks, nobody is asked for a token.");
}

std::string peers_commented_out() {
  peer_settings example;
  store_defaults(bind(options<peer_settings>(), example));
  example.id = "channel-sg";
  example.jurisdictions = {"SG"};
  example.url = "https://channel.sg.example";
  return commented_out(
      "peers", "IGL_PEERS_", example,
      "The other sides of a channel whose medium is api: one such table for each. "
      "Unless one of them has a token or a subject, nobody is asked for a token at "
      "/messages/incoming.");
}

std::string heading(const std::string& kind) {
  return comment("Every option of `igl " + kind +
                 "`: its meaning, what it may be, its default and the environment variable that "
                 "overrides it. What has its default can be left out. In the environment, lists "
                 "are written with commas. `igl config check FILE` tells all mistakes of a file, "
                 "`igl config show FILE` what follows from it.") +
         "\n";
}

} // namespace

} // namespace config

// A copy is shown: the places of values are those of settings that may be changed.

std::string show(const node_settings& x, shown which) {
  auto copy = x;
  return config::toml_of(config::file_of(copy), which);
}

std::string show(const endpoint_settings& x, shown which) {
  auto copy = x;
  return config::toml_of(config::file_of(copy), which);
}

std::string show_json(const node_settings& x, shown which) {
  auto copy = x;
  return config::json_of(config::file_of(copy), which);
}

std::string show_json(const endpoint_settings& x, shown which) {
  auto copy = x;
  return config::json_of(config::file_of(copy), which);
}

std::string example_file(file_kind which) {
  if (which == file_kind::endpoint)
    return config::heading("endpoint") + show(config::example_endpoint()) +
           config::nodes_commented_out() + config::peers_commented_out();
  return config::heading("node") + show(config::example_node());
}

} // namespace igl
