#include "scenarios/runner/invariants.hpp"

#include "messages/errors.hpp"
#include "scenarios/runner/telling.hpp"

#include <algorithm>

namespace igl::scenario {

namespace {

/// Everything that is open is due by then.
constexpr std::chrono::hours far{24 * 3650};

/// A subscriber and what it is told, in one key. Not the topic: what waits is told under another
/// one when the first has ended.
std::string telling_of(const std::string& subscriber_name, const std::string& body) {
  return subscriber_name + '\n' + body;
}

} // namespace

void invariants::saw(const hop& x) {
  hearing_.saw(x, of_.time().now());
  auto& where = x.at.label;
  for (auto& change : x.what.messages) {
    auto ref = change.record.content.ref();
    auto to = change.record.status;
    auto [at, fresh] = messages_.emplace(std::pair{where, ref}, to);
    if (fresh) {
      if (to != message_status::pending && to != message_status::received &&
          !change.record.rejected_by_channel)
        wrong_.push_back(where + " begins " + to_string(ref) + " as " + to_string(to));
      if (ref.sender != x.at.nation)
        ++arrived_;
      continue;
    }
    if (change.expects == 0)
      wrong_.push_back(to_string(ref) + " came into the lake of " + where + " twice");
    if (at->second != to && !may_follow(at->second, to))
      wrong_.push_back(where + " changes " + to_string(ref) + " from " + to_string(at->second) +
                       " to " + to_string(to));
    at->second = to;
  }
  for (auto& change : x.what.channel_records) {
    auto& said = change.record.said;
    auto& of = records_[where];
    auto [at, fresh] = of.emplace(std::pair{change.record.half, said.id}, said);
    if (fresh)
      continue;
    if (change.expects == 0)
      wrong_.push_back(said.id + " came into the store of " + where + " twice");
    if (at->second.status != said.status &&
        !may_follow(change.record.half, at->second.status, said.status))
      wrong_.push_back(where + " changes " + said.id + " from " + to_string(at->second.status) +
                       " to " + to_string(said.status));
    at->second = said;
  }
  if (x.at.is != process::kind::node)
    return;
  for (auto& job : x.what.opens) {
    if (job.on != stream::delivery_outbox)
      continue;
    if (auto order = parse_order<deliver_callback>(job.body))
      if (of_.subscribers().count(host_in(order->callback)) != 0)
        to_tell_[job.id] = *order;
  }
  // Nobody is told who does not want to be told any more.
  for (auto& event : x.what.events)
    if (event.what == event_kind::unsubscribed && x.what.job)
      to_tell_.erase(x.what.job->ticket.id);
}

void invariants::saw(const subscriber& who, const subscriber::told& what) {
  hearing_.saw(who, what);
  told_.insert(telling_of(who.name, what.body));
}

std::vector<std::string> invariants::broken(bool over) {
  auto wrong = std::exchange(wrong_, {});
  look_at_messages(over, wrong);
  for (auto& x : of_.processes())
    if (auto book = x->book.lock(); book && x->running) {
      look_at_jobs(*x, *book, over, wrong);
      look_at_dead_letters(*x, *book, wrong);
    }
  for (auto& [name, channel] : of_.channels())
    look_at_channel(channel, over, wrong);
  look_at_subscribers(wrong);
  auto excused = [this](const std::string& node, const std::string& who, const std::string& about) {
    auto* x = of_.node_of(node);
    return !x->running || works_on(*x, about) || waits_in_line(*x, who);
  };
  for (auto& missing : hearing_.missing(excused))
    wrong.push_back(missing);
  return wrong;
}

/// Nothing leaves the list of dead letters but by the act of an operator, which is an event.
void invariants::look_at_dead_letters(const process& x, const ledger& book,
                                      std::vector<std::string>& wrong) {
  auto& count = dead_letters_[x.label];
  for (bool more = true; more;) {
    auto page = book.read(find_events{{}, count.last_event, 1000});
    more = page && page->events.size() == 1000;
    if (!page)
      break;
    for (auto& event : page->events) {
      count.last_event = event.number;
      count.died += event.what == event_kind::job_died ? 1 : 0;
      count.taken_off += event.what == event_kind::dead_letter_replayed ||
                                 event.what == event_kind::dead_letter_dropped
                             ? 1
                             : 0;
    }
  }
  auto figures = book.read(ledger_figures_query{});
  if (figures && figures->dead_letters != count.died - count.taken_off)
    wrong.push_back(x.label + " has " + std::to_string(figures->dead_letters) +
                    " dead letters, but " + std::to_string(count.died) + " jobs died and " +
                    std::to_string(count.taken_off) + " were replayed or dropped");
}

/// Something stands behind another delivery to the same subscriber: that is not due, and found in
/// its lane only.
bool invariants::waits_in_line(const process& x, const std::string& who) {
  auto book = x.book.lock();
  if (!book)
    return true;
  auto lane = book->read(find_lane{of_.callback_of(of_.subscribers().at(who))});
  return lane && lane->waiting > 1;
}

/// It has an open job about it, or a dead letter.
bool invariants::works_on(const process& x, const std::string& about) {
  auto book = x.book.lock();
  if (!book)
    return true;
  for (auto& entry : stream_catalogue()) {
    auto open = book->read(due_jobs{entry.id, {}, of_.time().now() + far, 100'000});
    if (open && std::any_of(open->jobs.begin(), open->jobs.end(),
                            [&](auto& job) { return job.order.about == about; }))
      return true;
  }
  auto dead = book->read(find_dead_letters{0, 100'000});
  return dead && std::any_of(dead->letters.begin(), dead->letters.end(),
                             [&](auto& letter) { return letter.job.order.about == about; });
}

/// Somebody still works on something, or is down.
bool invariants::is_in_hand(const std::string& about) {
  auto& all = of_.processes();
  return std::any_of(all.begin(), all.end(),
                     [&](auto& x) { return !x->running || works_on(*x, about); });
}

void invariants::look_at_messages(bool over, std::vector<std::string>& wrong) {
  for (auto& ref : accepted_) {
    auto* node = of_.node_of(ref.sender);
    auto book = node == nullptr ? nullptr : node->book.lock();
    if (!book || !node->running)
      continue;
    auto found = book->read(find_message{ref});
    if (!found) {
      wrong.push_back(ref.sender + " cannot be asked for " + to_string(ref) + ": " +
                      sentence_of(found.error()));
      continue;
    }
    if (!found->record) {
      wrong.push_back(ref.sender + " accepted " + to_string(ref) + " and lost it");
      continue;
    }
    auto& record = *found->record;
    if (record.status == message_status::pending && !is_in_hand(to_string(ref)))
      wrong.push_back(to_string(ref) + " is pending at " + ref.sender + " and nobody works on it");
    if (record.status != message_status::accepted ||
        of_.has_nation(record.content.receiver) == false)
      continue;
    auto& receiver = record.content.receiver;
    // Who is down or away has it when it comes back.
    if (!over && (of_.is_troubled(receiver) || is_in_hand(to_string(ref))))
      continue;
    auto there = of_.node_of(receiver)->book.lock();
    if (!there)
      continue;
    auto arrived = there->read(find_message{ref});
    if (arrived && !arrived->record)
      wrong.push_back(to_string(ref) + " is accepted at " + ref.sender + " and " +
                      record.content.receiver + " does not have it");
  }
}

void invariants::look_at_jobs(const process& x, const ledger& book, bool over,
                              std::vector<std::string>& wrong) {
  const auto now = of_.time().now() + (over ? caf::timespan{far} : caf::timespan{0});
  for (auto& entry : stream_catalogue()) {
    auto open = book.read(due_jobs{entry.id, {}, now, 1000});
    if (!open) {
      wrong.push_back(x.label + " cannot be asked for its jobs: " + sentence_of(open.error()));
      continue;
    }
    for (auto& job : open->jobs)
      if (over)
        wrong.push_back(x.label + " still has " + job.order.id + " to do: " + job.last_error);
      else if (job.last_error.empty() && !of_.is_troubled(x.nation))
        wrong.push_back(x.label + " leaves " + job.order.id + " open without a reason");
  }
  auto dead = book.read(find_dead_letters{0, 100'000});
  if (dead)
    for (auto& letter : dead->letters)
      if (letter.reason.empty())
        wrong.push_back(x.label +
                        " has a dead letter that does not say why: " + letter.job.order.id);
}

/// What one side says is confirmed, the other has.
void invariants::look_at_channel(const channel_plan& x, bool over,
                                 std::vector<std::string>& wrong) {
  for (auto& sender : x.between) {
    auto* from = of_.endpoint_of(x.name, sender);
    if (from == nullptr || !from->running)
      continue;
    std::map<reference, std::string> ids;
    for (auto& [key, said] : records_[from->label]) {
      if (key.first == channel_half::posting && said.status == channel_status::confirmed)
        if (auto [first, fresh] = ids.emplace(said.content.ref(), said.id); !fresh)
          wrong.push_back("channel " + x.name + " carries " + to_string(said.content.ref()) +
                          " twice: as " + first->second + " and as " + said.id);
      auto* to = of_.endpoint_of(x.name, said.content.receiver);
      if (key.first != channel_half::posting || to == nullptr || !to->running)
        continue;
      if (!over && (of_.is_troubled(sender) || of_.is_troubled(said.content.receiver)))
        continue;
      auto& theirs = records_[to->label];
      auto found = theirs.find({channel_half::receiving, said.id});
      const bool ours_stands = said.status == channel_status::confirmed;
      const bool theirs_stands =
          found != theirs.end() && found->second.status == channel_status::confirmed;
      if (ours_stands != theirs_stands)
        wrong.push_back("channel " + x.name + ": " + said.id + " is " + to_string(said.status) +
                        " for " + sender + " and " +
                        (found == theirs.end() ? "unknown" : to_string(found->second.status)) +
                        " for " + said.content.receiver);
      else if (theirs_stands && !(found->second.content == said.content))
        wrong.push_back("channel " + x.name + ": " + said.id + " is not the same for " + sender +
                        " and " + said.content.receiver);
    }
  }
}

/// Whoever is not told has a job that will, or a dead letter, or its node is down.
void invariants::look_at_subscribers(std::vector<std::string>& wrong) {
  for (auto& [job, order] : to_tell_) {
    auto name = host_in(order.callback);
    auto* node = of_.node_of(of_.subscribers().at(name).at);
    auto book = node->book.lock();
    if (!book || !node->running)
      continue;
    // Not when the job was opened: the process may have died in the next moment.
    if (order.event) {
      auto event = book->read(find_hub_event{*order.event});
      if (!event || !event->what)
        continue;
      order.body = event->what->body;
      order.event = caf::none;
    }
    if (told_.count(telling_of(name, order.body)) != 0)
      continue;
    auto open = book->read(due_jobs{stream::delivery_outbox, {}, of_.time().now() + far, 100'000});
    auto dead = book->read(find_dead_letters{0, 100'000});
    bool known = false;
    if (open)
      for (auto& x : open->jobs)
        known |= x.order.id == job;
    if (dead)
      for (auto& letter : dead->letters)
        known |= letter.job.order.id == job;
    if (!known && !waits_in_line(*node, name))
      wrong.push_back(name + " was never told: " + order.body);
  }
}

} // namespace igl::scenario
