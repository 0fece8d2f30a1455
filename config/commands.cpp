#include "config/commands.hpp"

#include "config/document.hpp"

#include <ostream>

namespace igl {

namespace {

void print(const std::vector<mistake>& mistakes, std::ostream& to) {
  for (auto& x : mistakes)
    to << to_string(x) << '\n';
}

// Nobody can say which options a file of no kind may have; but what is no TOML is none in any.
std::vector<mistake> mistakes_of_unknown(const std::string& file) {
  auto found = config::read_document(file);
  auto result = found.mistakes;
  if (found.complete)
    result.push_back({file, 1, 1,
                      "is neither a node's nor an endpoint's, expected either jurisdiction = "
                      "\"AU\" or endpoint = \"a-name\" at the top"});
  return result;
}

template <class Settings>
int show_loaded(const loaded<Settings>& from, shown which, bool json, std::ostream& out,
                std::ostream& err) {
  print(from.mistakes, err);
  if (!from.good())
    return 1;
  out << (json ? show_json(from.settings, which) : show(from.settings, which));
  return 0;
}

} // namespace

int check_command(const std::string& file, const environment& env, std::ostream& out,
                  std::ostream&) {
  auto kind = kind_of(file, env);
  auto mistakes = kind == file_kind::node       ? load_node(file, env).mistakes
                  : kind == file_kind::endpoint ? load_endpoint(file, env).mistakes
                                                : mistakes_of_unknown(file);
  if (mistakes.empty())
    out << file << ": good\n";
  print(mistakes, out);
  return mistakes.empty() ? 0 : 1;
}

int show_command(const std::string& file, const environment& env, bool changed_only, bool json,
                 std::ostream& out, std::ostream& err) {
  auto which = changed_only ? shown::changed : shown::everything;
  switch (kind_of(file, env)) {
  case file_kind::node:
    return show_loaded(load_node(file, env), which, json, out, err);
  case file_kind::endpoint:
    return show_loaded(load_endpoint(file, env), which, json, out, err);
  case file_kind::unknown:
    break;
  }
  print(mistakes_of_unknown(file), err);
  return 1;
}

} // namespace igl
