#pragma once

#include "config/settings.hpp"
#include "messages/promise.hpp"
#include "messages/surroundings.hpp"
#include "messages/timeouts.hpp"
#include "storage/streams.hpp"

#include <caf/actor_clock.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_set>
#include <vector>

namespace igl {

/// How a job ends whose attempts are used up.
using job_ending = std::function<settlement(const job_delivery&, const caf::error&)>;

struct job_source_options {
  stream from = stream::inbox;
  uint32_t credit = 256;                       ///< jobs in hand, and messages, at most
  retry_settings retry;                        ///< for errors of the job itself
  std::chrono::milliseconds keep_alive{10000}; ///< well within the stream's ack_wait
  job_ending on_exhausted;                     ///< none: give_up
  /// A peer is busy: the job is postponed; attempts do not count.
  retry_settings busy{std::chrono::milliseconds{100}, std::chrono::milliseconds{5000}, 0, 1.0};
  /// The worker crashed or is restarting: so often the job is given to it again at once.
  retry_settings crashed{std::chrono::milliseconds{50}, std::chrono::milliseconds{1000}, 5, 1.0};
  /// The ledger does not accept a settlement; attempts do not count.
  retry_settings unsettled{std::chrono::milliseconds{100}, std::chrono::milliseconds{5000}, 0, 1.0};
};

// -- what a source decides, as plain functions ---------------------------------------------------

/// What follows from what a worker answered.
enum class job_verdict : uint8_t {
  settled,   ///< it is settled, by the worker or by somebody before: acknowledge
  try_here,  ///< the worker crashed or is not there: give it the job again soon
  postpone,  ///< settle: later, without counting
  try_again, ///< settle: later, counted
  exhausted, ///< settle: the end
};

/// `crashes`: how often the worker was found dead with this delivery before.
job_verdict judge(const caf::error& err, const job_ticket& ticket, uint32_t crashes,
                  const job_source_options& options);

/// The job becomes a dead letter.
settlement dead(const job_delivery& job, const caf::error& err);

/// How a job whose attempts are used up is settled where nobody says otherwise: as the stream
/// catalogue says.
settlement give_up(stream from, const job_delivery& job, const caf::error& err);

/// Lets a plain function of ticket, order and error decide how a job ends.
template <class Order, class Function>
job_ending ending_of(Function decide) {
  return [decide](const job_delivery& job, const caf::error& err) {
    auto order = parse_order<Order>(job.body);
    // What cannot be read cannot be ended otherwise.
    return order ? settlement{decide(job.ticket, *order, err)} : dead(job, err);
  };
}

// -- the actor ------------------------------------------------------------------------------------

/// A job out of a message of the stream; the message is acknowledged when all its jobs are settled.
struct job_in_message {
  job_delivery job;
  std::string acknowledgement;
};

/// A delivered job and how it does.
struct job_in_hand {
  job_delivery job;
  std::vector<std::string> acknowledgements; ///< of this delivery and its repetitions
  std::vector<job_in_message> next;          ///< same id, other ticket: after this one
  uint32_t crashes = 0;                      ///< how often the worker was found dead
  caf::actor_clock::time_point asked;        ///< the worker was given it
  uint64_t turn = 0;                         ///< which question to a worker is the one that counts
};

/// What a source is doing, for people: whose worker has had a job longest, and how many more are
/// with it.
std::string work_under_way(stream from, const std::map<std::string, job_in_hand>& in_hand,
                           caf::actor_clock::time_point now);

/// The last tickets of which nothing is left to do, so many at most. A publisher that starts again
/// publishes what is open in other messages than before, and streams give out again what they are
/// not sure of: that costs no worker a second look.
class settled_tickets {
public:
  explicit settled_tickets(size_t at_most) : at_most_(at_most) {}
  bool contain(const job_ticket& x) const { return known_.contains(publication_id(x)); }
  void add(const job_ticket& x) {
    if (auto [i, fresh] = known_.insert(publication_id(x)); fresh)
      order_.push_back(&*i);
    if (order_.size() <= at_most_)
      return;
    known_.erase(known_.find(*order_.front()));
    order_.pop_front();
  }

private:
  size_t at_most_;
  std::unordered_set<std::string> known_; ///< its elements stay where they are
  std::deque<const std::string*> order_;
};

/// A message of the stream, as long as it is not acknowledged.
struct message_in_hand {
  size_t unsettled = 0;               ///< jobs
  caf::actor_clock::time_point since; ///< it came
};

/// Gives one job to its worker; calls `done` once, in the source.
using job_answer = std::function<void(caf::error)>;
using job_performer =
    std::function<void(job_source_actor::pointer, const job_delivery&, const job_answer& done)>;

struct job_source_state {
  static inline const char* name = "job-source";

  std::map<std::string, job_in_hand> in_hand;      ///< by job id
  std::deque<job_in_message> waiting;              ///< for one of those in hand to end
  std::map<std::string, message_in_hand> messages; ///< by acknowledgement
  settled_tickets lately{4096};
  std::multimap<caf::actor_clock::time_point, std::function<void()>> later;
  std::map<std::string, uint32_t> busy; ///< how often in a row a job was postponed
  std::vector<std::shared_ptr<guarded_promise<drained>>> draining;
  caf::actor_clock::time_point keep_alive;
  uint64_t last_turn = 0;
  uint64_t done = 0;
  uint64_t failed = 0;
  std::unique_ptr<streams::consumer> consumer;
};

/// The part of job_source that does not depend on the order.
job_source_actor::behavior_type
run_job_source(job_source_actor::stateful_pointer<job_source_state> self, surroundings with,
               std::shared_ptr<streams> from, job_source_options options, job_performer perform);

/// Pulls one stream's jobs, has a worker do each and acknowledges what is settled.
///
/// Takes:   the jobs of one stream, `credit` at a time; those that came with others in one message
///          may have to wait
/// Calls:   the worker that `pick` names; none: the job fails with unknown_channel
/// Settles: what the worker could not: `again` after a pause, `postponed` while the peer is busy
///          and, when the attempts are used up or trying again cannot help, as
///          `options.on_exhausted` says
/// Keeps:   a job whose settlement fails: it asks the ledger until it is settled
template <class Order>
job_source_actor::behavior_type
job_source(job_source_actor::stateful_pointer<job_source_state> self, surroundings with,
           std::shared_ptr<streams> from, job_source_options options,
           std::function<worker_actor<Order>(const Order&)> pick) {
  auto perform = [pick = std::move(pick)](job_source_actor::pointer source, const job_delivery& job,
                                          const job_answer& done) {
    auto order = parse_order<Order>(job.body);
    if (!order)
      return done(order.error());
    auto worker = pick(*order);
    if (!worker)
      return done(make_problem(errc::unknown_channel, "no worker takes " + job.ticket.id));
    auto answer = std::make_shared<const job_answer>(done);
    source->request(worker, caf::infinite, job.ticket, std::move(*order))
        .then([answer](const settled&) { (*answer)({}); },
              [answer](caf::error& err) { (*answer)(err); });
  };
  return run_job_source(self, std::move(with), std::move(from), std::move(options),
                        std::move(perform));
}

} // namespace igl
