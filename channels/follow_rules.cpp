#include "channels/follow_rules.hpp"

#include "channels/record_change.hpp"

#include <algorithm>
#include <set>

namespace igl::follow_rules {

namespace {

using record_change::change;
using record_change::fact;
using record_change::noise;

/// The records as they become while the changes of a page are gone through, and what follows.
struct unfolding {
  struct written {
    channel_record record;
    uint64_t expects;
    bool changed;
  };

  settlement result;
  caf::timestamp now;
  std::map<std::string, written> stored[2]; ///< by id; the halves

  void become(written& x, channel_status status, std::string detail, noise how) {
    if (!may_follow(x.record.half, x.record.said.status, status))
      return;
    change(result, x.record, status, std::move(detail), how, now);
    x.changed = true;
  }

  written* find(const subject& what, const arrival& which) {
    auto& half = stored[static_cast<size_t>(what.first)];
    auto id = id_of(what, which);
    if (auto at = half.find(id); at != half.end())
      return &at->second;
    if (!which.record || which.record->said.id != id)
      return nullptr;
    return &half.emplace(id, written{*which.record, which.record->version, false}).first->second;
  }

  written& observe(const subject& what, const arrival& which, const medium_change& x) {
    auto id = id_of(what, which);
    channel_record record;
    record.half = channel_half::receiving;
    record.said = {id, x.about.content, channel_status::observed};
    record.updated = now;
    auto detail = "observed " + x.where;
    if (which.number > 1)
      detail += ": it came back after a false alarm";
    result.events.push_back(fact(event_kind::channel_message_changed, id, std::move(detail)));
    auto& half = stored[static_cast<size_t>(channel_half::receiving)];
    return half.insert_or_assign(id, written{std::move(record), 0, true}).first->second;
  }

  void receive(const medium_change& x, const subject& what, arrival& which) {
    auto there = find(what, which);
    switch (x.what) {
    case medium_news::observed:
    case medium_news::confirmed:
      if (there && there->record.said.status == channel_status::false_alarm) {
        ++which.number;
        there = nullptr;
      }
      if (!there)
        there = &observe(what, which, x);
      if (x.what == medium_news::confirmed)
        become(*there, channel_status::confirmed,
               "confirmed: it is on the medium, for " + x.about.content.receiver, noise::told);
      return;
    case medium_news::missing:
      return;
    case medium_news::gone:
      if (!there)
        return;
      // Who was never told that it is there need not hear that it is not.
      if (there->record.said.status == channel_status::confirmed)
        become(*there, channel_status::false_alarm,
               "a false alarm after it was confirmed: the medium does not have it any more",
               noise::told);
      else
        become(*there, channel_status::false_alarm,
               "a false alarm: the medium does not have it any more", noise::silent);
      return;
    }
  }

  void deliver(const medium_change& x, const subject& what, arrival& which) {
    auto there = find(what, which);
    if (!there)
      return;
    switch (x.what) {
    case medium_news::observed:
      return;
    case medium_news::confirmed:
      return become(*there, channel_status::confirmed, "confirmed " + x.where, noise::told);
    case medium_news::missing:
      // What is not confirmed yet has an open job, which looks for it anyway.
      if (there->record.said.status != channel_status::confirmed)
        return;
      result.events.push_back(fact(event_kind::channel_message_changed, there->record.said.id,
                                   "not on the medium any more: sent again if it does not return"));
      result.opens.push_back(make_job(write_to_medium{there->record.said, uint32_t{1}}));
      return;
    case medium_news::gone:
      return become(*there, channel_status::revoked,
                    "revoked: the medium does not have it any more", noise::told);
    }
  }
};

} // namespace

std::string id_of(const subject& x, const arrival& y) {
  return y.number == 1 ? x.second : x.second + "~" + std::to_string(y.number);
}

arrivals concerned(const medium_page& page, const endpoint_settings& how, bool takes_back) {
  arrivals all;
  for (auto& x : page.changes) {
    if (record_change::among(how.jurisdictions, x.about.content.receiver))
      all.emplace(subject{channel_half::receiving, x.about.id}, arrival{});
    if (takes_back && record_change::among(how.jurisdictions, x.about.content.sender))
      all.emplace(subject{channel_half::posting, x.about.id}, arrival{});
  }
  return all;
}

bool is_over(arrival& x, const caf::optional<channel_record>& found) {
  if (found && found->said.status == channel_status::false_alarm) {
    ++x.number;
    return true;
  }
  x.record = found;
  return false;
}

channel_notified notice_of(const endpoint_settings& how, const std::string& medium,
                           const unreadable_entry& x) {
  channel_notified notice;
  notice.channel_id = how.id;
  notice.unreadable =
      medium + " has " + x.where + " what is no message, " + x.reason + ": " + x.said;
  return notice;
}

settlement shown(const job_ticket& job, const channel_notified& x, bool is_known) {
  settlement s;
  job_outcome outcome;
  outcome.ticket = job;
  if (!is_known) {
    outcome.end = job_end::dead;
    outcome.error = x.unreadable.value_or("nothing is said") +
                    ". It was passed over, and nothing waits for it: find out who wrote it, and "
                    "have what it should have been posted again";
  }
  s.job = std::move(outcome);
  return s;
}

std::string readers_of(const endpoint_settings& how) {
  std::string note;
  for (auto& code : std::set<std::string>(how.jurisdictions.begin(), how.jurisdictions.end()))
    note += (note.empty() ? "" : ",") + code;
  return note;
}

bool has_new_reader(const endpoint_settings& how, std::string_view note) {
  std::set<std::string> before;
  while (!note.empty()) {
    auto end = std::min(note.size(), note.find(','));
    before.emplace(note.substr(0, end));
    note.remove_prefix(std::min(note.size(), end + 1));
  }
  return std::any_of(how.jurisdictions.begin(), how.jurisdictions.end(),
                     [&](auto& code) { return !before.contains(code); });
}

settlement followed(const medium_page& page, const arrivals& known, caf::timestamp now) {
  unfolding all;
  all.now = now;
  all.result.cursors.push_back({std::string{cursor_name}, page.cursor});
  auto arrived = known;
  for (auto& x : page.changes) {
    subject received{channel_half::receiving, x.about.id};
    if (auto at = arrived.find(received); at != arrived.end())
      all.receive(x, received, at->second);
    subject posted{channel_half::posting, x.about.id};
    if (auto at = arrived.find(posted); at != arrived.end())
      all.deliver(x, posted, at->second);
  }
  for (auto& half : all.stored)
    for (auto& [id, x] : half)
      if (x.changed)
        all.result.channel_records.push_back({std::move(x.record), x.expects});
  return std::move(all.result);
}

} // namespace igl::follow_rules
