#pragma once

#include <string>
#include <vector>

namespace igl::scenario {

/// A document of a story: words, and by their multihashes the documents that it refers to.
std::string document_text(const std::string& words, const std::vector<std::string>& links);

/// The words of a document of which only the multihash is known.
std::string stand_in_words(const std::string& multihash);

} // namespace igl::scenario
