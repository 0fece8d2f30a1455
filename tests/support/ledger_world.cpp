#include "tests/support/ledger_world.hpp"

#include <algorithm>
#include <tuple>

namespace igl {

std::shared_ptr<ledger> ledger_world::open() {
  auto opened = ledger::open({folder.path(), "AU", size_t{1} << 26, now()});
  REQUIRE_MESSAGE(opened, "the ledger cannot be opened");
  return *opened;
}

surroundings ledger_world::start() {
  return {
      keep(caf::actor_cast<ledger_actor>(system.spawn(ledger_writer, on_disk, publisher, waiting))),
      keep(system.spawn(ledger_reader, on_disk)), now(), random()};
}

job_publisher_actor::behavior_type ledger_world::count_nudges(job_publisher_actor::pointer,
                                                              uint64_t* nudges) {
  return {
      [=](const jobs_opened&) { ++*nudges; },
      [](const republish&) {},
      [](const publisher_query&) { return publisher_status{}; },
      [](const published_when& x) { return published_at{x.place.due}; },
      [](const publication_ended&) {},
      [](caf::tick_atom) {},
  };
}

settled ledger_world::write(settlement what) {
  auto result = ask(around.ledger, std::move(what)).answer<settled>();
  REQUIRE_MESSAGE(result, sentence_of(result.error()));
  return *result;
}

void ledger_world::open_jobs(std::vector<job_order> jobs) {
  settlement what;
  what.opens = std::move(jobs);
  write(std::move(what));
}

std::vector<open_job> ledger_world::due_at(caf::timestamp at) {
  std::vector<open_job> all;
  for (const auto& entry : stream_catalogue()) {
    auto found = on_disk->read(due_jobs{entry.id, {}, at, 100'000});
    REQUIRE(found);
    all.insert(all.end(), found->jobs.begin(), found->jobs.end());
  }
  std::sort(all.begin(), all.end(), [](const auto& x, const auto& y) {
    return std::tie(x.order.due, x.number) < std::tie(y.order.due, y.number);
  });
  return all;
}

std::vector<dead_letter> ledger_world::dead_letters() {
  auto found = on_disk->read(find_dead_letters{0, 100'000});
  REQUIRE(found);
  return found->letters;
}

ledger_figures ledger_world::figures() {
  auto found = on_disk->read(ledger_figures_query{});
  REQUIRE(found);
  return *found;
}

message example_message(uint32_t number) {
  return {"AU",
          std::to_string(number),
          "SG",
          "AU.abn0000000000." + std::to_string(number),
          "QmQtYtUS7K1AdKjbuMsmPmPGDLaKL38M5HYwqxW9RKW49n",
          "UN.CEFACT.Trade.CertificateOfOrigin.created"};
}

} // namespace igl
