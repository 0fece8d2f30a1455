#pragma once

#include "scenarios/runner/hearing.hpp"
#include "scenarios/runner/readers.hpp"
#include "scenarios/runner/tellings.hpp"
#include "scenarios/runner/workload.hpp"
#include "scenarios/runner/world.hpp"

#include <map>
#include <set>
#include <string>
#include <unordered_set>
#include <vector>

namespace igl::scenario {

/// What must be true of every story, whatever happened in it. Watches what happens, and compares at
/// rest.
///
/// Nothing is excused but by what explains it: the very job that will do it, where it has to be
/// done, a dead letter of that, or an operator who dropped it; and troubles of whoever would have
/// to do it.
class invariants {
public:
  explicit invariants(world& of) : of_(of), tellings_(of) {}

  /// A node took a message of a business: 201.
  void accepted(const reference& x);
  /// It took a document: 200.
  void stored(const std::string& node, const std::string& hash, const std::string& reader,
              const std::vector<std::string>& links);
  /// It was asked to, and nobody knows whether it did.
  void may_have_stored(const std::string& node, const std::string& hash,
                       const std::string& reader) {
    readers_.may_have_stored(node, hash, reader);
  }
  void saw(const hop& x);
  /// A process acknowledged a message of a stream.
  void forgotten(const process& at, const std::string& message);
  void saw(const subscriber& who, const subscriber::told& what);
  /// An operator dropped a job: what it would have done need not be.
  void dropped(const process& at, const job_order& job) { dropped_.insert(place_of(at, job)); }
  /// Or had it done again.
  void replayed(const process& at, const job_order& job) { tellings_.replayed(at, job); }

  /// What is not true, readable; empty: all of it is. Processes that are down are not asked.
  /// `over`: nothing went wrong for a day, so nobody has anything left to do either.
  std::vector<std::string> broken(bool over = false);

  /// Messages of ours that their receivers' nodes have.
  uint64_t arrived() const { return arrived_; }

private:
  using place = std::tuple<std::string, stream, std::string, std::string>;
  static place place_of(const process& at, const job_order& x) {
    return {at.label, x.on, x.about, x.lane};
  }

  void look_at_messages(bool over, std::vector<std::string>& wrong);
  void look_at_arrival(const message_record& ours, bool over, std::vector<std::string>& wrong);
  void look_at_jobs(const process& x, const workload& of, bool over,
                    std::vector<std::string>& wrong);
  void look_at_dead_letters(const process& x, const ledger& book, std::vector<std::string>& wrong);
  void look_at_channel(const channel_plan& x, bool over, std::vector<std::string>& wrong);
  const channel_message* last_arrival(const process& at, const std::string& id) const;
  /// It has a job of one of these streams about that, or a dead letter, or had one.
  bool is_explained(const process& x, std::initializer_list<stream> by, const std::string& about);
  bool will_tell(const process& x, const std::string& who, const std::string& about);

  world& of_;
  std::set<reference> accepted_;
  std::vector<std::string> wrong_;          ///< found while it happened
  std::unordered_set<std::string> settled_; ///< process and job
  struct seen {
    message_status status;
    caf::timestamp since;
  };
  std::map<std::pair<std::string, reference>, seen> messages_;
  std::map<std::string, std::map<std::pair<channel_half, std::string>, channel_message>> records_;
  std::map<const process*, workload> work_; ///< of those that are up, while they are compared
  std::set<place> dropped_;
  hearing hearing_;
  tellings tellings_;
  readers readers_;
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
