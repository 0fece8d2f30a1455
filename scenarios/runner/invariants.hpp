#pragma once

#include "scenarios/runner/hearing.hpp"
#include "scenarios/runner/world.hpp"

#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace igl::scenario {

/// What must be true of every story, whatever happened in it. Watches what happens, and compares at
/// rest.
class invariants {
public:
  explicit invariants(world& of) : of_(of) {}

  /// A node took a message of a business: 201.
  void accepted(const reference& x) { accepted_.insert(x); }
  void saw(const hop& x);
  void saw(const subscriber& who, const subscriber::told& what);

  /// What is not true, readable; empty: all of it is. Processes that are down are not asked.
  /// `over`: nothing went wrong for a day, so nobody has anything left to do either.
  std::vector<std::string> broken(bool over = false);

  /// An operator dropped a job: what it would have done need not be.
  void dropped(const std::string& job, const std::string& about) {
    to_tell_.erase(job);
    hearing_.dropped(about);
  }

  /// Messages of ours that their receivers' nodes have.
  uint64_t arrived() const { return arrived_; }

private:
  void look_at_messages(bool over, std::vector<std::string>& wrong);
  void look_at_jobs(const process& x, const ledger& book, bool over,
                    std::vector<std::string>& wrong);
  void look_at_dead_letters(const process& x, const ledger& book, std::vector<std::string>& wrong);
  bool works_on(const process& x, const std::string& about);
  bool waits_in_line(const process& x, const std::string& who);
  void look_at_channel(const channel_plan& x, bool over, std::vector<std::string>& wrong);
  void look_at_subscribers(std::vector<std::string>& wrong);
  bool is_in_hand(const std::string& about);

  world& of_;
  std::set<reference> accepted_;
  std::vector<std::string> wrong_; ///< found while it happened
  std::map<std::pair<std::string, reference>, message_status> messages_;
  std::map<std::string, std::map<std::pair<channel_half, std::string>, channel_message>> records_;
  std::map<std::string, deliver_callback> to_tell_; ///< by job
  std::unordered_set<std::string> told_;            ///< long texts that begin alike
  hearing hearing_;
  /// What the events of a process say of its dead letters.
  struct dead_letter_count {
    uint64_t last_event = 0;
    uint64_t died = 0;
    uint64_t taken_off = 0; ///< replayed or dropped by an operator
  };
  std::map<std::string, dead_letter_count> dead_letters_; ///< by label
  uint64_t arrived_ = 0;
};

} // namespace igl::scenario
