#pragma once

#include "scenarios/runner/recording.hpp"

#include <iosfwd>
#include <string>

namespace igl::scenario {

/// A story that lets the same happen again: everybody posts, decides and subscribes as they did, at
/// the same intervals; what went wrong outside is in remarks. What must come out is what the node
/// recorded of each message. `about`: this message only; empty: all.
std::string recorded_story(const recording& x, const std::string& about);

struct record_options {
  std::string from; ///< URL of the node's operator and message APIs
  std::string token;
  std::string message;   ///< `AU:17`; empty: all
  std::string documents; ///< folder for the documents; empty: the story has their hashes only
};

/// `igl scenario record`: prints the story of a running node. The exit status: 0, or 1 if the node
/// does not tell.
int record(const record_options& how, std::ostream& out, std::ostream& err);

} // namespace igl::scenario
