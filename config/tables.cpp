#include "config/tables.hpp"

#include "config/forms.hpp"

namespace igl::config {

namespace {

void add_listeners(settings_file& to, std::vector<listener_settings>& listeners) {
  for (size_t i = 0; i < listeners.size(); ++i)
    to.tables.push_back({"[[listeners]]", "listeners[" + std::to_string(i) + "]",
                         "IGL_LISTENERS_" + std::to_string(i + 1) + "_",
                         bind(listener_options(to.kind), listeners[i])});
}

// What stands above the first section has to be written first.
template <class Settings>
void add_options(settings_file& to, Settings& x, bool at_top) {
  auto rows = bind(options<Settings>(), x);
  std::erase_if(rows, [&](auto& y) { return y.row->section.empty() != at_top; });
  to.tables.push_back({"", "", "IGL_", std::move(rows)});
}

settings_table document_apis(std::map<std::string, std::string>& urls) {
  settings_table result{"", "", "IGL_", {}};
  for (auto& [code, url] : urls) {
    auto row = std::make_shared<option_row>();
    row->section = "document_apis";
    row->key = code;
    row->rule = text_of(forms::base_url);
    row->meaning = "Where the documents of " + code + " are fetched.";
    row->when = takes_effect::at_reload;
    result.rows.push_back({row, &url});
  }
  return result;
}

} // namespace

settings_file file_of(node_settings& x) {
  settings_file result{file_kind::node, {}};
  add_options(result, x, true);
  add_listeners(result, x.listeners);
  add_options(result, x, false);
  add_list(result, "channels", "IGL_CHANNELS_", x.channels);
  result.tables.push_back(document_apis(x.document_apis));
  return result;
}

settings_file file_of(endpoint_settings& x) {
  settings_file result{file_kind::endpoint, {}};
  add_options(result, x, true);
  add_listeners(result, x.listeners);
  add_options(result, x, false);
  add_list(result, "nodes", "IGL_NODES_", x.nodes);
  add_list(result, "peers", "IGL_PEERS_", x.peers);
  return result;
}

} // namespace igl::config
