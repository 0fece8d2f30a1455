#pragma once

#include "actors/commands/client_commands.hpp"
#include "config/config.hpp"

#include <string>

/// `igl ledger …`: what an operator does with the whole ledger of a node or an endpoint.
namespace igl::commands {

struct ledger_options {
  std::string folder;      ///< check: a ledger's, a data folder or a backup; else: the backup's
  std::string config_file; ///< whose ledger; empty: not said
  bool replace = false;    ///< restore: move a ledger that is there aside
};

/// Prints what is looked at, each fault and the figures; 1 if there are faults.
int ledger_check(const terminal& term, const ledger_options& how, const environment& env);
/// Through the running node; with a configuration, of one that is not running.
int ledger_backup(node_client& node, const terminal& term, const ledger_options& how,
                  const environment& env);
int ledger_restore(const terminal& term, const ledger_options& how, const environment& env);

} // namespace igl::commands
