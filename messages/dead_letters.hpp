#pragma once

#include "messages/queries.hpp"

#include <string>
#include <string_view>
#include <vector>

/// What an operator wants to know of dead letters, out of the dead letters alone.
namespace igl {

/// Stream, error code and peer of what a job died of.
dead_letter_cause cause_of(const dead_letter& x);
bool operator==(const dead_letter_cause& a, const dead_letter_cause& b);

/// `delivery-outbox/peer_failed/http://importer:80`; what is not known is a `-`. Commands take it.
std::string to_string(const dead_letter_cause& x);
/// None: no stream of that name, or a part is missing.
caf::optional<dead_letter_cause> parse_dead_letter_cause(std::string_view text);

/// What will not come true if nobody ever does this job: "the subscriber http://… will never hear
/// of AU:17".
std::string consequence_of(const job_order& x);

/// Counts a dead letter, or a group of another page, into the group of its cause.
void add_to(std::vector<dead_letter_group>& all, const dead_letter& x);
void add_to(std::vector<dead_letter_group>& all, const dead_letter_group& x);

} // namespace igl
