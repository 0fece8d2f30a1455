#pragma once

#include "actors/call_book.hpp"
#include "actors/peer_gate.hpp"
#include "actors/settling.hpp"
#include "messages/errors.hpp"
#include "messages/interfaces.hpp"

#include <functional>
#include <memory>
#include <string>

namespace igl {

/// A call that the call book allows, of somebody whom a stranger named.
struct permitted_call {
  http_client_actor http;
  std::string peer; ///< its origin
  std::shared_ptr<const call_permit> permit;
  std::function<caf::timestamp()> now;
};

/// Makes the call when there is a place at the gate of the actor's state. `question()` is the
/// request, made no sooner. Before `heard(const http_response&)` or `not_heard(caf::error)` the
/// place is given back and the call book knows how the call ended. Fails with peer_busy when too
/// many wait for that peer.
template <class Self, class Question, class Heard, class NotHeard>
void call_in_turn(Self* self, const permitted_call& x, Question question, Heard heard,
                  NotHeard not_heard) {
  auto ask = [=] {
    self->request(x.http, timeouts::outside, question())
        .then(
            [=](const http_response& said) {
              x.permit->ended(call_end_of(said), x.now());
              self->state.gate.leave(x.peer, peer_mood::answering);
              heard(said);
            },
            [=](caf::error& failure) {
              auto why = as_peer_error(std::move(failure));
              x.permit->ended(call_end_of(why), x.now());
              self->state.gate.leave(x.peer, mood_after(why));
              not_heard(std::move(why));
            });
  };
  self->state.gate.admit(x.peer, {ask, [=] {
                                    not_heard(make_problem(errc::peer_busy, x.peer));
                                  }});
}

} // namespace igl
