#pragma once

#include "scenarios/runner/world.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace igl::scenario {

/// Where each document has to be, and who may read it there.
class readers {
public:
  /// A node stored a document of a business for a nation: 200. False: it is not on its disk.
  bool stored(const std::string& node, const std::string& hash, const std::string& reader,
              const std::vector<std::string>& links);
  /// It was asked to, and ended before it answered, or the answer was lost.
  void may_have_stored(const std::string& node, const std::string& hash,
                       const std::string& reader) {
    at_[node][hash].readers.insert(reader);
  }
  void saw(const hop& x);

  /// Documents that are not where they were, or that somebody else may read.
  void look(world& of, const process& at, const ledger& book,
            std::vector<std::string>& wrong) const;
  /// What a message that has arrived refers to at its sender, and its receiver does not have or may
  /// not read.
  std::vector<std::string> missing(const message& x, const ledger& of_receiver) const;

private:
  struct document {
    bool is_here = false;
    std::set<std::string> readers; ///< nations
  };

  std::map<std::string, std::map<std::string, document>> at_; ///< node → hash →
  std::map<std::string, std::vector<std::string>> links_;     ///< hash → hashes
};

} // namespace igl::scenario
