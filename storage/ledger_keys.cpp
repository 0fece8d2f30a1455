#include "storage/ledger_keys.hpp"

#include "messages/multihash.hpp"
#include "storage/bytes.hpp"

#include <algorithm>

namespace igl::ledger_keys {

namespace {

constexpr size_t digest_mark = 0xffff;
constexpr size_t longest_topic = 300;

/// What a number, and a text beside its own bytes, take in a key.
constexpr size_t number_size = 8;
constexpr size_t length_size = 2;

/// An empty key with room for a text, or its digest, and so many bytes.
std::string key_with_room(std::string_view text, size_t longest, size_t beside) {
  std::string key;
  key.reserve(length_size + std::min(text.size(), longest) + beside);
  return key;
}

void add_number(std::string& key, uint64_t x) {
  add_big_endian<number_size>(key, x);
}

void add_time(std::string& key, caf::timestamp x) {
  auto ns = x.time_since_epoch().count();
  add_number(key, ns < 0 ? 0 : static_cast<uint64_t>(ns));
}

void add_text(std::string& key, std::string_view text, size_t longest) {
  if (text.size() <= longest) {
    add_big_endian<length_size>(key, text.size());
    key.append(text);
  } else {
    add_big_endian<length_size>(key, digest_mark);
    key.append(sha256_hex(text));
  }
}

} // namespace

std::string of_text(std::string_view text, size_t longest) {
  auto key = key_with_room(text, longest, 0);
  add_text(key, text, longest);
  return key;
}

std::string of_number(uint64_t x) {
  std::string key;
  add_number(key, x);
  return key;
}

std::string of_message(const reference& about) {
  return of_text(to_string(about));
}

std::string of_event_about(std::string_view about, uint64_t number) {
  auto key = key_with_room(about, longest_text, number_size);
  add_text(key, about, longest_text);
  add_number(key, number);
  return key;
}

std::string of_channel_record(channel_half half, std::string_view id) {
  auto key = key_with_room(id, longest_text, 1);
  key.push_back(static_cast<char>(half));
  add_text(key, id, longest_text);
  return key;
}

std::string before_channel_updates(channel_half half, uint64_t version) {
  std::string key(1, static_cast<char>(half));
  add_number(key, version);
  return key;
}

std::string of_channel_update(channel_half half, uint64_t version, std::string_view id) {
  auto key = key_with_room(id, longest_text, 1 + number_size);
  key.append(before_channel_updates(half, version));
  add_text(key, id, longest_text);
  return key;
}

std::string of_access(std::string_view multihash, std::string_view jurisdiction) {
  auto key = of_text(multihash, 120);
  add_text(key, jurisdiction, 100);
  return key;
}

std::string of_access(const access_grant& x) {
  auto key = of_access(x.multihash, x.jurisdiction);
  add_text(key, x.because, 200);
  return key;
}

std::string of_piece(uint64_t upload, uint32_t piece) {
  auto key = of_number(upload);
  add_big_endian<4>(key, piece);
  return key;
}

std::string of_topic(std::string_view canonical_topic) {
  return of_text(canonical_topic, longest_topic);
}

std::string of_subscription(std::string_view canonical_topic, std::string_view callback) {
  return of_topic(canonical_topic) + of_callback(callback);
}

std::string of_subscription_end(caf::timestamp ends, std::string_view subscription_key) {
  std::string key;
  add_time(key, ends);
  key.append(subscription_key);
  return key;
}

std::string of_callback(std::string_view callback) {
  return sha256_hex(callback);
}

std::string of_hub_topic(std::string_view canonical_topic, uint64_t number) {
  auto key = key_with_room(canonical_topic, longest_topic, number_size);
  add_text(key, canonical_topic, longest_topic);
  add_number(key, number);
  return key;
}

std::string of_lane_job(const open_job& x) {
  auto key = key_with_room(x.order.lane, longest_text, 2 * number_size);
  add_text(key, x.order.lane, longest_text);
  add_number(key, x.order.place);
  add_number(key, x.number);
  return key;
}

uint64_t place_of_lane_job(std::string_view key) {
  if (key.size() < 2 * number_size)
    throw damaged_value("a lane has a job without a place");
  return number_of(key.substr(key.size() - 2 * number_size));
}

std::string of_waiting_lane(uint64_t place, std::string_view lane) {
  auto key = key_with_room(lane, longest_text, number_size);
  add_number(key, place);
  add_text(key, lane, longest_text);
  return key;
}

std::string of_due(stream on, const due_place& x) {
  std::string key(1, static_cast<char>(on));
  add_time(key, x.due);
  add_number(key, x.number);
  return key;
}

bool is_due_on(stream on, std::string_view key) {
  return !key.empty() && key.front() == static_cast<char>(on);
}

due_place due_place_of(std::string_view key) {
  byte_reader read(key.substr(1));
  due_place place;
  place.due = read.time();
  place.number = read.u64();
  return place;
}

uint64_t number_of(std::string_view key) {
  return byte_reader(key).u64();
}

} // namespace igl::ledger_keys
