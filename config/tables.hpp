#pragma once

#include "config/options.hpp"

#include <string>
#include <vector>

namespace igl::config {

/// A table of a file as it is shown and compared.
struct settings_table {
  std::string header;    ///< "[[channels]]"; empty: the rows know their sections
  std::string path;      ///< "channels[0]"
  std::string variables; ///< what the names of its options begin with in the environment
  bound_options rows;
};

/// Settings as the tables of a file, in its order. Rows that no table of options has belong to it.
struct settings_file {
  file_kind kind;
  std::vector<settings_table> tables;
};

/// The places of values are those in `x`, which has to outlive the result.
settings_file file_of(node_settings& x);
settings_file file_of(endpoint_settings& x);

/// Adds the tables of a list whose elements have ids.
template <class Element>
void add_list(settings_file& to, const std::string& name, const std::string& prefix,
              std::vector<Element>& list) {
  for (size_t i = 0; i < list.size(); ++i)
    to.tables.push_back({"[[" + name + "]]", name + "[" + std::to_string(i) + "]",
                         environment_name(list[i].id, prefix) + "_",
                         bind(options<Element>(), list[i])});
}

} // namespace igl::config
