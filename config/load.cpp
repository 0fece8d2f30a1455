#include "config/config.hpp"
#include "config/document.hpp"
#include "config/forms.hpp"
#include "config/options.hpp"
#include "config/reader.hpp"
#include "config/relations.hpp"

#include <algorithm>

namespace igl {

namespace config {

namespace {

// Codes an operator adds count for everything else that is read.
template <class Settings>
jurisdictions known_codes(const document& from, const std::string& file, const environment& env) {
  Settings x;
  auto all = bind(options<Settings>(), x);
  std::erase_if(all, [](auto& y) { return y.row->path() != "extra_jurisdictions"; });
  reader{from, file, env}.read(all, from.root, "", "IGL_");
  return x.known_jurisdictions();
}

// Without any in the file the default listener stays, and the environment may move it.
void read_listeners(std::vector<listener_settings>& listeners, file_kind of, reader& by) {
  auto tables = by.tables("listeners");
  if (by.given("listeners"))
    listeners.assign(tables.size(), {});
  for (size_t i = 0; i < listeners.size(); ++i) {
    auto path = "listeners[" + std::to_string(i) + "]";
    auto variables = "IGL_LISTENERS_" + std::to_string(i + 1) + "_";
    auto all = bind(listener_options(of), listeners[i]);
    if (tables.empty())
      for (auto& x : all)
        by.override_by(environment_name(x.row->key, variables), x, path + "." + x.row->key);
    else
      by.read(all, *tables[i], path, variables);
  }
}

// A channel and a node go by their ids in the environment: the place in the file says how much a
// channel is preferred, and that changes.
std::string variables_of(const entry& table, size_t i, const std::string& prefix) {
  auto id = table.find("id");
  auto has_id =
      id != nullptr && id->is == entry::kind::text && forms::identifier.holds(id->text, {});
  return environment_name(has_id ? id->text : std::to_string(i + 1), prefix) + "_";
}

/// The tables of a list whose elements have ids.
template <class Element>
void read_list(const std::string& name, const std::string& prefix, std::vector<Element>& list,
               reader& by) {
  auto tables = by.tables(name);
  list.resize(tables.size());
  for (size_t i = 0; i < tables.size(); ++i) {
    auto all = bind(options<Element>(), list[i]);
    store_defaults(all);
    by.read(all, *tables[i], name + "[" + std::to_string(i) + "]",
            variables_of(*tables[i], i, prefix));
  }
}

bound_option document_api(const std::string& code, std::string& url) {
  auto row = std::make_shared<option_row>();
  row->section = "document_apis";
  row->key = code;
  row->rule = text_of(forms::base_url);
  return {row, &url};
}

void read_document_apis(std::map<std::string, std::string>& urls, const jurisdictions& known,
                        const environment& env, reader& by) {
  std::map<std::string, const entry*> found;
  if (auto table = by.table("document_apis"))
    for (auto& item : table->items) {
      auto path = "document_apis." + item.key;
      found[item.key] = &item;
      if (!known.contains(item.key))
        by.report_at(item.key_at, path + " is not for a jurisdiction, expected " +
                                      std::string{forms::jurisdiction.expected});
    }
  constexpr std::string_view prefix = "IGL_DOCUMENT_APIS_";
  for (auto& [name, text] : env)
    if (name.starts_with(prefix) && known.contains(name.substr(prefix.size())))
      found.emplace(name.substr(prefix.size()), nullptr);
  for (auto& [code, item] : found)
    by.read(document_api(code, urls[code]), item, "document_apis." + code,
            std::string{prefix} + code);
}

template <class Settings>
std::set<std::string> variable_names() {
  Settings x;
  std::set<std::string> result;
  for (auto& y : bind(options<Settings>(), x))
    result.insert(environment_name(y.row->path()));
  return result;
}

void read_rest(node_settings& x, const environment& env, reader& by) {
  read_listeners(x.listeners, file_kind::node, by);
  read_list("channels", "IGL_CHANNELS_", x.channels, by);
  read_document_apis(x.document_apis, x.known_jurisdictions(), env, by);
  by.report_variables(variable_names<endpoint_settings>(),
                      {"IGL_LISTENERS_", "IGL_CHANNELS_", "IGL_DOCUMENT_APIS_"});
}

void read_rest(endpoint_settings& x, const environment&, reader& by) {
  read_listeners(x.listeners, file_kind::endpoint, by);
  read_list("nodes", "IGL_NODES_", x.nodes, by);
  read_list("peers", "IGL_PEERS_", x.peers, by);
  by.report_variables(variable_names<node_settings>(),
                      {"IGL_LISTENERS_", "IGL_NODES_", "IGL_PEERS_"});
}

std::vector<std::string> tables_of(const node_settings&) {
  return {"listeners", "channels", "document_apis"};
}

std::vector<std::string> tables_of(const endpoint_settings&) {
  return {"listeners", "nodes", "peers"};
}

template <class Settings>
loaded<Settings> load(const document& from, Settings defaults, const std::string& file,
                      const environment& env) {
  loaded<Settings> result{std::move(defaults), {}};
  auto& x = result.settings;
  reader by{from, file, env};
  by.know(known_codes<Settings>(from, file, env));
  by.read(bind(options<Settings>(), x), from.root, "", "IGL_", tables_of(x));
  read_rest(x, env, by);
  // What was left out of the file could be what is missed.
  if (from.complete)
    check_relations(x, by);
  result.mistakes = by.mistakes();
  return result;
}

template <class Settings>
Settings defaults(listener_settings listener) {
  Settings x;
  store_defaults(bind(options<Settings>(), x));
  x.listeners = {std::move(listener)};
  return x;
}

} // namespace

} // namespace config

node_settings default_node() {
  return config::defaults<node_settings>(
      {"127.0.0.1:5100",
       {api::message, api::document, api::subscriptions, api::message_reception, api::operation}});
}

endpoint_settings default_endpoint() {
  return config::defaults<endpoint_settings>({"127.0.0.1:5200", {api::channel, api::operation}});
}

loaded<node_settings> load_node(const std::string& path, const environment& env) {
  return config::load(config::read_document(path), default_node(), path, env);
}

loaded<endpoint_settings> load_endpoint(const std::string& path, const environment& env) {
  return config::load(config::read_document(path), default_endpoint(), path, env);
}

loaded<node_settings> parse_node(std::string_view text, const std::string& file,
                                 const environment& env) {
  return config::load(config::parse_document(text, file), default_node(), file, env);
}

loaded<endpoint_settings> parse_endpoint(std::string_view text, const std::string& file,
                                         const environment& env) {
  return config::load(config::parse_document(text, file), default_endpoint(), file, env);
}

file_kind kind_of(const std::string& path, const environment& env) {
  auto root = config::read_document(path).root;
  auto has = [&](const char* key) {
    return root.find(key) != nullptr;
  };
  auto is_node = has("jurisdiction");
  auto is_endpoint = has("endpoint");
  if (!is_node && !is_endpoint) {
    is_node = env.contains(config::environment_name("jurisdiction"));
    is_endpoint = env.contains(config::environment_name("endpoint"));
  }
  if (is_node == is_endpoint)
    return file_kind::unknown;
  return is_node ? file_kind::node : file_kind::endpoint;
}

std::string to_string(const mistake& x) {
  auto place = x.line == 0 ? "" : ":" + std::to_string(x.line) + ":" + std::to_string(x.column);
  return x.file + place + ": " + x.what;
}

} // namespace igl
