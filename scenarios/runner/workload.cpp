#include "scenarios/runner/workload.hpp"

#include <iterator>

namespace igl::scenario {

namespace {

constexpr uint32_t all = 100'000;

} // namespace

caf::expected<workload> workload::of(const ledger& x, caf::timestamp now) {
  workload result;
  for (auto& entry : stream_catalogue()) {
    auto open = x.read(due_jobs{entry.id, {}, now + far, all});
    if (!open)
      return open.error();
    for (auto& job : open->jobs)
      result.open_.insert(key(entry.id, job.order.about));
    std::move(open->jobs.begin(), open->jobs.end(), std::back_inserter(result.jobs));
  }
  auto dead = x.read(find_dead_letters{0, all});
  if (!dead)
    return dead.error();
  result.letters = std::move(dead->letters);
  for (auto& letter : result.letters)
    result.dead_.insert(key(letter.job.order.on, letter.job.order.about));
  return result;
}

} // namespace igl::scenario
