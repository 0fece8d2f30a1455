#include "actors/job_publisher.hpp"

#include "actors/supervisor.hpp"
#include "messages/timeouts.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace igl {

namespace {

using publisher_ptr = job_publisher_actor::stateful_pointer<job_publisher_state>;

/// What every handler needs.
struct publishing {
  publisher_ptr self;
  surroundings with;
  std::shared_ptr<streams> to;
  job_publisher_options options;
};
using publishing_ptr = std::shared_ptr<const publishing>;

void look(const publishing_ptr& x);

/// Looks again after a while, unless it will anyway by then.
void look_after(const publishing_ptr& x, caf::timespan pause) {
  auto& timer = x->self->state.timer;
  const auto now = x->self->clock().now();
  if (timer > now && timer <= now + pause)
    return;
  timer = now + pause;
  x->self->delayed_send(x->self, pause, caf::tick_atom_v);
}

void publish(const publishing_ptr& x, publication what) {
  auto& st = x->self->state;
  const auto number = ++st.last_number;
  auto weak = caf::actor_cast<caf::weak_actor_ptr>(x->self);
  auto& kept = st.in_flight[number] = std::move(what);
  x->to->publish(kept.on, kept.id, kept.payload, [weak, number](caf::error why) {
    if (auto strong = weak.lock())
      caf::anon_send(caf::actor_cast<job_publisher_actor>(strong),
                     publication_ended{number, std::move(why)});
  });
}

uint32_t room(const publishing_ptr& x) {
  const auto taken = x->self->state.in_flight.size() + x->self->state.failed.size();
  return taken < x->options.window ? x->options.window - static_cast<uint32_t>(taken) : 0;
}

/// Publishes a page of due jobs and moves the walk on behind it.
void take(const publishing_ptr& x, bool republishing, const found_due_jobs& page, uint32_t limit) {
  auto& st = x->self->state;
  auto& walk = republishing ? st.republications.front() : st.following;
  for (const auto& job : page.jobs) {
    if (walk.only && job.order.on != *walk.only)
      continue;
    auto what = publication_of(job);
    if (st.ids.insert(what.id).second)
      publish(x, std::move(what));
  }
  walk.place = page.last;
  if (page.jobs.size() >= limit) {
    st.wanted = true;
  } else if (republishing) {
    st.republications.pop_front();
  } else {
    // The clock of the machine may be set; so this does not sleep for longer than `look`.
    caf::timespan pause = x->options.look;
    if (page.next_due)
      pause = std::clamp<caf::timespan>(*page.next_due - x->with.now(), caf::timespan{0}, pause);
    look_after(x, std::max<caf::timespan>(pause, std::chrono::milliseconds{1}));
  }
}

void read(const publishing_ptr& x) {
  auto& st = x->self->state;
  // Turn about, so that neither new jobs nor a long republication waits for the other.
  const bool republishing =
      !st.republications.empty() && (!st.wanted || !std::exchange(st.republished_last, false));
  st.republished_last = republishing;
  const auto& walk = republishing ? st.republications.front() : st.following;
  const auto limit = room(x);
  if (!republishing)
    st.wanted = false;
  st.reading = true;
  x->self
      ->request(x->with.reader, timeouts::read,
                due_jobs{walk.place, walk.until ? *walk.until : x->with.now(), limit})
      .then(
          [=](const found_due_jobs& page) {
            x->self->state.reading = false;
            take(x, republishing, page, limit);
            look(x);
          },
          [=](const caf::error& err) {
            spdlog::warn("job publisher cannot read the due jobs: {}", sentence_of(err));
            x->self->state.reading = false;
            x->self->state.last_error = sentence_of(err);
            x->self->state.wanted = true;
            look_after(x, x->options.look);
          });
}

/// Does what there is to do and room for: what failed before, then what is due.
void look(const publishing_ptr& x) {
  auto& st = x->self->state;
  const auto now = x->self->clock().now();
  if (now < st.paused_until)
    return look_after(x, st.paused_until - now);
  while (!st.failed.empty() && st.in_flight.size() < x->options.window) {
    auto what = std::move(st.failed.front());
    st.failed.pop_front();
    publish(x, std::move(what));
  }
  if (st.reading || (!st.wanted && st.republications.empty()))
    return;
  // Not one job at a time: wait until a good part of the window is free.
  if (room(x) >= std::max<uint32_t>(1, x->options.window / 4))
    read(x);
}

void ended(const publishing_ptr& x, publication_ended& what) {
  auto& st = x->self->state;
  auto i = st.in_flight.find(what.number);
  if (i == st.in_flight.end())
    return;
  auto publication = std::move(i->second);
  st.in_flight.erase(i);
  const auto now = x->self->clock().now();
  if (!what.why) {
    ++st.published;
    st.ids.erase(publication.id);
    if (st.pause.count() > 0 && now >= st.paused_until) {
      spdlog::info("job publisher reaches the streams again");
      st.pause = std::chrono::milliseconds{0};
      st.last_error.clear();
    }
    return look(x);
  }
  st.last_error = sentence_of(what.why);
  if (st.pause.count() == 0)
    spdlog::warn("job publisher cannot publish to {}, jobs wait in the ledger: {}",
                 to_string(publication.on), st.last_error);
  st.failed.push_back(std::move(publication));
  // All that was in flight fails together; that is one failure.
  if (now >= st.paused_until) {
    st.pause = std::clamp(st.pause * 2, x->options.first_pause, x->options.longest_pause);
    st.paused_until = now + st.pause;
  }
  look(x);
}

void start_republication(const publishing_ptr& x, const republish& what) {
  auto& st = x->self->state;
  for (auto& walk : st.republications)
    if (walk.only == what.on && *walk.until >= what.due_before)
      return;
  st.republications.push_back({{}, what.on, what.due_before});
  look(x);
}

} // namespace

publication publication_of(const open_job& job) {
  const job_ticket ticket{job.order.id, job.generation, job.attempts + 1};
  return {job.order.on, publication_id(ticket), encode_delivery(ticket, job.order)};
}

job_publisher_actor::behavior_type job_publisher(publisher_ptr self, surroundings with,
                                                 std::shared_ptr<streams> to,
                                                 job_publisher_options options) {
  name_exceptions(self);
  auto x =
      std::make_shared<const publishing>(publishing{self, std::move(with), std::move(to), options});
  self->send(self, jobs_opened{});
  return {
      [=](const jobs_opened&) {
        self->state.wanted = true;
        look(x);
      },
      [=](const republish& what) { start_republication(x, what); },
      [=](const publisher_query&) {
        const auto& st = self->state;
        return publisher_status{st.in_flight.size() + st.failed.size(), st.published,
                                st.last_error};
      },
      [=](publication_ended& what) { ended(x, what); },
      [=](caf::tick_atom) {
        auto& st = self->state;
        if (self->clock().now() < st.timer)
          return; // An earlier one has taken its place.
        st.timer = {};
        st.wanted = true;
        look(x);
      },
  };
}

} // namespace igl
