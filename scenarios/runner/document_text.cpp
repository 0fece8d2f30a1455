#include "scenarios/runner/document_text.hpp"

#include <nlohmann/json.hpp>

namespace igl::scenario {

std::string document_text(const std::string& words, const std::vector<std::string>& links) {
  if (links.empty())
    return words;
  auto listed = nlohmann::json::array();
  for (auto& link : links)
    listed.push_back({{"rel", "part"}, {"type", "application/json"}, {"link", link}});
  return nlohmann::json{{"text", words}, {"links", listed}}.dump();
}

std::string stand_in_words(const std::string& multihash) {
  return "the document " + multihash;
}

} // namespace igl::scenario
