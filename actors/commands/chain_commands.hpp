#pragma once

#include "actors/commands/client_commands.hpp"

#include <cstdint>
#include <string>

/// `igl chain …`: what an operator or a tester does to the chain of a channel. It works on the
/// chain's folder, whether endpoints have it open or not; they find the changes by themselves.
namespace igl::commands {

struct chain_options {
  std::string folder;
  uint64_t newest = 10;                 ///< blocks that are shown
  uint64_t blocks = 1;                  ///< to be made
  uint64_t depth = 1;                   ///< of a fork: blocks that are left behind
  std::string transactions = "waiting"; ///< of a fork: or "mined-again", "dropped"
  uint64_t number = 0;                  ///< of the block that becomes the tip
  std::string id;                       ///< a channel's id of a message
};

int chain_show(const terminal& term, const chain_options& how);
int chain_find(const terminal& term, const chain_options& how);
int chain_mine(const terminal& term, const chain_options& how);
int chain_fork(const terminal& term, const chain_options& how);
int chain_switch(const terminal& term, const chain_options& how);

} // namespace igl::commands
