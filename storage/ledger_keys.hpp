#pragma once

#include "messages/channel.hpp"
#include "messages/queries.hpp"

#include <string>
#include <string_view>

/// The keys of the ledger's databases (storage/FORMAT.md). All sort as bytes.
namespace igl::ledger_keys {

constexpr size_t longest_text = 400;

/// A text as (part of) a key: its length in two bytes, then itself, so that no key is the beginning
/// of another; a text longer than `longest` is replaced by its digest.
std::string of_text(std::string_view text, size_t longest = longest_text);

std::string of_number(uint64_t x);

std::string of_message(const reference& about);
std::string of_event_about(std::string_view about, uint64_t number);
std::string of_channel_record(channel_half half, std::string_view id);
std::string of_channel_update(channel_half half, uint64_t version, std::string_view id);
/// Sorts before a half's updates of this version and after those of earlier ones.
std::string before_channel_updates(channel_half half, uint64_t version);
/// All reasons why a jurisdiction may read a document begin like this.
std::string of_access(std::string_view multihash, std::string_view jurisdiction);
std::string of_access(const access_grant& x);
std::string of_piece(uint64_t upload, uint32_t piece);
/// All subscriptions to a topic begin like this.
std::string of_topic(std::string_view canonical_topic);
std::string of_subscription(std::string_view canonical_topic, std::string_view callback);
std::string of_subscription_end(caf::timestamp ends, std::string_view subscription_key);
/// All subscriptions of a callback begin like this.
std::string of_callback(std::string_view callback);
/// All events of the hub that are found by a topic begin like that topic's `of_topic`.
std::string of_hub_topic(std::string_view canonical_topic, uint64_t number);
/// All jobs of a lane begin like `of_text` of it.
std::string of_lane_job(const open_job& x);
uint64_t place_of_lane_job(std::string_view key);
/// A lane that waits for what comes before the place of its first job.
std::string of_waiting_lane(uint64_t place, std::string_view lane);
std::string of_due(stream on, const due_place& x);

bool is_due_on(stream on, std::string_view key);
due_place due_place_of(std::string_view key);
/// The number that a key begins with.
uint64_t number_of(std::string_view key);

} // namespace igl::ledger_keys
