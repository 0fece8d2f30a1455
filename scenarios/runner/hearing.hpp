#pragma once

#include "scenarios/runner/world.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace igl::scenario {

/// Who has to hear of what, as the subscriptions say when it happens, whatever the node makes of
/// it.
class hearing {
public:
  void saw(const hop& x, caf::timestamp now);
  void saw(const subscriber& who, const subscriber::told& what);
  /// An operator gave up a job about this.
  void dropped(const std::string& about) { dropped_.insert(about); }

  /// What should have been heard by now. `excused`: a node still works on something, or a dead
  /// letter says why it does not.
  using excuse = std::function<bool(const std::string& node, const std::string& who,
                                    const std::string& about)>;
  std::vector<std::string> missing(const excuse& excused);

private:
  struct subscribed {
    std::string node;
    std::string who;
    std::string topic; ///< canonical

    friend auto operator<=>(const subscribed&, const subscribed&) = default;
  };
  struct owed {
    std::string node;
    std::string who;
    std::string about; ///< "AU:17"
    std::string predicate;

    friend auto operator<=>(const owed&, const owed&) = default;
  };

  void changed(const subscription_change& x, const std::string& node);
  void owe(const std::string& node, const std::string& about, const std::string& predicate,
           caf::timestamp now);

  std::map<subscribed, caf::timestamp> active_; ///< until when
  std::map<std::pair<std::string, reference>, message_status> known_;
  std::map<owed, caf::timestamp> owed_; ///< since when
  std::set<std::string> dropped_;
};

/// The host of a URL.
std::string host_in(const std::string& url);

} // namespace igl::scenario
