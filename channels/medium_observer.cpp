#include "channels/medium_observer.hpp"

#include "channels/endpoint_rules.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>

namespace igl {

namespace {

using shell = medium_observer_actor::stateful_pointer<medium_observer_state>;

/// How many entries become one settlement.
constexpr uint32_t entries_at_once = 256;
/// Entries for others move the stored cursor only now and then: reading them again after a restart
/// costs less than a synced transaction each time.
constexpr uint64_t unstored_at_most = 4096;
/// The pause between two looks at a medium that fails.
constexpr std::chrono::milliseconds longest_pause{5000};

/// What the steps below share; copied into their handlers.
struct observation {
  shell self;
  surroundings with;
  endpoint_settings how;
  medium_opener open;
};
using observer = std::shared_ptr<const observation>;

void look_after(const observer& o, std::chrono::milliseconds pause) {
  o->self->delayed_send(o->self, pause, caf::tick_atom::value);
}

void rest(const observer& o) {
  auto& st = o->self->state;
  if (!st.health.up)
    spdlog::info("medium-observer of {} reads {} from place {}", o->how.id, st.health.url,
                 st.place);
  st.health.up = true;
  st.failures = 0;
  look_after(o, o->how.medium_interval);
}

void fail(const observer& o, const caf::error& why) {
  auto& st = o->self->state;
  auto sentence = sentence_of(why);
  if (st.failures == 0 || sentence != st.health.last_error)
    spdlog::warn("medium-observer of {} cannot go on after place {}: {}", o->how.id, st.place,
                 sentence);
  st.health.up = false;
  st.health.last_error = std::move(sentence);
  st.health.last_error_at = o->with.now();
  st.from.reset();
  auto pause = std::max(o->how.medium_interval, std::chrono::milliseconds{10});
  pause *= int64_t{1} << std::min<uint32_t>(st.failures, 12);
  ++st.failures;
  look_after(o, std::min(pause, longest_pause));
}

/// The ids among what was read that the ledger has already; none: not looked up.
using known_ids = caf::optional<std::set<std::string>>;

void settle(const observer& o, std::vector<medium_entry> read, known_ids known);

/// The ledger has some of the entries already: finds out which, then settles the others.
void look_up(const observer& o, std::vector<medium_entry> read, std::vector<std::string> ids,
             std::set<std::string> known) {
  if (ids.empty())
    return settle(o, std::move(read), std::move(known));
  auto id = ids.back();
  ids.pop_back();
  o->self->request(o->with.reader, timeouts::read, find_channel_record{channel_half::receiving, id})
      .then(
          [=](const found_channel_record& found) {
            auto more = known;
            if (found.record)
              more.insert(id);
            look_up(o, read, ids, std::move(more));
          },
          [=](caf::error& why) { fail(o, why); });
}

void advance(const observer& o, const std::string& cursor, uint64_t place) {
  auto& st = o->self->state;
  st.place = place;
  st.unstored = 0;
  st.cursor = cursor;
  st.health.cursor = cursor;
  o->self->send(o->self, caf::tick_atom::value);
}

void settle(const observer& o, std::vector<medium_entry> read, known_ids known) {
  auto place = read.back().place;
  auto cursor = endpoint_rules::medium_cursor(o->self->state.from->identity(), place);
  auto what = endpoint_rules::observed(read, o->how, known.value_or(std::set<std::string>{}),
                                       cursor, o->with.now());
  o->self->request(o->with.ledger, timeouts::settle, std::move(what))
      .then([=](const settled&) { advance(o, cursor, place); },
            [=](caf::error& why) {
              // Only a ledger whose cursor is older than its records says so, or a second observer.
              if (code_of(why) == errc::stale && !known)
                look_up(o, read, endpoint_rules::ours_among(read, o->how), {});
              else
                fail(o, why);
            });
}

void pass_over(const observer& o, const std::vector<medium_entry>& read) {
  auto& st = o->self->state;
  st.place = read.back().place;
  st.unstored += read.size();
  if (st.unstored >= unstored_at_most)
    settle(o, read, caf::none);
  else
    o->self->send(o->self, caf::tick_atom::value);
}

caf::error open_medium(const observer& o) {
  auto& st = o->self->state;
  if (st.from)
    return caf::none;
  auto opened = o->open();
  if (!opened)
    return opened.error();
  st.from = std::move(*opened);
  st.health.url = st.from->description();
  st.place = endpoint_rules::place_in(st.cursor, st.from->identity());
  if (!st.cursor.empty() && st.place == 0)
    spdlog::warn("medium-observer of {} finds another medium than before in {} and reads all of it",
                 o->how.id, st.health.url);
  return caf::none;
}

void look(const observer& o) {
  auto& st = o->self->state;
  if (auto why = open_medium(o))
    return fail(o, why);
  auto newest = st.from->newest();
  if (!newest)
    return fail(o, newest.error());
  if (*newest < st.place)
    return fail(o, make_problem(errc::storage_format,
                                st.health.url + " ends at place " + std::to_string(*newest) +
                                    ", but was read up to " + std::to_string(st.place) +
                                    ": entries were taken away; restore the medium"));
  if (*newest == st.place)
    return rest(o);
  auto read = st.from->read(st.place, entries_at_once);
  if (!read)
    return fail(o, read.error());
  if (read->empty())
    return rest(o);
  if (endpoint_rules::ours_among(*read, o->how).empty())
    return pass_over(o, *read);
  settle(o, std::move(*read), caf::none);
}

void find_place(const observer& o) {
  find_cursor question{std::string{endpoint_rules::medium_cursor_name}};
  o->self->request(o->with.reader, timeouts::read, std::move(question))
      .then(
          [=](const found_cursor& found) {
            auto& st = o->self->state;
            st.cursor = found.value;
            st.health.cursor = found.value;
            st.cursor_known = true;
            look(o);
          },
          [=](caf::error& why) { fail(o, why); });
}

} // namespace

medium_observer_actor::behavior_type
medium_observer(medium_observer_actor::stateful_pointer<medium_observer_state> self,
                surroundings with, endpoint_settings how, medium_opener open) {
  auto o = std::make_shared<const observation>(observation{self, with, how, open});
  self->state.health.id = how.id;
  self->state.health.kind = "medium";
  self->send(self, caf::tick_atom::value);
  return {
      [=](const channel_health_query&) { return self->state.health; },
      [=](caf::tick_atom) {
        if (self->state.cursor_known)
          look(o);
        else
          find_place(o);
      },
  };
}

} // namespace igl
