#include "scenarios/runner/invariants.hpp"

#include "actors/job_bundle.hpp"
#include "channels/follow_rules.hpp"
#include "messages/errors.hpp"
#include "messages/quick_json.hpp"
#include "scenarios/runner/telling.hpp"

#include <algorithm>

namespace igl::scenario {

namespace {

/// Everybody looks by then for what he was not told of.
constexpr std::chrono::minutes looked_for{3};

/// Nothing that is due is left for so long by who has no troubles.
constexpr std::chrono::minutes overdue{10};

/// The id with which each delivery begins; empty: it cannot be read.
std::string job_in(std::string_view delivery) {
  quick_json::reader in{delivery};
  if (std::string id; in.name('{', "id") && in.text(id))
    return id;
  auto job = decode_delivery(delivery);
  return job ? job->ticket.id : std::string{};
}

} // namespace

void invariants::accepted(const reference& x) {
  if (!of_.is_live() && messages_.count({x.sender, x}) == 0)
    wrong_.push_back(x.sender + " answered 201 for " + to_string(x) + " before it had it");
  accepted_.insert(x);
}

void invariants::stored(const std::string& node, const std::string& hash, const std::string& reader,
                        const std::vector<std::string>& links) {
  if (!readers_.stored(node, hash, reader, links) && !of_.is_live())
    wrong_.push_back(node + " answered 200 for " + hash + " before it had it");
}

void invariants::forgotten(const process& at, const std::string& message) {
  for (auto& delivery : deliveries_in(message)) {
    auto job = job_in(delivery);
    if (!job.empty() && settled_.count(at.label + ' ' + job) == 0)
      wrong_.push_back(at.label + " acknowledged " + job + " before it was settled");
  }
}

void invariants::saw(const hop& x) {
  if (x.what.job)
    settled_.insert(x.at.label + ' ' + x.what.job->ticket.id);
  hearing_.saw(x, of_.time().now());
  tellings_.saw(x);
  readers_.saw(x);
  auto& where = x.at.label;
  for (auto& change : x.what.messages) {
    auto ref = change.record.content.ref();
    auto to = change.record.status;
    auto [at, fresh] = messages_.emplace(std::pair{where, ref}, seen{to, of_.time().now()});
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
    auto from = at->second.status;
    if (from != to && !may_follow(from, to))
      wrong_.push_back(where + " changes " + to_string(ref) + " from " + to_string(from) + " to " +
                       to_string(to));
    if (from != to)
      at->second = {to, of_.time().now()};
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
}

void invariants::saw(const subscriber& who, const subscriber::told& what) {
  if (of_.is_live())
    return;
  tellings_.saw(who, what);
  auto why = hearing_.saw(who, what);
  if (!why.empty() && !of_.is_troubled(who.at))
    wrong_.push_back(why);
}

std::vector<std::string> invariants::broken(bool over) {
  auto wrong = std::exchange(wrong_, {});
  auto order = tellings_.take();
  wrong.insert(wrong.end(), order.begin(), order.end());
  const auto now = of_.time().now();
  work_.clear();
  for (auto& x : of_.processes()) {
    auto book = x->book.lock();
    if (!book || !x->running)
      continue;
    auto work = workload::of(*book, now);
    if (!work) {
      wrong.push_back(x->label + " cannot be asked for its jobs: " + sentence_of(work.error()));
      continue;
    }
    auto& all = work_.emplace(x.get(), std::move(*work)).first->second;
    look_at_jobs(*x, all, over, wrong);
    look_at_dead_letters(*x, *book, wrong);
    tellings_.look(*x, *book, wrong);
    readers_.look(of_, *x, *book, wrong);
  }
  look_at_messages(over, wrong);
  for (auto& [name, channel] : of_.channels())
    look_at_channel(channel, over, wrong);
  auto excused = [this](const std::string& node, const std::string& who, const std::string& about) {
    return will_tell(*of_.node_of(node), who, about);
  };
  for (auto& missing : hearing_.missing(excused, now))
    wrong.push_back(missing);
  return wrong;
}

/// Nothing leaves the list of dead letters but by an event: of an operator, or of what voids it.
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

bool invariants::is_explained(const process& x, std::initializer_list<stream> by,
                              const std::string& about) {
  auto work = work_.find(&x);
  return work == work_.end() || std::any_of(by.begin(), by.end(), [&](stream on) {
           return work->second.works_on(on, about) || work->second.gave_up(on, about) ||
                  dropped_.count({x.label, on, about, {}}) != 0;
         });
}

/// It has yet to take up what was posted, or to find out whom to tell, or it has a delivery to this
/// one, or a dead letter of any of them.
bool invariants::will_tell(const process& x, const std::string& who, const std::string& about) {
  auto work = work_.find(&x);
  if (work == work_.end() || is_explained(x, {stream::inbox, stream::notifications}, about))
    return true;
  auto callback = of_.callback_of(of_.subscribers().at(who));
  auto& letters = work->second.letters;
  return tellings_.is_to_tell(x, callback, about) ||
         dropped_.count({x.label, stream::delivery_outbox, about, callback}) != 0 ||
         std::any_of(letters.begin(), letters.end(), [&](auto& y) {
           return y.job.order.lane == callback && y.job.order.about == about;
         });
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
    if (found->record->status == message_status::pending &&
        !is_explained(*node,
                      {stream::inbox, stream::outbox, stream::channel_pending,
                       stream::message_updates, stream::rejected},
                      to_string(ref)))
      wrong.push_back(to_string(ref) + " is pending at " + ref.sender + " and nobody works on it");
    look_at_arrival(*found->record, over, wrong);
  }
}

/// What the sender's node says of a message, and what the receiver's has.
void invariants::look_at_arrival(const message_record& ours, bool over,
                                 std::vector<std::string>& wrong) {
  auto& x = ours.content;
  auto about = to_string(x.ref());
  auto* node = of_.node_of(x.receiver);
  auto book = node == nullptr || !node->running ? nullptr : node->book.lock();
  if (!book || work_.count(node) == 0)
    return;
  auto theirs = book->read(find_message{x.ref()});
  if (!theirs)
    return;
  if (theirs->record && !same_message(theirs->record->content, x))
    wrong.push_back(about + " is not the same at " + x.sender + " and at " + x.receiver);
  if (over && ours.status == message_status::rejected && theirs->record &&
      !is_withdrawn(*theirs->record))
    wrong.push_back(about + " is rejected at " + x.sender + " and " + x.receiver + " has it");
  if (over && theirs->record && !is_withdrawn(*theirs->record) &&
      !is_explained(*node, {stream::object_retrieval}, about))
    for (auto& hash : readers_.missing(x, *book))
      wrong.push_back(x.receiver + " has " + about + " and not " + hash + ", of which it speaks");
  if (ours.status != message_status::accepted || theirs->record)
    return;
  // Who is down or away has it when it comes back.
  const auto since = messages_.at({x.sender, x.ref()}).since;
  if (!over && (of_.is_troubled(x.receiver) || of_.time().now() - since < looked_for))
    return;
  auto txn = ours.channel_txn_id;
  if (is_explained(*node, {stream::inbox}, about) ||
      is_explained(*node, {stream::inbox}, ours.channel_id + "/" + txn) ||
      is_explained(*node, {stream::channel_notifications}, ours.channel_id))
    return;
  wrong.push_back(about + " is accepted at " + x.sender + " and " + x.receiver +
                  " does not have it");
}

void invariants::look_at_jobs(const process& x, const workload& of, bool over,
                              std::vector<std::string>& wrong) {
  const auto now = of_.time().now();
  const bool troubled = of_.is_troubled(x.nation);
  for (auto& job : of.jobs)
    if (over)
      wrong.push_back(x.label + " still has " + job.order.id + " to do: " + job.last_error);
    else if (troubled || job.order.due > now)
      continue;
    else if (job.last_error.empty())
      wrong.push_back(x.label + " leaves " + job.order.id + " open without a reason");
    else if (job.order.due + overdue < now)
      wrong.push_back(x.label + " leaves " + job.order.id +
                      " undone, which was due long ago: " + job.last_error);
  for (auto& letter : of.letters)
    if (letter.reason.empty())
      wrong.push_back(x.label + " has a dead letter that does not say why: " + letter.job.order.id);
}

/// Null: it never came there. What comes back after a false alarm is an arrival of its own.
const channel_message* invariants::last_arrival(const process& at, const std::string& id) const {
  const follow_rules::subject about{channel_half::receiving, id};
  const channel_message* last = nullptr;
  auto all = records_.find(at.label);
  for (follow_rules::arrival x; all != records_.end(); ++x.number) {
    auto found = all->second.find({about.first, follow_rules::id_of(about, x)});
    if (found == all->second.end())
      break;
    last = &found->second;
  }
  return last;
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
      auto* author = of_.endpoint_of(x.name, said.content.sender);
      if (key.first == channel_half::receiving && said.status == channel_status::confirmed &&
          (author == nullptr ||
           records_[author->label].count(
               {channel_half::posting, said.id.substr(0, said.id.find('~'))}) == 0))
        wrong.push_back("channel " + x.name + " brought " + said.id + " to " + sender + ", which " +
                        said.content.sender + " never posted");
      auto* to = of_.endpoint_of(x.name, said.content.receiver);
      if (key.first != channel_half::posting || to == nullptr || !to->running)
        continue;
      if (!over && (of_.is_troubled(sender) || of_.is_troubled(said.content.receiver)))
        continue;
      auto* theirs = last_arrival(*to, said.id);
      const bool ours_stands = said.status == channel_status::confirmed;
      const bool theirs_stands = theirs != nullptr && theirs->status == channel_status::confirmed;
      // Whose clock is wrong may give up what comes back; its node sends it anew.
      if (said.status == channel_status::revoked && of_.had_wrong_clock())
        continue;
      if (ours_stands != theirs_stands)
        wrong.push_back("channel " + x.name + ": " + said.id + " is " + to_string(said.status) +
                        " for " + sender + " and " +
                        (theirs == nullptr ? "unknown" : to_string(theirs->status)) + " for " +
                        said.content.receiver);
      else if (theirs_stands && !(theirs->content == said.content))
        wrong.push_back("channel " + x.name + ": " + said.id + " is not the same for " + sender +
                        " and " + said.content.receiver);
    }
  }
}

} // namespace igl::scenario
