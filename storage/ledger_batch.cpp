#include "storage/ledger_batch.hpp"

#include "storage/ledger_keys.hpp"

#include <algorithm>

namespace igl {

namespace keys = ledger_keys;

namespace {

caf::error changed_meanwhile(const std::string& what, uint64_t expected, uint64_t found) {
  return make_problem(errc::stale, what + " is at version " + std::to_string(found) + ", not " +
                                       std::to_string(expected));
}

template <class Change, class KeyOf>
caf::error check_distinct(const std::vector<Change>& changes, KeyOf key_of) {
  if (changes.size() < 2)
    return {};
  std::set<std::string> seen;
  for (const auto& change : changes)
    if (auto key = key_of(change); !seen.insert(key).second)
      return make_problem(errc::internal, "a settlement changes the same record twice");
  return {};
}

std::string key_of(const message_change& x) {
  return keys::of_message(x.record.content.ref());
}

std::string key_of(const channel_record_change& x) {
  return keys::of_channel_record(x.record.half, x.record.said.id);
}

} // namespace

ledger_batch::ledger_batch(ledger_transaction& txn, const ledger_databases& db, ledger_state state,
                           moment now, const open_uploads& uploads)
    : txn_(txn), db_(db), state_(std::move(state)), now_(now), uploads_(uploads) {
  state_.last_commit = now.at;
  state_.last_due = now.due;
}

caf::expected<settled> ledger_batch::apply(const settlement& x) {
  findings found;
  if (auto err = check(x, found))
    return err;
  written_ = true;
  stirred_ = 0;
  auto events_before = state_.last_event;
  place_left_ = false;
  const auto lane = found.job ? found.job->job.order.lane : std::string{};
  for (const auto& e : x.events)
    write_event(e.what, e.about, e.detail, lane);
  auto version = events_before + 1;
  for (size_t i = 0; i < x.messages.size(); ++i)
    write_message(x.messages[i], version, found.came[i]);
  for (size_t i = 0; i < x.channel_records.size(); ++i)
    write_channel_record(x.channel_records[i], version, found.replaced[i]);
  for (const auto& grant : x.grants)
    write_grant(grant);
  for (const auto& object : x.objects)
    write_object(object);
  for (const auto& change : x.subscriptions)
    write_subscription(change);
  for (const auto& cursor : x.cursors)
    txn_.put(db_.cursors, keys::of_text(cursor.name), cursor.value);
  if (x.job)
    end_job(*x.job, std::move(*found.job));
  if (x.job && !x.voids_letters.empty())
    void_letters(x.job->ticket.id, x.voids_letters);
  for (const auto& change : x.tells)
    tell(change);
  for (const auto& order : x.opens)
    open(order, now_.at);
  for (const auto& change : x.lanes)
    change_lane(change);
  if (place_left_)
    start_waiting_lanes();
  return settled{state_.last_event > events_before ? version : 0, stirred_};
}

void ledger_batch::finish() {
  if (!written_)
    return;
  encode(value_, state_);
  txn_.put(db_.meta, std::string{meta_key::state}, value_);
}

// -- checks --------------------------------------------------------------------------------------

caf::error ledger_batch::check(const settlement& x, findings& found) const {
  if (x.job)
    if (auto err = check_job(*x.job, found))
      return err;
  if (x.events.empty() && !(x.messages.empty() && x.channel_records.empty()))
    return make_problem(errc::internal, "a settlement changes a record without an event");
  if (auto err = check_messages(x, found))
    return err;
  if (auto err = check_channel_records(x, found))
    return err;
  if (auto err = check_objects(x))
    return err;
  for (const auto& order : x.opens)
    if (order.id.empty())
      return make_problem(errc::internal, "a settlement opens a job without an id");
  return {};
}

caf::error ledger_batch::check_messages(const settlement& x, findings& found) const {
  for (const auto& change : x.messages) {
    auto about = change.record.content.ref();
    auto stored = txn_.find_or_absent(db_.messages, key_of(change));
    auto record = stored ? decoded<message_record>(*stored) : message_record{};
    if (record.version != change.expects)
      return changed_meanwhile("message " + to_string(about), change.expects, record.version);
    found.came.push_back(stored ? record.since : now_.at);
  }
  return check_distinct(x.messages, [](const auto& change) { return key_of(change); });
}

caf::error ledger_batch::check_channel_records(const settlement& x, findings& found) const {
  for (const auto& change : x.channel_records) {
    auto stored = txn_.find_or_absent(db_.channel_records, key_of(change));
    auto version = stored ? decoded<channel_record>(*stored).version : 0;
    if (version != change.expects)
      return changed_meanwhile("channel message " + change.record.said.id, change.expects, version);
    found.replaced.push_back(version);
  }
  return check_distinct(x.channel_records, [](const auto& change) { return key_of(change); });
}

caf::error ledger_batch::check_objects(const settlement& x) const {
  for (const auto& object : x.objects) {
    if (named_uploads_.contains(object.upload) || spare_uploads_.contains(object.upload))
      return make_problem(errc::stale,
                          "upload " + std::to_string(object.upload) + " is a document already");
    if (auto err = uploads_.check(object))
      return err;
  }
  if (x.objects.size() < 2)
    return {};
  std::set<uint64_t> uploads;
  for (const auto& object : x.objects)
    if (!uploads.insert(object.upload).second)
      return make_problem(errc::internal, "a settlement makes two documents of one upload");
  return {};
}

// -- writes --------------------------------------------------------------------------------------

uint64_t ledger_batch::write_event(event_kind what, const std::string& about,
                                   const std::string& detail, const std::string& lane) {
  event x;
  x.number = ++state_.last_event;
  x.at = now_.at;
  x.what = what;
  x.about = about;
  x.detail = detail;
  encode(value_, x);
  txn_.put(db_.events, keys::of_number(x.number), value_);
  if (!about.empty())
    txn_.put(db_.events_about, keys::of_event_about(about, x.number), {});
  if (!lane.empty() && lane != about)
    txn_.put(db_.events_about, keys::of_event_about(lane, x.number), {});
  return x.number;
}

void ledger_batch::write_message(const message_change& x, uint64_t version, caf::timestamp came) {
  encode(value_, x.record, version, came);
  txn_.put(db_.messages, key_of(x), value_);
}

void ledger_batch::write_channel_record(const channel_record_change& x, uint64_t version,
                                        uint64_t replaced) {
  const auto& record = x.record;
  const auto& id = record.said.id;
  if (replaced != 0)
    txn_.erase(db_.channel_updates, keys::of_channel_update(record.half, replaced, id));
  encode(value_, record, version, now_.at);
  txn_.put(db_.channel_records, key_of(x), value_);
  encode(value_, channel_update{now_.at, record.said.content.receiver, id});
  txn_.put(db_.channel_updates, keys::of_channel_update(record.half, version, id), value_);
}

void ledger_batch::write_grant(const access_grant& x) {
  encode(value_, stored_grant{now_.at, x.because});
  txn_.insert(db_.access, keys::of_access(x), value_);
}

void ledger_batch::write_object(const object_stored& x) {
  object_info info;
  info.multihash = x.multihash;
  info.upload = x.upload;
  info.size = x.size;
  encode(value_, info);
  if (!txn_.insert(db_.objects, keys::of_text(x.multihash), value_)) {
    spare_uploads_.insert(x.upload);
    return;
  }
  named_uploads_.insert(x.upload);
  txn_.erase(db_.uploads, keys::of_number(x.upload));
}

} // namespace igl
