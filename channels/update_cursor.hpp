#pragma once

#include "messages/type_ids.hpp"

/// Where a list of changes goes on. A cursor of an endpoint is the version of the last record that
/// was listed and the mark of the event that has this number: `12-9f86d081884c7d65`. A ledger that
/// was emptied, restored from a backup or exchanged has no such event, and the cursor is refused
/// instead of hiding what is new there. While nothing was listed there is no version to go on from,
/// and the cursor is the time instead: `t1577836800000000000`.
namespace igl::update_cursor {

/// What a question says about where to go on.
struct place {
  uint64_t version = 0; ///< of the last record that was listed; 0: go on from `since`
  std::string mark;     ///< of the event with that number
  caf::timestamp since;
};

/// Fails with bad_request if the cursor is none of an endpoint's.
caf::expected<place> place_of(const find_channel_updates& asked);

/// Asks for the one event with this number.
find_events event_number(uint64_t version);

/// Fails with bad_request if the event with the place's number is another one or missing: the
/// cursor comes from another ledger, or from a later state of this one.
caf::error check(const place& from, const std::vector<event>& found);

/// The question to the ledger that answers "what is new".
channel_records_since question_of(const find_channel_updates& asked, const place& from);

/// The version of the last record that is listed; 0: nothing was, now or before.
uint64_t version_in(const channel_records& found);

/// The answer. `newest`: the event with the number version_in(found); none needed if it is 0 or
/// the place's own.
channel_page page_of(const place& from, const channel_records& found,
                     const std::vector<event>& newest);

} // namespace igl::update_cursor
