#include "channels/medium_observer.hpp"

#include "channels/follow_rules.hpp"
#include "messages/probes.hpp"
#include "messages/timeouts.hpp"

#include <caf/all.hpp>

#include <spdlog/spdlog.h>

#include <algorithm>
#include <utility>

namespace igl {

namespace {

using shell = medium_observer_actor::stateful_pointer<medium_observer_state>;

/// How many changes become one settlement, about.
constexpr uint32_t changes_at_once = 256;
/// Changes for others move the stored cursor only now and then: reading them again after a restart
/// costs less than a synced transaction each time.
constexpr uint64_t unstored_at_most = 4096;
/// How often a page is decided on anew because a message of it was changed meanwhile.
constexpr int most_looks = 4;
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
    spdlog::info("medium-observer of {} reads {} from {}", o->how.id, st.health.url, st.cursor);
  st.health.up = true;
  st.failures = 0;
  look_after(o, o->how.medium_interval);
}

void fail(const observer& o, const caf::error& why) {
  auto& st = o->self->state;
  auto sentence = sentence_of(why);
  if (st.failures == 0 || sentence != st.health.last_error)
    spdlog::warn("medium-observer of {} cannot {}: {}", o->how.id,
                 st.cursor.empty() ? "begin to read" : "go on after " + st.cursor, sentence);
  st.health.up = false;
  st.health.last_error = std::move(sentence);
  st.health.last_error_at = o->with.now();
  st.from.reset();
  auto pause = std::max(o->how.medium_interval, std::chrono::milliseconds{10});
  pause *= int64_t{1} << std::min<uint32_t>(st.failures, 12);
  ++st.failures;
  look_after(o, std::min(pause, longest_pause));
}

/// A page on its way into the ledger.
struct reading {
  medium_page page;
  follow_rules::arrivals known;
  std::vector<follow_rules::subject> to_find; ///< what is not known yet of what the ledger has
  int looks = 0;                              ///< at the ledger; 0: all of it is taken for new
};
using read_page = std::shared_ptr<reading>;

void advance(const observer& o, const std::string& cursor) {
  auto& st = o->self->state;
  st.cursor = cursor;
  st.health.cursor = cursor;
  st.unstored = 0;
  o->self->send(o->self, caf::tick_atom::value);
}

void look_up(const observer& o, const read_page& r);

cursor_change note_of_readers(const observer& o) {
  return {std::string{follow_rules::readers_name}, o->self->state.readers};
}

void settle(const observer& o, const read_page& r) {
  auto& st = o->self->state;
  auto what = follow_rules::followed(r->page, r->known, o->with.now());
  for (auto& x : r->page.unreadable) {
    auto notice = follow_rules::notice_of(o->how, st.health.url, x);
    spdlog::error("medium-observer of {} passes over an entry: {}", o->how.id, *notice.unreadable);
    what.opens.push_back(make_job(notice));
  }
  if (st.noted != st.readers)
    what.cursors.push_back(note_of_readers(o));
  o->self->request(o->with.ledger, timeouts::settle, std::move(what))
      .then(
          [=](const settled&) {
            o->self->state.noted = o->self->state.readers;
            advance(o, r->page.cursor);
          },
          [=](caf::error& why) {
            // Somebody else knew or changed one of the messages.
            if (code_of(why) == errc::stale && r->looks < most_looks)
              look_up(o, r);
            else
              fail(o, why);
          });
}

void look_up_next(const observer& o, const read_page& r) {
  if (r->to_find.empty())
    return settle(o, r);
  auto subject = r->to_find.back();
  auto id = follow_rules::id_of(subject, r->known[subject]);
  o->self->request(o->with.reader, timeouts::read, find_channel_record{subject.first, id})
      .then(
          [=](const found_channel_record& found) {
            if (!follow_rules::is_over(r->known[subject], found.record))
              r->to_find.pop_back();
            look_up_next(o, r);
          },
          [=](caf::error& why) { fail(o, why); });
}

/// Finds out what the ledger has of the messages that the page is about.
void look_up(const observer& o, const read_page& r) {
  ++r->looks;
  for (auto& [subject, which] : r->known)
    r->to_find.push_back(subject);
  look_up_next(o, r);
}

void pass_over(const observer& o, const read_page& r) {
  auto& st = o->self->state;
  st.unstored += r->page.changes.size() + 1;
  if (st.unstored >= unstored_at_most)
    return settle(o, r);
  st.cursor = r->page.cursor;
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
  return caf::none;
}

/// Whoever was added gets what the medium has had for him before; what else it has is known.
void begin_for(const observer& o, const std::string& readers) {
  auto& st = o->self->state;
  settlement what;
  auto from = st.cursor;
  if (follow_rules::has_new_reader(o->how, st.readers)) {
    auto start = st.from->anew(st.cursor);
    if (!start)
      return fail(o, start.error());
    from = std::move(*start);
    spdlog::info("medium-observer of {} reads all of {} once more: it was read for {}, and is now "
                 "for {}",
                 o->how.id, st.health.url, st.readers.empty() ? "nobody" : st.readers, readers);
  }
  what.cursors.push_back({std::string{follow_rules::cursor_name}, from});
  what.cursors.push_back({std::string{follow_rules::readers_name}, readers});
  o->self->request(o->with.ledger, timeouts::settle, std::move(what))
      .then(
          [=](const settled&) {
            auto& state = o->self->state;
            state.readers = readers;
            state.noted = readers;
            advance(o, from);
          },
          [=](caf::error& why) { fail(o, why); });
}

void look(const observer& o) {
  auto& st = o->self->state;
  if (auto why = open_medium(o))
    return fail(o, why);
  auto readers = follow_rules::readers_of(o->how);
  if (st.cursor.empty())
    st.readers = readers;
  if (st.readers != readers)
    return begin_for(o, readers);
  auto page = st.from->read(st.cursor, changes_at_once);
  if (!page)
    return fail(o, page.error());
  if (page->changes.empty() && page->unreadable.empty() && page->cursor == st.cursor)
    return rest(o);
  if (page->from_start)
    spdlog::warn("medium-observer of {} finds another medium than before in {} and reads all of it",
                 o->how.id, st.health.url);
  auto takes_back = st.from->takes_back();
  auto r = std::make_shared<reading>();
  r->page = std::move(*page);
  r->known = follow_rules::concerned(r->page, o->how, takes_back);
  if (r->known.empty() && r->page.unreadable.empty())
    return pass_over(o, r);
  // On a medium that keeps what it has everything is new, unless the cursor was lost.
  if (takes_back)
    look_up(o, r);
  else
    settle(o, r);
}

void find_readers(const observer& o) {
  find_cursor question{std::string{follow_rules::readers_name}};
  o->self->request(o->with.reader, timeouts::read, std::move(question))
      .then(
          [=](const found_cursor& found) {
            auto& st = o->self->state;
            st.readers = found.value;
            st.noted = found.value;
            st.cursor_known = true;
            look(o);
          },
          [=](caf::error& why) { fail(o, why); });
}

void find_cursor_of_ledger(const observer& o) {
  find_cursor question{std::string{follow_rules::cursor_name}};
  o->self->request(o->with.reader, timeouts::read, std::move(question))
      .then(
          [=](const found_cursor& found) {
            auto& st = o->self->state;
            st.cursor = found.value;
            st.health.cursor = found.value;
            find_readers(o);
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
  answer_probes(self, [self] {
    const auto& cursor = self->state.cursor;
    return cursor.empty() ? std::string{} : "at " + cursor;
  });
  return {
      [=](const channel_health_query&) { return self->state.health; },
      [=](caf::tick_atom) {
        if (self->state.cursor_known)
          look(o);
        else
          find_cursor_of_ledger(o);
      },
  };
}

} // namespace igl
