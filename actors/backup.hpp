#pragma once

#include "actors/machine.hpp"
#include "messages/interfaces.hpp"
#include "messages/surroundings.hpp"
#include "storage/ledger.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <memory>

namespace igl {

struct backup_actor_state {
  static inline const char* name = "backup";
  backup_state last; ///< of the backup that goes on, or of the last one
  std::string who;   ///< asked for it
  caf::actor_addr worker; ///< copies
  std::shared_ptr<copy_progress> progress = std::make_shared<copy_progress>();
};

/// Copies the ledger for an operator, on a thread of its own, one copy at a time; it ends with
/// this actor.
///
/// Writes:  ledger_backed_up, with who and where, when the copy is whole
/// Refuses: conflict, while another one goes on or the folder is there; bad_request, a folder that
///          is not named from the root on
backup_actor::behavior_type backup(backup_actor::stateful_pointer<backup_actor_state> self,
                                   surroundings with, std::shared_ptr<ledger> on_disk,
                                   threading threads);

} // namespace igl
