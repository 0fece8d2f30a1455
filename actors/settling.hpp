#pragma once

#include "messages/promise.hpp"
#include "messages/surroundings.hpp"
#include "messages/timeouts.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <memory>
#include <utility>

namespace igl {

/// How often a decision is made anew because what it rested on had changed meanwhile.
inline constexpr uint32_t decisions_at_most = 10;

/// How long an actor waits for a neighbour that waits for the outside: what is configured for the
/// outside, twice (a token may have to be fetched first), and time for the neighbour itself.
inline std::chrono::milliseconds patience_for(std::chrono::milliseconds outside) {
  return 2 * outside + std::chrono::seconds{5};
}

/// A neighbour that speaks for a peer and did not answer, or ended: for the job it is the peer that
/// did not answer. Otherwise a source would take it for its worker being away, and not count.
inline caf::error as_peer_error(caf::error why) {
  auto code = code_of(why);
  if (code != errc::unavailable && code != errc::broken_promise)
    return why;
  return make_problem(errc::peer_timeout, problem_of(why).detail);
}

inline job_outcome closed(const job_ticket& ticket) {
  return {ticket, job_end::done, {}, {}};
}

/// A job that nobody can do as it is: an operator decides.
inline settlement dead_letter_of(const job_ticket& ticket, std::string reason) {
  settlement result;
  result.job = job_outcome{ticket, job_end::dead, {}, std::move(reason)};
  return result;
}

/// Settles, and calls `done(caf::expected<settled>)`.
template <class Self, class Done>
void settle(Self* self, const surroundings& around, settlement what, Done done) {
  // CAF copies handlers several times, with all they hold.
  auto then = std::make_shared<Done>(std::move(done));
  self->request(around.ledger, timeouts::settle, std::move(what))
      .then([then](const settled& x) { (*then)(caf::expected<settled>{x}); },
            [then](caf::error& why) { (*then)(caf::expected<settled>{std::move(why)}); });
}

/// The same for what was decided, if anything was: otherwise the result is its error.
template <class Self, class Done>
void settle(Self* self, const surroundings& around, caf::expected<settlement> decision, Done done) {
  if (decision)
    settle(self, around, std::move(*decision), std::move(done));
  else
    done(caf::expected<settled>{std::move(decision.error())});
}

/// A decision under way.
template <class Found, class Self, class Question, class Decide, class Done>
struct deciding {
  Self* self;
  surroundings around;
  Question question;
  Decide decide;
  Done done;

  /// Asks, decides and settles; stale: again, so many times in all at most.
  static void go_on(const std::shared_ptr<deciding>& x, uint32_t left) {
    x->self->request(x->around.reader, timeouts::read, x->question)
        .then(
            [=](const Found& found) {
              caf::expected<settlement> decision = x->decide(found);
              if (!decision) {
                x->done(caf::expected<settled>{std::move(decision.error())});
                return;
              }
              settle(x->self, x->around, std::move(*decision), [=](caf::expected<settled> result) {
                if (!result && code_of(result.error()) == errc::stale && left > 1)
                  go_on(x, left - 1);
                else
                  x->done(std::move(result));
              });
            },
            [=](caf::error& why) { x->done(caf::expected<settled>{std::move(why)}); });
  }
};

/// Asks the ledger's reader, decides (`caf::expected<settlement> decide(const Found&)`) and
/// settles; stale: asks and decides again. Calls `done(caf::expected<settled>)` once.
template <class Found, class Self, class Question, class Decide, class Done>
void read_decide_settle(Self* self, surroundings around, Question question, Decide decide,
                        Done done) {
  using decision = deciding<Found, Self, Question, Decide, Done>;
  decision::go_on(std::make_shared<decision>(decision{self, std::move(around), std::move(question),
                                                      std::move(decide), std::move(done)}),
                  decisions_at_most);
}

/// A promise as the `done` of the functions above.
template <class T>
auto answer_with(std::shared_ptr<guarded_promise<T>> answer) {
  return [answer](caf::expected<T> result) {
    answer->deliver(std::move(result));
  };
}

} // namespace igl
