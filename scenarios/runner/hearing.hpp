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
  /// Why it should not have been told that; empty: it should.
  std::string saw(const subscriber& who, const subscriber::told& what);

  /// What should have been heard by now. `excused`: its node will still tell it, or a dead letter
  /// says why it does not.
  using excuse = std::function<bool(const std::string& node, const std::string& who,
                                    const std::string& about)>;
  std::vector<std::string> missing(const excuse& excused, caf::timestamp now);

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
  struct debt {
    uint64_t times = 0;
    caf::timestamp ends;      ///< of the lease: later it may be forgotten
    std::set<uint64_t> heard; ///< numbers of the hub's events
  };
  struct known {
    message_status status;
    std::string predicate;
  };

  void changed(const subscription_change& x, const std::string& node, caf::timestamp now);
  void owe(const std::string& node, const std::string& about, const std::string& predicate,
           caf::timestamp now);
  bool is_subscribed(const std::string& node, const std::string& who, const std::string& predicate,
                     caf::timestamp at) const;

  std::map<subscribed, caf::timestamp> subscribed_; ///< until when: in the past for who was
  std::map<std::pair<std::string, std::string>, known> known_; ///< node, message
  std::map<owed, debt> owed_;
};

} // namespace igl::scenario
