#include "storage/ledger_values.hpp"

#include "storage/bytes.hpp"

namespace igl {

namespace {

/// The version of every layout.
constexpr uint8_t layout = 1;
/// The second one of a message: with its arrivals.
constexpr uint8_t layout_with_arrivals = 2;
/// The second one of a job and a dead letter: with its lane and place.
constexpr uint8_t layout_with_lane = 2;
/// The second one of a subscription: with the number of the event after which it began.
constexpr uint8_t layout_with_number = 2;
/// The third one of a message: with its arrivals, and who took it back.
constexpr uint8_t layout_taken_back = 3;

byte_writer start(std::string& to, uint8_t version = layout) {
  byte_writer write(to);
  write.u8(version);
  return write;
}

[[noreturn]] void refuse_layout() {
  throw damaged_value("of a layout that this version does not know");
}

byte_reader start(std::string_view from) {
  byte_reader read(from);
  if (read.u8() != layout)
    refuse_layout();
  return read;
}

/// The enumerators are stored as numbers: new ones come at the end.
template <class Enum>
void write_enum(byte_writer& write, Enum x) {
  write.u8(static_cast<uint8_t>(x));
}

template <class Enum>
Enum read_enum(byte_reader& read, Enum last) {
  auto number = read.u8();
  if (number > static_cast<uint8_t>(last))
    throw damaged_value("an enumerator that does not exist");
  return static_cast<Enum>(number);
}

void write_content(byte_writer& write, const message& x) {
  for (const auto* field :
       {&x.sender, &x.sender_ref, &x.receiver, &x.subject, &x.obj, &x.predicate})
    write.text(*field);
}

void read_content(byte_reader& read, message& x) {
  for (auto* field : {&x.sender, &x.sender_ref, &x.receiver, &x.subject, &x.obj, &x.predicate})
    *field = read.text();
}

bool has_place(const job_order& x) {
  return !x.lane.empty() || x.place != 0;
}

uint8_t layout_of(const open_job& x) {
  return has_place(x.order) ? layout_with_lane : layout;
}

void write_job(byte_writer& write, const open_job& x) {
  write_enum(write, x.order.on);
  write.time(x.order.due);
  write.time(x.opened);
  write.number(x.number);
  write.u32(x.generation);
  write.number(x.attempts);
  for (const auto* field : {&x.order.id, &x.order.about, &x.order.body, &x.last_error})
    write.text(*field);
  if (!has_place(x.order))
    return;
  write.text(x.order.lane);
  write.u64(x.order.place);
}

void read_job(byte_reader& read, uint8_t version, open_job& x) {
  x.order.on = read_enum(read, static_cast<stream>(stream_count - 1));
  x.order.due = read.time();
  x.opened = read.time();
  x.number = read.number();
  x.generation = read.u32();
  x.attempts = static_cast<uint32_t>(read.number());
  for (auto* field : {&x.order.id, &x.order.about, &x.order.body, &x.last_error})
    *field = read.text();
  x.order.lane = version == layout_with_lane ? read.text() : "";
  x.order.place = version == layout_with_lane ? read.u64() : 0;
}

uint8_t read_job_layout(byte_reader& read) {
  auto version = read.u8();
  if (version != layout && version != layout_with_lane)
    refuse_layout();
  return version;
}

} // namespace

void encode(std::string& to, const ledger_state& x) {
  auto write = start(to);
  for (uint64_t number : {x.last_event, x.last_turn, x.last_dead_letter, x.last_upload})
    write.u64(number);
  write.time(x.last_commit);
  write.time(x.last_due);
  write.u8(stream_count);
  for (uint64_t open : x.open_jobs)
    write.u64(open);
  write.u64(x.last_hub_event);
}

void decode(std::string_view from, ledger_state& x) {
  auto read = start(from);
  for (auto* number : {&x.last_event, &x.last_turn, &x.last_dead_letter, &x.last_upload})
    *number = read.u64();
  x.last_commit = read.time();
  x.last_due = read.time();
  // A ledger written before a stream was added has fewer.
  size_t streams = read.u8();
  if (streams > stream_count)
    throw damaged_value("more streams than this version knows");
  for (size_t i = 0; i < streams; ++i)
    x.open_jobs[i] = read.u64();
  // One written before hubs kept events has none.
  x.last_hub_event = read.at_end() ? 0 : read.u64();
}

void encode(std::string& to, const event& x) {
  auto write = start(to);
  write.time(x.at);
  write_enum(write, x.what);
  write.text(x.about);
  write.text(x.detail);
}

void decode(std::string_view from, event& x) {
  auto read = start(from);
  x.at = read.time();
  x.what = read_enum(read, event_kind::configuration_reloaded);
  x.about = read.text();
  x.detail = read.text();
}

void encode(std::string& to, const message_record& x) {
  encode(to, x, x.version, x.since);
}

void encode(std::string& to, const message_record& x, uint64_t version, caf::timestamp since) {
  auto was_taken_back = !x.taken_back_by.empty();
  auto has_arrivals = !x.arrivals.empty() || was_taken_back;
  auto write = start(to, was_taken_back ? layout_taken_back
                         : has_arrivals ? layout_with_arrivals
                                        : layout);
  write.number(version);
  write_enum(write, x.status);
  write.time(since);
  write_content(write, x.content);
  write.text(x.channel_id);
  write.text(x.channel_txn_id);
  if (!has_arrivals)
    return;
  write.u8(x.rejected_by_channel ? 1 : 0);
  write.number(x.arrivals.size());
  for (const auto& arrival : x.arrivals) {
    write.u8(arrival.stands ? 1 : 0);
    write.text(arrival.channel_id);
    write.text(arrival.channel_txn_id);
  }
  if (!was_taken_back)
    return;
  write.number(x.taken_back_by.size());
  for (const auto& channel : x.taken_back_by)
    write.text(channel);
}

void decode(std::string_view from, message_record& x) {
  byte_reader read(from);
  auto version = read.u8();
  if (version < layout || version > layout_taken_back)
    refuse_layout();
  x.version = read.number();
  x.status = read_enum(read, message_status::rejected);
  x.since = read.time();
  read_content(read, x.content);
  x.channel_id = read.text();
  x.channel_txn_id = read.text();
  x.arrivals.clear();
  auto has_arrivals = version >= layout_with_arrivals;
  x.rejected_by_channel = has_arrivals && read.u8() != 0;
  auto arrivals = has_arrivals ? read.number() : 0;
  for (uint64_t i = 0; i < arrivals; ++i) {
    message_arrival arrival;
    arrival.stands = read.u8() != 0;
    arrival.channel_id = read.text();
    arrival.channel_txn_id = read.text();
    x.arrivals.push_back(std::move(arrival));
  }
  x.taken_back_by.clear();
  auto rounds = version == layout_taken_back ? read.number() : 0;
  for (uint64_t i = 0; i < rounds; ++i)
    x.taken_back_by.emplace_back(read.text());
}

void encode(std::string& to, const channel_record& x) {
  encode(to, x, x.version, x.updated);
}

void encode(std::string& to, const channel_record& x, uint64_t version, caf::timestamp updated) {
  auto write = start(to);
  write.number(version);
  write_enum(write, x.half);
  write_enum(write, x.said.status);
  write.time(updated);
  write.text(x.said.id);
  write_content(write, x.said.content);
}

void decode(std::string_view from, channel_record& x) {
  auto read = start(from);
  x.version = read.number();
  x.half = read_enum(read, channel_half::receiving);
  x.said.status = read_enum(read, channel_status::false_alarm);
  x.updated = read.time();
  x.said.id = read.text();
  read_content(read, x.said.content);
}

void encode(std::string& to, const channel_update& x) {
  auto write = start(to);
  write.time(x.updated);
  write.text(x.receiver);
  write.text(x.id);
}

void decode(std::string_view from, channel_update& x) {
  auto read = start(from);
  x.updated = read.time();
  x.receiver = read.text();
  x.id = read.text();
}

void encode(std::string& to, const stored_job& x) {
  auto write = start(to, layout_of(x.job));
  write.u32(x.oldest_ticket);
  write_job(write, x.job);
}

void decode(std::string_view from, stored_job& x) {
  byte_reader read(from);
  auto version = read_job_layout(read);
  x.oldest_ticket = read.u32();
  read_job(read, version, x.job);
}

void encode(std::string& to, const dead_letter& x) {
  auto write = start(to, layout_of(x.job));
  write.number(x.number);
  write.time(x.died);
  write.text(x.reason);
  write_job(write, x.job);
}

void decode(std::string_view from, dead_letter& x) {
  byte_reader read(from);
  auto version = read_job_layout(read);
  x.number = read.number();
  x.died = read.time();
  x.reason = read.text();
  read_job(read, version, x.job);
}

void encode(std::string& to, const object_info& x) {
  auto write = start(to);
  write.number(x.upload);
  write.number(x.size);
  write.text(x.multihash);
}

void decode(std::string_view from, object_info& x) {
  auto read = start(from);
  x.upload = read.number();
  x.size = read.number();
  x.multihash = read.text();
}

void encode(std::string& to, const stored_grant& x) {
  auto write = start(to);
  write.time(x.since);
  write.text(x.because);
}

void decode(std::string_view from, stored_grant& x) {
  auto read = start(from);
  x.since = read.time();
  x.because = read.text();
}

void encode(std::string& to, const subscription& x) {
  auto write = start(to, layout_with_number);
  write.time(x.ends);
  for (const auto* field : {&x.topic, &x.topic_as_asked, &x.callback, &x.secret})
    write.text(*field);
  write.number(x.after_event);
}

void decode(std::string_view from, subscription& x) {
  byte_reader read(from);
  auto version = read.u8();
  if (version != layout && version != layout_with_number)
    refuse_layout();
  x.ends = read.time();
  for (auto* field : {&x.topic, &x.topic_as_asked, &x.callback, &x.secret})
    *field = read.text();
  x.after_event = version == layout_with_number ? read.number() : 0;
}

void encode(std::string& to, const stored_hub_event& x) {
  auto write = start(to);
  write.time(x.what.at);
  for (const auto* field : {&x.what.topic, &x.what.about, &x.what.media_type, &x.what.body})
    write.text(*field);
  write.number(x.topics.size());
  for (const auto& topic : x.topics)
    write.text(topic);
}

void decode(std::string_view from, stored_hub_event& x) {
  auto read = start(from);
  x.what.at = read.time();
  for (auto* field : {&x.what.topic, &x.what.about, &x.what.media_type, &x.what.body})
    *field = read.text();
  x.topics.clear();
  for (auto left = read.number(); left > 0; --left)
    x.topics.emplace_back(read.text());
}

} // namespace igl
