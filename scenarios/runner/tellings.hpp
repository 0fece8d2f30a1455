#pragma once

#include "scenarios/runner/world.hpp"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace igl::scenario {

/// What each hub has to deliver to whom, and in which order it was: actors/WEBSUB.md, "Every event,
/// in order, for each subscriber". Hubs are those of the nodes and of the endpoints.
class tellings {
public:
  explicit tellings(world& of) : of_(of) {}

  void saw(const hop& x);
  void saw(const subscriber& who, const subscriber::told& what);
  /// An operator had a delivery done again.
  void replayed(const process& at, const job_order& job);

  /// A delivery to it about that is open.
  bool is_to_tell(const process& at, const std::string& callback, const std::string& about) const;
  bool is_to_tell(const process& at, const std::string& about) const;

  /// What was found while it happened.
  std::vector<std::string> take() { return std::exchange(wrong_, {}); }
  /// Deliveries that the ledger does not have though they have not ended.
  void look(const process& at, const ledger& book, std::vector<std::string>& wrong);

private:
  struct delivery {
    std::string about;
    uint64_t number = 0; ///< of the hub's event
  };
  /// Everything from one hub to one callback.
  struct lane {
    std::map<std::string, delivery> open; ///< by job
    bool opened_twice = false;   ///< a job was opened that was open: it may end once or twice
    std::set<uint64_t> told;     ///< numbers of events, as the callback heard them
    std::set<uint64_t> ended;    ///< as the hub says
    std::set<uint64_t> given_up; ///< late, if it is told after all
  };
  using place = std::pair<std::string, std::string>; ///< label of the process, callback

  void begin(const process& at, const job_order& job);
  void end(const hop& x);
  /// The first time, an event comes behind all that came before.
  static bool is_in_order(const std::set<uint64_t>& before, const lane& in, uint64_t number);

  world& of_;
  std::map<place, lane> lanes_;
  std::vector<std::string> wrong_;
};

} // namespace igl::scenario
