#pragma once

#include "actors/commands/node_client.hpp"
#include "messages/queries.hpp"

#include <nlohmann/json_fwd.hpp>

#include <functional>
#include <string>
#include <vector>

/// What the commands for dead letters ask a node, page by page.
namespace igl::commands {

/// A page of dead letters after a number; `of`: empty, or a group.
caf::expected<nlohmann::json> page_of(node_client& node, const std::string& of, uint64_t after);
/// All of them after a number, as they are and as JSON.
caf::error
for_each_letter(node_client& node, const std::string& of, uint64_t after,
                const std::function<void(const dead_letter&, const nlohmann::json&)>& use);
/// So many dead letters after a number, counted by cause.
caf::expected<nlohmann::json> page_of_groups(node_client& node, uint64_t after);
/// The largest first.
caf::expected<std::vector<dead_letter_group>> groups_of(node_client& node);
/// The group of that name, as the list has it. Fails with bad_request: that is no name of a group.
caf::expected<dead_letter_group> group_named(node_client& node, const std::string& name);
/// One dead letter. Fails with not_found.
caf::expected<nlohmann::json> letter_of(node_client& node, uint64_t number);
/// "replay" or "drop". Fails with not_found.
caf::expected<nlohmann::json> act_on(node_client& node, uint64_t number, const std::string& what);

} // namespace igl::commands
