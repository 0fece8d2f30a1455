#pragma once

#include "messages/type_ids.hpp"

#include <string>
#include <vector>

/// What happens when a message in an endpoint's stores changes, as parts of a settlement.
namespace igl::record_change {

event fact(event_kind what, const std::string& id, std::string detail);

/// Whether subscribers are told.
enum class noise : uint8_t { told, silent };

/// The record takes a new state, which must be one that may follow, at `now`. Adds the event; told
/// are those who subscribed to the id and to the jurisdiction: the receiver's for the receiving
/// half, `posting.<sender>.<state>` for the posting half.
void change(settlement& into, channel_record& x, channel_status becomes, std::string detail,
            noise how, caf::timestamp now);

bool among(const std::vector<std::string>& codes, std::string_view code);

} // namespace igl::record_change
