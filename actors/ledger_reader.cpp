#include "actors/ledger_reader.hpp"

#include "messages/probes.hpp"

#include "actors/supervisor.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

namespace igl {

ledger_reader_actor::behavior_type
ledger_reader(ledger_reader_actor::stateful_pointer<ledger_reader_state> self,
              std::shared_ptr<const ledger> on_disk) {
  name_exceptions(self);
  answer_probes(self);
  return {
      [=](const find_message& x) { return on_disk->read(x); },
      [=](const find_channel_record& x) { return on_disk->read(x); },
      [=](const channel_records_since& x) { return on_disk->read(x); },
      [=](const find_events& x) { return on_disk->read(x); },
      [=](const find_object& x) { return on_disk->read(x); },
      [=](const may_read& x) { return on_disk->read(x); },
      [=](const read_piece& x) { return on_disk->read(x); },
      [=](const find_subscribers& x) { return on_disk->read(x); },
      [=](const find_subscription& x) { return on_disk->read(x); },
      [=](const find_ending_subscriptions& x) { return on_disk->read(x); },
      [=](const find_subscriptions& x) { return on_disk->read(x); },
      [=](const find_hub_event& x) { return on_disk->read(x); },
      [=](const find_hub_events& x) { return on_disk->read(x); },
      [=](const find_lane& x) { return on_disk->read(x); },
      [=](const find_latest_events& x) { return on_disk->read(x); },
      [=](const find_cursor& x) { return on_disk->read(x); },
      [=](const due_jobs& x) { return on_disk->read(x); },
      [=](const find_dead_letters& x) { return on_disk->read(x); },
      [=](const find_dead_letter_groups& x) { return on_disk->read(x); },
      [=](const find_job& x) { return on_disk->read(x); },
      [=](const ledger_figures_query& x) { return on_disk->read(x); },
  };
}

} // namespace igl
