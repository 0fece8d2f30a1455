#pragma once

#include "channels/medium.hpp"
#include "config/settings.hpp"
#include "messages/type_ids.hpp"

#include <map>
#include <utility>

/// What an endpoint makes of the changes on its medium, as plain functions.
///
/// A message that was a false alarm is never anything else again. When it comes back all the same,
/// it is a new arrival with an id of its own: `<id>~2`, then `<id>~3`.
namespace igl::follow_rules {

/// A message on the medium in which one of the endpoint's halves has a part.
using subject = std::pair<channel_half, std::string>;

/// The arrival that counts, and its record if it is stored.
struct arrival {
  uint32_t number = 1;
  caf::optional<channel_record> record{};
};
using arrivals = std::map<subject, arrival>;

/// The id in the store: `id`, `id~2`, …
std::string id_of(const subject& x, const arrival& y);

/// Whom the changes of a page are about, as far as it concerns the endpoint: what is for one of its
/// jurisdictions and, where the medium takes back, what one of them may have posted.
arrivals concerned(const medium_page& page, const endpoint_settings& how, bool takes_back);

/// Takes a record that was found into account. True: the arrival is over; look for the next one.
bool is_over(arrival& x, const caf::optional<channel_record>& found);

/// The settlement that follows from the changes, with the page's cursor. What `known` does not have
/// is passed over.
settlement followed(const medium_page& page, const arrivals& known, caf::timestamp now);

/// What an operator is to see of an entry that is no message: a job, for which no one can do more.
channel_notified notice_of(const endpoint_settings& how, const std::string& medium,
                           const unreadable_entry& x);
/// That job becomes a dead letter, or just ends if the operator has it already.
settlement shown(const job_ticket& job, const channel_notified& x, bool is_known);

/// The ledger's cursor.
inline constexpr std::string_view cursor_name = "medium";

/// The ledger's note for whom the medium was read up to there: "AU,SG".
inline constexpr std::string_view readers_name = "medium-jurisdictions";
std::string readers_of(const endpoint_settings& how);
/// Whether the endpoint serves somebody who is not in such a note: the cursor has passed what the
/// medium has for him.
bool has_new_reader(const endpoint_settings& how, std::string_view note);

} // namespace igl::follow_rules
