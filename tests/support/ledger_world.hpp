#pragma once

#include "actors/ledger_reader.hpp"
#include "actors/ledger_writer.hpp"
#include "tests/support/actor_world.hpp"
#include "tests/support/recording_ledger.hpp"
#include "tests/support/temporary_folder.hpp"

#include <memory>
#include <string>
#include <vector>

namespace igl {

/// An actor_world with a real ledger on disk, its writer and reader: what an actor needs around it.
///
/// Put something there with `write(settlement)`, look at what an actor settled in
/// `on_disk->asked`, let the ledger fail with `on_disk->fails_with`.
struct ledger_world : actor_world {
  temporary_folder folder;
  std::shared_ptr<recording_ledger> on_disk = std::make_shared<recording_ledger>(open());
  std::shared_ptr<gauge> waiting =
      std::make_shared<gauge>(std::chrono::milliseconds{50}); ///< requests that wait for APIs
  uint64_t nudges = 0; ///< how often the writer told the publisher that jobs were opened
  job_publisher_actor publisher = keep(system.spawn(count_nudges, &nudges));
  surroundings around = start();

  settled write(settlement what);
  /// Opens jobs as an API would.
  void open_jobs(std::vector<job_order> jobs);
  /// Open jobs that are due by now, in order.
  std::vector<open_job> due() { return due_at(now()()); }
  std::vector<open_job> due_at(caf::timestamp at);
  std::vector<dead_letter> dead_letters();
  ledger_figures figures();

private:
  std::shared_ptr<ledger> open();
  surroundings start();
  static job_publisher_actor::behavior_type count_nudges(job_publisher_actor::pointer,
                                                         uint64_t* nudges);
};

/// AU's message 1, 2, …: a certificate of origin to SG.
message example_message(uint32_t number);

} // namespace igl
