#include "actors/commands/dead_letter_pages.hpp"

#include "messages/dead_letters.hpp"
#include "messages/errors.hpp"
#include "messages/json.hpp"
#include "messages/uri.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace igl::commands {

using nlohmann::json;

caf::expected<json> page_of(node_client& node, const std::string& of, uint64_t after) {
  auto path = "/operator/dead-letters?limit=1000&after=" + std::to_string(after);
  if (!of.empty())
    path += "&cause=" + percent_encode(of);
  return node.operation("GET", path);
}

caf::expected<json> page_of_groups(node_client& node, uint64_t after) {
  return node.operation("GET",
                        "/operator/dead-letters/groups?limit=10000&after=" + std::to_string(after));
}

caf::error for_each_letter(node_client& node, const std::string& of, uint64_t after,
                           const std::function<void(const dead_letter&, const json&)>& use) {
  for (;;) {
    auto page = page_of(node, of, after);
    if (!page)
      return page.error();
    for (const auto& entry : page->at("dead_letters"))
      use(entry.get<dead_letter>(), entry);
    if (!page->contains("next"))
      return caf::none;
    after = page->at("next").get<uint64_t>();
  }
}

caf::expected<std::vector<dead_letter_group>> groups_of(node_client& node) {
  std::vector<dead_letter_group> all;
  for (uint64_t after = 0;;) {
    auto page = page_of_groups(node, after);
    if (!page)
      return page.error();
    for (const auto& entry : page->at("groups"))
      add_to(all, entry.get<dead_letter_group>());
    if (!page->contains("next"))
      break;
    after = page->at("next").get<uint64_t>();
  }
  std::stable_sort(all.begin(), all.end(),
                   [](const auto& a, const auto& b) { return a.count > b.count; });
  return all;
}

caf::expected<json> letter_of(node_client& node, uint64_t number) {
  return node.operation("GET", "/operator/dead-letters/" + std::to_string(number));
}

caf::expected<json> act_on(node_client& node, uint64_t number, const std::string& what) {
  return node.operation("POST", "/operator/dead-letters/" + std::to_string(number) + "/" + what);
}

caf::expected<dead_letter_group> group_named(node_client& node, const std::string& name) {
  auto cause = parse_dead_letter_cause(name);
  if (!cause)
    return make_problem(errc::bad_request, "'" + name +
                                               "' is no group such as outbox/no_channel/SG; igl "
                                               "dead-letters lists them");
  auto groups = groups_of(node);
  if (!groups)
    return groups.error();
  for (auto& group : *groups)
    if (group.cause == *cause)
      return group;
  return make_problem(errc::not_found, "there is no dead letter of the group " + name);
}

} // namespace igl::commands
