#pragma once

#include "actors/commands/node_client.hpp"
#include "storage/ledger.hpp"

#include <memory>
#include <string>
#include <vector>

namespace igl::scenario {

/// What a running process tells of its ledger over HTTP: messages, documents, events and dead
/// letters. Everything else fails with unavailable.
std::shared_ptr<ledger> remote_ledger(node_client& at, std::vector<std::string> nations);

} // namespace igl::scenario
