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
  struct call {
    permitted_call permitted;
    Question question;
    Heard heard;
    NotHeard not_heard;
  };
  auto made = std::make_shared<const call>(
      call{x, std::move(question), std::move(heard), std::move(not_heard)});
  auto ask = [self, made] {
    self->request(made->permitted.http, timeouts::outside, made->question())
        .then(
            [self, made](const http_response& said) {
              const auto& of = made->permitted;
              of.permit->ended(call_end_of(said), of.now());
              self->state.gate.leave(of.peer, peer_mood::answering);
              made->heard(said);
            },
            [self, made](caf::error& failure) {
              const auto& of = made->permitted;
              auto why = as_peer_error(std::move(failure));
              of.permit->ended(call_end_of(why), of.now());
              self->state.gate.leave(of.peer, mood_after(why));
              made->not_heard(std::move(why));
            });
  };
  self->state.gate.admit(x.peer,
                         {ask, [made] {
                            made->not_heard(make_problem(errc::peer_busy, made->permitted.peer));
                          }});
}

} // namespace igl
