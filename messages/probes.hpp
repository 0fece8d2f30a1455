#pragma once

#include "messages/type_ids.hpp"

#include <caf/scheduled_actor.hpp>

#include <functional>
#include <string>

namespace igl {

/// Lets an actor tell its supervisor how it does, besides what its interface says. `doing`: what it
/// is at, in a few words; called in the actor. An actor that is at work does not answer, and that
/// is an answer, too.
inline void answer_probes(caf::scheduled_actor* self, std::function<std::string()> doing = {}) {
  self->set_default_handler([doing = std::move(doing)](
                                caf::scheduled_actor* who,
                                caf::message_view& what) -> caf::result<caf::message> {
    if (!what.content().match_elements<actor_probe>())
      return caf::print_and_drop(who, what);
    return caf::make_message(actor_probed{who->mailbox().count(), doing ? doing() : std::string{}});
  });
}

} // namespace igl
