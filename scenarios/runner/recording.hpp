#pragma once

#include "messages/errors.hpp"
#include "messages/events.hpp"
#include "messages/message.hpp"

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace igl {
class node_client;
}

namespace igl::scenario {

/// What a running node tells of what happened there.
struct recording {
  std::string nation; ///< whose node it is
  std::vector<event> events;
  std::map<std::string, message> messages; ///< by reference, `AU:17`
  /// What each document that the node has refers to, by multihash.
  std::map<std::string, std::vector<std::string>> links;
  std::set<std::pair<std::string, std::string>> read; ///< a document, and a nation that may read it
  bool documents_are_beside = false;                  ///< they lie in the folder of the story
  bool has_all_documents = true; ///< false: there are more than `most_documents`, or deeper ones

  bool has(const std::string& document, const std::string& reader) const {
    return read.count({document, reader}) != 0;
  }
};

/// How far links are followed, from a message's document on, and for how many documents at most is
/// asked. A node's spider.link_depth can be no deeper.
constexpr uint32_t deepest_link = 64;
constexpr size_t most_documents = 10'000;

/// Asks a node for its event log, for the messages in it, and for what their documents refer to.
///
/// `about`: this message only; empty: all. `folder`: where the documents are to lie; empty:
/// nowhere. Fails with what the node answered, bad_answer if that is not what a node says, or
/// unavailable if the folder cannot be written. A document that its receiver may not read is none.
caf::expected<recording> read_recording(node_client& at, const std::string& about,
                                        const std::string& folder);

} // namespace igl::scenario
