#include "actors/job_bundle.hpp"

#include "messages/json.hpp"
#include "messages/quick_json.hpp"

#include <nlohmann/json.hpp>

namespace igl {

namespace {

/// An array as `bundle_of` writes it.
bool read_quickly(std::string_view payload, std::vector<std::string>& found) {
  quick_json::reader in{payload};
  if (!in.literal("["))
    return false;
  do {
    std::string_view one;
    if (!in.object(one))
      return false;
    found.emplace_back(one);
  } while (in.literal(","));
  return in.literal("]") && in.at_end();
}

} // namespace

std::string bundle_of(const std::vector<std::string>& deliveries) {
  if (deliveries.size() == 1)
    return deliveries.front();
  std::string text{"["};
  for (const auto& x : deliveries) {
    if (text.size() > 1)
      text += ',';
    text += x;
  }
  return text += ']';
}

std::vector<std::string> deliveries_in(std::string_view payload) {
  std::vector<std::string> found;
  if (payload.starts_with('{'))
    return {std::string{payload}};
  if (read_quickly(payload, found))
    return found;
  auto tree = parse_json(payload);
  if (!tree || !tree->is_array() || tree->empty())
    return {std::string{payload}};
  found.clear();
  for (const auto& x : *tree)
    found.push_back(x.dump());
  return found;
}

} // namespace igl
