#include "actors/commands/client_commands.hpp"

#include "messages/json.hpp"

#include <nlohmann/json.hpp>

#include <ostream>

namespace igl::commands {

int config_reload(node_client& node, const terminal& term) {
  auto answer = node.operation("POST", "/operator/reload");
  if (!answer) {
    auto what = problem_of(answer.error());
    term.err << "igl config reload: "
             << (what.detail.empty() ? sentence_of(answer.error()) : what.detail) << '\n';
    return 1;
  }
  auto told = answer->get<configuration_reload>();
  auto refused = told.result == reload_result::refused;
  if (term.json) {
    term.out << *answer << '\n';
    return refused ? 1 : 0;
  }
  auto& to = refused ? term.err : term.out;
  for (const auto& line : told.said)
    to << line << '\n';
  switch (told.result) {
  case reload_result::unchanged:
    to << "nothing is different from what is in force\n";
    break;
  case reload_result::reloaded:
    to << "reloaded\n";
    break;
  case reload_result::refused:
    to << "refused: the configuration that was in force stays so\n";
    break;
  }
  return refused ? 1 : 0;
}

} // namespace igl::commands
