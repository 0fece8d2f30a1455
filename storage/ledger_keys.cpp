#include "storage/ledger_keys.hpp"

#include "messages/multihash.hpp"
#include "storage/bytes.hpp"

namespace igl::ledger_keys {

namespace {

constexpr size_t digest_mark = 0xffff;

void add_length(std::string& key, size_t length) {
  key.push_back(static_cast<char>(length >> 8));
  key.push_back(static_cast<char>(length & 0xff));
}

void add_number(std::string& key, uint64_t x) {
  for (int shift = 56; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(x >> shift & 0xff));
}

void add_time(std::string& key, caf::timestamp x) {
  auto ns = x.time_since_epoch().count();
  add_number(key, ns < 0 ? 0 : static_cast<uint64_t>(ns));
}

void add_text(std::string& key, std::string_view text, size_t longest) {
  if (text.size() <= longest) {
    add_length(key, text.size());
    key.append(text);
  } else {
    add_length(key, digest_mark);
    key.append(sha256_hex(text));
  }
}

} // namespace

std::string of_text(std::string_view text, size_t longest) {
  std::string key;
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
  auto key = of_text(about);
  add_number(key, number);
  return key;
}

std::string of_channel_record(channel_half half, std::string_view id) {
  std::string key(1, static_cast<char>(half));
  add_text(key, id, 400);
  return key;
}

std::string before_channel_updates(channel_half half, uint64_t version) {
  std::string key(1, static_cast<char>(half));
  add_number(key, version);
  return key;
}

std::string of_channel_update(channel_half half, uint64_t version, std::string_view id) {
  auto key = before_channel_updates(half, version);
  add_text(key, id, 400);
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
  for (int shift = 24; shift >= 0; shift -= 8)
    key.push_back(static_cast<char>(piece >> shift & 0xff));
  return key;
}

std::string of_topic(std::string_view canonical_topic) {
  return of_text(canonical_topic, 300);
}

std::string of_subscription(std::string_view canonical_topic, std::string_view callback) {
  return of_topic(canonical_topic) + sha256_hex(callback);
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
  auto key = of_topic(canonical_topic);
  add_number(key, number);
  return key;
}

std::string of_lane_job(const open_job& x) {
  auto key = of_text(x.order.lane);
  add_number(key, x.order.place);
  add_number(key, x.number);
  return key;
}

std::string of_waiting_lane(uint64_t place, std::string_view lane) {
  std::string key;
  add_number(key, place);
  add_text(key, lane, 400);
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
