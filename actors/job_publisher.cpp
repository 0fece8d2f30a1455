#include "actors/job_publisher.hpp"

#include "actors/job_bundle.hpp"
#include "actors/job_source.hpp"
#include "actors/supervisor.hpp"
#include "messages/multihash.hpp"
#include "messages/probes.hpp"
#include "messages/timeouts.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <tuple>
#include <utility>

namespace igl {

namespace {

using publisher_ptr = publishing_actor::stateful_pointer<job_publisher_state>;

/// What every handler needs.
struct publishing {
  publisher_ptr self;
  surroundings with;
  std::shared_ptr<streams> to;
  job_publisher_options options;
};
using publishing_ptr = std::shared_ptr<const publishing>;

/// Publishing later than this after a job was due is remembered; for so many pages.
constexpr std::chrono::seconds late_after{5};
constexpr size_t late_at_most = 1024;

constexpr size_t enough_bytes = 64 * 1024; // of one message

void look(const publishing_ptr& x, publishing_lane& lane);

job_ticket ticket_of(const open_job& job) {
  return {job.order.id, job.generation, job.attempts + 1};
}

publishing_lane& lane_of(const publishing_ptr& x, stream on) {
  return x->self->state.lanes[static_cast<size_t>(on)];
}

/// Has a tick come when the first lane wants to be woken, unless one will.
void set_timer(const publishing_ptr& x) {
  auto& st = x->self->state;
  auto first = publishing_lane::time_point::max();
  for (const auto& lane : st.lanes)
    first = std::min(first, lane.wake);
  if (first >= st.timer)
    return;
  st.timer = first;
  const auto now = x->self->clock().now();
  x->self->delayed_send(x->self, std::max<caf::timespan>(first - now, caf::timespan{0}),
                        caf::tick_atom_v);
}

/// Looks again after a while, unless it will anyway by then.
void look_after(const publishing_ptr& x, publishing_lane& lane, caf::timespan pause) {
  lane.wake = std::min(lane.wake, x->self->clock().now() + pause);
  set_timer(x);
}

void publish(const publishing_ptr& x, publishing_lane& lane, publication what) {
  auto& st = x->self->state;
  const auto number = ++st.last_number;
  ++lane.in_flight;
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(x->self);
  auto& kept = st.in_flight[number] = std::move(what);
  x->to->publish(kept.on, kept.id, kept.payload, [weak, number](caf::error why) {
    if (auto strong = weak.lock())
      caf::anon_send(caf::actor_cast<job_publisher_actor>(strong),
                     publication_ended{number, std::move(why)});
  });
}

uint32_t room_in_window(const publishing_ptr& x, const publishing_lane& lane) {
  const auto taken = lane.jobs.size();
  return taken < x->options.window ? x->options.window - static_cast<uint32_t>(taken) : 0;
}

uint64_t room_in_stream(const publishing_ptr& x, const publishing_lane& lane) {
  const auto taken = lane.level + lane.since;
  return taken < x->options.backlog ? x->options.backlog - taken : 0;
}

void remember_if_late(publishing_lane& lane, const found_due_jobs& page, caf::timestamp now) {
  const auto first = page.jobs.front().order.due;
  if (now - (first - page.ahead) < late_after)
    return;
  if (!lane.late.empty() && now - lane.late.back().at < late_after) {
    lane.late.back().last_due = page.last.due;
    lane.late.back().at = now;
    return;
  }
  lane.late.push_back({first, page.last.due, now});
  if (lane.late.size() > late_at_most)
    lane.late.pop_front();
}

published_at when_published(const publishing_lane& lane, const due_place& place) {
  const auto& come = lane.following.place;
  const auto due = place.due;
  if (std::tie(due, place.number) > std::tie(come.due, come.number))
    return {};
  for (const auto& x : lane.late)
    if (x.first_due <= due && due <= x.last_due)
      return {x.at};
  return {due};
}

/// Publishes a page of due jobs and moves the walk on behind it.
void take(const publishing_ptr& x, publishing_lane& lane, bool republishing, found_due_jobs page,
          uint32_t limit) {
  auto& walk = republishing ? lane.republications.front() : lane.following;
  if (!republishing && !page.jobs.empty())
    remember_if_late(lane, page, x->with.now());
  const auto found = page.jobs.size();
  std::erase_if(page.jobs, [&](const auto& job) {
    return !lane.jobs.insert(publication_id(ticket_of(job))).second;
  });
  for (auto& what : publications_of(page.jobs, x->options.bundle, enough_bytes)) {
    ++lane.since;
    publish(x, lane, std::move(what));
  }
  walk.place = page.last;
  if (found >= limit) {
    lane.wanted = true;
  } else if (republishing) {
    lane.republications.pop_front();
  } else {
    // The clock of the machine may be set; so this does not sleep for longer than `look`.
    caf::timespan pause = x->options.look;
    if (page.next_due)
      pause = std::clamp<caf::timespan>(*page.next_due - x->with.now(), caf::timespan{0}, pause);
    look_after(x, lane, std::max<caf::timespan>(pause, std::chrono::milliseconds{1}));
  }
}

void read(const publishing_ptr& x, publishing_lane& lane) {
  // Turn about, so that neither new jobs nor a long republication waits for the other.
  const bool republishing = !lane.republications.empty() &&
                            (!lane.wanted || !std::exchange(lane.republished_last, false));
  lane.republished_last = republishing;
  const auto& walk = republishing ? lane.republications.front() : lane.following;
  const auto limit =
      static_cast<uint32_t>(std::min<uint64_t>(room_in_window(x, lane), room_in_stream(x, lane)));
  if (!republishing)
    lane.wanted = false;
  lane.reading = true;
  x->self
      ->request(x->with.reader, timeouts::read,
                due_jobs{lane.on, walk.place, walk.until ? *walk.until : x->with.now(), limit})
      .then(
          [=, &lane](found_due_jobs& page) {
            lane.reading = false;
            take(x, lane, republishing, std::move(page), limit);
            look(x, lane);
          },
          [=, &lane](const caf::error& err) {
            spdlog::warn("job publisher cannot read the due jobs of {}: {}", to_string(lane.on),
                         sentence_of(err));
            lane.reading = false;
            lane.last_error = sentence_of(err);
            lane.wanted = true;
            look_after(x, lane, x->options.look);
          });
}

/// Does what there is to do and room for: what failed before, then what is due.
void look(const publishing_ptr& x, publishing_lane& lane) {
  const auto now = x->self->clock().now();
  if (now < lane.paused_until)
    return look_after(x, lane, lane.paused_until - now);
  // What failed and is tried again holds up nobody, however often it fails.
  const bool idle = lane.in_flight == 0;
  while (!lane.failed.empty() && lane.in_flight < x->options.window) {
    auto what = std::move(lane.failed.front());
    lane.failed.pop_front();
    publish(x, lane, std::move(what));
  }
  if (lane.reading || lane.measuring || (!lane.wanted && lane.republications.empty()))
    return;
  if (now < lane.full_until)
    return look_after(x, lane, lane.full_until - now);
  if (room_in_stream(x, lane) == 0) {
    lane.measuring = true;
    return measure(*x->to, lane.on, x->self);
  }
  if (idle && room_in_window(x, lane) > 0)
    read(x, lane);
}

void measured(const publishing_ptr& x, const stream_measured& what) {
  auto& lane = lane_of(x, what.of);
  lane.measuring = false;
  if (what.why)
    return look_after(x, lane, x->options.first_pause);
  lane.level = what.level.messages;
  lane.since = lane.in_flight;
  // Nor one at a time here: a full stream is left alone for a while.
  if (room_in_stream(x, lane) < std::max<uint32_t>(1, x->options.backlog / 4))
    lane.full_until = x->self->clock().now() + x->options.look_full;
  look(x, lane);
}

void forget(publishing_lane& lane, const publication& what) {
  for (const auto& job : what.jobs)
    lane.jobs.erase(job);
}

/// A job that its stream will never take ends as one whose attempts are used up.
void give_up(const publishing_ptr& x, publishing_lane& lane, publication what,
             const caf::error& why) {
  auto job = decode_delivery(what.payload);
  if (!job)
    return forget(lane, what);
  spdlog::error("job {} cannot be published: {}", job->ticket.id, sentence_of(why));
  x->self->request(x->with.ledger, timeouts::settle, give_up(what.on, *job, why))
      .then([=, &lane](const settled&) { forget(lane, what); },
            [=, &lane](const caf::error& err) {
              // The job is still open: published again, it comes here again.
              if (code_of(err) != errc::job_not_open)
                lane.failed.push_back(what);
              else
                forget(lane, what);
              look_after(x, lane, x->options.longest_pause);
            });
}

/// Together they are too large for the stream; one alone may not be.
void publish_each(const publishing_ptr& x, publishing_lane& lane, const publication& what) {
  auto deliveries = deliveries_in(what.payload);
  for (size_t i = 0; i < deliveries.size(); ++i) {
    ++lane.since;
    publish(x, lane, {what.on, what.jobs[i], std::move(deliveries[i]), {what.jobs[i]}});
  }
}

void ended(const publishing_ptr& x, publication_ended& what) {
  auto& st = x->self->state;
  auto i = st.in_flight.find(what.number);
  if (i == st.in_flight.end())
    return;
  auto publication = std::move(i->second);
  st.in_flight.erase(i);
  auto& lane = lane_of(x, publication.on);
  --lane.in_flight;
  const auto now = x->self->clock().now();
  if (!what.why) {
    st.published += publication.jobs.size();
    forget(lane, publication);
    if (lane.pause.count() > 0 && now >= lane.paused_until) {
      spdlog::info("job publisher reaches the stream {} again", to_string(lane.on));
      lane.pause = std::chrono::milliseconds{0};
      lane.last_error.clear();
    }
    return look(x, lane);
  }
  if (code_of(what.why) == errc::too_large) {
    if (publication.jobs.size() > 1)
      publish_each(x, lane, publication);
    else
      give_up(x, lane, std::move(publication), what.why);
    return look(x, lane);
  }
  lane.last_error = sentence_of(what.why);
  if (lane.pause.count() == 0)
    spdlog::warn("job publisher cannot publish to {}, jobs wait in the ledger: {}",
                 to_string(publication.on), lane.last_error);
  lane.failed.push_back(std::move(publication));
  // All that was in flight fails together; that is one failure.
  if (now >= lane.paused_until) {
    lane.pause = std::clamp(lane.pause * 2, x->options.first_pause, x->options.longest_pause);
    lane.paused_until = now + lane.pause;
  }
  look(x, lane);
}

void start_republication(const publishing_ptr& x, const republish& what) {
  auto& lane = lane_of(x, what.on);
  for (auto& walk : lane.republications)
    if (*walk.until >= what.due_before)
      return;
  lane.republications.push_back({{}, what.due_before});
  look(x, lane);
}

/// There may be new jobs in some of the streams.
void wake(const publishing_ptr& x, uint32_t which) {
  for (auto& lane : x->self->state.lanes) {
    if ((which >> static_cast<unsigned>(lane.on) & 1) == 0)
      continue;
    lane.wanted = true;
    look(x, lane);
  }
}

void on_tick(const publishing_ptr& x) {
  auto& st = x->self->state;
  const auto now = x->self->clock().now();
  if (now < st.timer)
    return; // An earlier one has taken its place.
  st.timer = publishing_lane::time_point::max();
  uint32_t which = 0;
  for (auto& lane : st.lanes)
    if (lane.wake <= now) {
      lane.wake = publishing_lane::time_point::max();
      which |= 1u << static_cast<unsigned>(lane.on);
    }
  wake(x, which);
  set_timer(x);
}

publisher_status status_of(const publishing_ptr& x) {
  const auto& st = x->self->state;
  publisher_status result;
  result.published = st.published;
  for (const auto& lane : st.lanes) {
    result.in_flight += lane.jobs.size();
    if (result.last_error.empty())
      result.last_error = lane.last_error;
  }
  return result;
}

} // namespace

std::vector<publication> publications_of(const std::vector<open_job>& jobs, uint32_t bundle,
                                         size_t size) {
  std::vector<publication> all;
  std::vector<std::string> deliveries;
  size_t bytes = 0;
  publication next;
  const auto close = [&] {
    next.payload = bundle_of(deliveries);
    // As long as nothing else is in it, a repetition is dropped by the stream.
    next.id = next.jobs.front();
    if (next.jobs.size() > 1) {
      std::string joined;
      for (const auto& job : next.jobs)
        joined += job + '\n';
      next.id = uuid_of(joined);
    }
    all.push_back(std::exchange(next, {}));
    deliveries.clear();
    bytes = 0;
  };
  for (const auto& job : jobs) {
    const auto ticket = ticket_of(job);
    deliveries.push_back(encode_delivery(ticket, job.order));
    bytes += deliveries.back().size();
    next.on = job.order.on;
    next.jobs.push_back(publication_id(ticket));
    if (next.jobs.size() >= bundle || bytes >= size)
      close();
  }
  if (!next.jobs.empty())
    close();
  return all;
}

publishing_actor::behavior_type job_publisher(publisher_ptr self, surroundings with,
                                              std::shared_ptr<streams> to,
                                              job_publisher_options options) {
  name_exceptions(self);
  auto x =
      std::make_shared<const publishing>(publishing{self, std::move(with), std::move(to), options});
  for (const auto& entry : stream_catalogue())
    lane_of(x, entry.id).on = entry.id;
  self->send(self, jobs_opened{~0u});
  answer_probes(self);
  return {
      [=](const jobs_opened& opened) { wake(x, opened.streams); },
      [=](const republish& what) { start_republication(x, what); },
      [=](const publisher_query&) { return status_of(x); },
      [=](const published_when& what) { return when_published(lane_of(x, what.on), what.place); },
      [=](publication_ended& what) { ended(x, what); },
      [=](caf::tick_atom) { on_tick(x); },
      [=](const stream_measured& what) { measured(x, what); },
  };
}

} // namespace igl
