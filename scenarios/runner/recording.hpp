#pragma once

#include "messages/errors.hpp"
#include "messages/events.hpp"
#include "messages/message.hpp"

#include <map>
#include <string>
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
  bool documents_are_beside = false; ///< they lie in the folder of the story
};

/// Asks a node for its event log, for the messages in it, and for what their documents refer to.
///
/// `about`: this message only; empty: all. `folder`: where the documents are to lie; empty:
/// nowhere. Fails with what the node answered, or unavailable if it is not understood or the folder
/// cannot be written.
caf::expected<recording> read_recording(node_client& at, const std::string& about,
                                        const std::string& folder);

} // namespace igl::scenario
