#include "scenarios/runner/tellings.hpp"

#include "scenarios/runner/telling.hpp"

#include <algorithm>

namespace igl::scenario {

void tellings::saw(const hop& x) {
  for (auto& job : x.what.opens)
    if (job.on == stream::delivery_outbox)
      begin(x.at, job);
  if (x.what.job && stream_of(x.what.job->ticket) == stream::delivery_outbox)
    end(x);
}

void tellings::begin(const process& at, const job_order& job) {
  // What is no event of the hub has no place in an order.
  if (job.lane.empty())
    return;
  auto& to = lanes_[{at.label, job.lane}];
  to.opened_twice |= !to.open.insert_or_assign(job.id, delivery{job.about, job.place}).second;
}

void tellings::end(const hop& x) {
  auto& outcome = *x.what.job;
  if (outcome.end != job_end::done && outcome.end != job_end::dead)
    return;
  for (auto& [where, to] : lanes_) {
    auto found = where.first == x.at.label ? to.open.find(outcome.ticket.id) : to.open.end();
    if (found == to.open.end())
      continue;
    auto [about, number] = std::move(found->second);
    to.open.erase(found);
    auto& facts = x.what.events;
    const bool delivered = std::any_of(facts.begin(), facts.end(), [](auto& y) {
      return y.what == event_kind::callback_delivered;
    });
    if (!delivered) {
      to.given_up.insert(number);
      return;
    }
    auto whom = "event " + std::to_string(number) + " of " + about;
    if (of_.subscribers().count(host_of(where.second)) != 0 && to.told.count(number) == 0)
      wrong_.push_back(x.at.label + " says that " + where.second + " was told " + whom +
                       ", and it was not");
    if (!is_in_order(to.ended, to, number))
      wrong_.push_back(x.at.label + " delivered " + whom + " to " + where.second + " after event " +
                       std::to_string(*to.ended.rbegin()));
    to.ended.insert(number);
    return;
  }
}

bool tellings::is_in_order(const std::set<uint64_t>& before, const lane& in, uint64_t number) {
  return before.empty() || number > *before.rbegin() || before.count(number) != 0 ||
         in.given_up.count(number) != 0;
}

void tellings::saw(const subscriber& who, const subscriber::told& what) {
  if (!what.number)
    return;
  auto& to = lanes_[{who.at, of_.callback_of(who)}];
  if (!is_in_order(to.told, to, *what.number))
    wrong_.push_back(who.name + " was told event " + std::to_string(*what.number) + " of " +
                     what.about + " for the first time after event " +
                     std::to_string(*to.told.rbegin()));
  to.told.insert(*what.number);
}

void tellings::replayed(const process& at, const job_order& job) {
  begin(at, job);
}

bool tellings::is_to_tell(const process& at, const std::string& callback,
                          const std::string& about) const {
  auto found = lanes_.find({at.label, callback});
  return found != lanes_.end() && std::any_of(found->second.open.begin(), found->second.open.end(),
                                              [&](auto& x) { return x.second.about == about; });
}

bool tellings::is_to_tell(const process& at, const std::string& about) const {
  return std::any_of(lanes_.begin(), lanes_.end(), [&](auto& x) {
    return x.first.first == at.label && is_to_tell(at, x.first.second, about);
  });
}

void tellings::look(const process& at, const ledger& book, std::vector<std::string>& wrong) {
  constexpr uint64_t not_counted_above = 10'000;
  for (auto& [where, to] : lanes_) {
    if (where.first != at.label || to.open.empty())
      continue;
    auto found = book.read(find_lane{where.second});
    if (!found || found->waiting >= std::min<uint64_t>(to.open.size(), not_counted_above))
      continue;
    if (!to.opened_twice)
      wrong.push_back(at.label + " has lost " + std::to_string(to.open.size() - found->waiting) +
                      " deliveries to " + where.second + ", one of " +
                      to.open.begin()->second.about);
    // Said once.
    to.open.clear();
    to.opened_twice = false;
  }
}

} // namespace igl::scenario
