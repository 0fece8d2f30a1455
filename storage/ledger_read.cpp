#include "storage/bytes.hpp"
#include "storage/disk_ledger.hpp"
#include "storage/ledger_keys.hpp"

#include <algorithm>

namespace igl {

namespace keys = ledger_keys;

namespace {

/// Updates in one read, whoever they are for: nothing is accepted while a read goes on.
constexpr size_t most_looked_at = 2000;

template <class T>
caf::optional<T> found_in(const ledger_snapshot& txn, lmdb::database db, std::string_view key) {
  if (auto stored = txn.find_or_absent(db, key))
    return decoded<T>(*stored);
  return caf::none;
}

/// The newest version among a half's records; 0: there are none.
uint64_t newest_version(const ledger_snapshot& txn, const ledger_databases& db, channel_half half) {
  auto at = txn.walk(db.channel_updates);
  auto behind = std::string(1, static_cast<char>(static_cast<uint8_t>(half) + 1));
  bool any = at.seek(behind) ? at.previous() : at.last();
  return any && at.key()[0] == static_cast<char>(half) ? keys::number_of(at.key().substr(1)) : 0;
}

/// The last version before `since`. Versions and times rise together, so halving finds it.
uint64_t version_before(const ledger_snapshot& txn, const ledger_databases& db, channel_half half,
                        caf::timestamp since) {
  auto at = txn.walk(db.channel_updates);
  uint64_t low = 1;
  uint64_t high = newest_version(txn, db, half) + 1;
  while (low < high) {
    auto middle = low + (high - low) / 2;
    if (!at.seek(keys::before_channel_updates(half, middle)) ||
        at.key()[0] != static_cast<char>(half) ||
        decoded<channel_update>(at.value()).updated >= since)
      high = middle;
    else
      low = keys::number_of(at.key().substr(1)) + 1;
  }
  return low - 1;
}

/// What a message grants that was withdrawn does not count, as long as that is so.
bool counts(const ledger_snapshot& txn, const ledger_databases& db, const stored_grant& grant) {
  auto message = parse_reference(grant.because);
  if (!message)
    return true;
  auto stored = txn.find(db.messages, keys::of_message(*message));
  return !stored || !is_withdrawn(decoded<message_record>(*stored));
}

} // namespace

caf::expected<found_message> disk_ledger::read(const find_message& what) const {
  return answer<found_message>([&](const auto& txn, found_message& found) -> caf::error {
    found.record = found_in<message_record>(txn, db_.messages, keys::of_message(what.about));
    return {};
  });
}

caf::expected<found_channel_record> disk_ledger::read(const find_channel_record& what) const {
  return answer<found_channel_record>(
      [&](const auto& txn, found_channel_record& found) -> caf::error {
        found.record = found_in<channel_record>(txn, db_.channel_records,
                                                keys::of_channel_record(what.half, what.id));
        return {};
      });
}

caf::expected<channel_records> disk_ledger::read(const channel_records_since& what) const {
  return answer<channel_records>([&](const auto& txn, channel_records& found) -> caf::error {
    auto after = what.version;
    if (after == 0 && what.since > caf::timestamp{})
      after = version_before(txn, db_, what.half, what.since);
    auto at = txn.walk(db_.channel_updates);
    bool more = at.seek(keys::before_channel_updates(what.half, after + 1));
    size_t looked_at = 0;
    for (; more && at.key()[0] == static_cast<char>(what.half); more = at.next()) {
      auto version = keys::number_of(at.key().substr(1));
      auto update = decoded<channel_update>(at.value());
      // A page does not end between records of one version: the next page begins after it.
      if ((found.records.size() >= what.limit || ++looked_at > most_looked_at) &&
          version != found.version && found.version != 0) {
        found.more = true;
        return {};
      }
      found.version = version;
      if (!what.receiver.empty() && what.receiver != update.receiver)
        continue;
      auto record = found_in<channel_record>(txn, db_.channel_records,
                                             keys::of_channel_record(what.half, update.id));
      if (!record)
        throw damaged_value("a channel record is in the index only");
      if (!what.sender.empty() && what.sender != record->said.content.sender)
        continue;
      found.records.push_back(std::move(*record));
    }
    found.version = std::max(what.version, newest_version(txn, db_, what.half));
    return {};
  });
}

caf::expected<found_events> disk_ledger::read(const find_events& what) const {
  return answer<found_events>([&](const auto& txn, found_events& found) -> caf::error {
    auto add = [&](uint64_t number, std::string_view value) {
      found.events.push_back(decoded<event>(value));
      found.events.back().number = number;
    };
    if (what.about.empty()) {
      auto at = txn.walk(db_.events);
      bool more = at.seek(keys::of_number(what.after + 1));
      for (; more && found.events.size() < what.limit; more = at.next())
        add(keys::number_of(at.key()), at.value());
      return {};
    }
    auto begins = keys::of_text(what.about);
    auto at = txn.walk(db_.events_about);
    bool more = at.seek(keys::of_event_about(what.about, what.after + 1));
    for (; more && found.events.size() < what.limit && at.key().starts_with(begins);
         more = at.next()) {
      auto number = keys::number_of(at.key().substr(begins.size()));
      auto stored = txn.find(db_.events, keys::of_number(number));
      if (!stored)
        throw damaged_value("an event is in the index only");
      add(number, *stored);
    }
    return {};
  });
}

caf::expected<found_object> disk_ledger::read(const find_object& what) const {
  return answer<found_object>([&](const auto& txn, found_object& found) -> caf::error {
    found.info = found_in<object_info>(txn, db_.objects, keys::of_text(what.multihash));
    return {};
  });
}

caf::expected<access> disk_ledger::read(const may_read& what) const {
  return answer<access>([&](const auto& txn, access& found) -> caf::error {
    auto begins = keys::of_access(what.multihash, what.jurisdiction);
    auto at = txn.walk(db_.access);
    for (bool more = at.seek(begins); more && !found.granted && at.key().starts_with(begins);
         more = at.next())
      found.granted = counts(txn, db_, decoded<stored_grant>(at.value()));
    return {};
  });
}

caf::expected<document_piece> disk_ledger::read(const read_piece& what) const {
  document_piece found;
  auto err = env_->read([&](const lmdb::read_transaction& txn) -> caf::error {
    auto key = keys::of_piece(what.upload, what.piece);
    auto stored = txn.find_stored(db_.pieces, key);
    if (!stored)
      return make_problem(errc::not_found, "there is no piece " + std::to_string(what.piece) +
                                               " of upload " + std::to_string(what.upload));
    found.bytes = env_->copy_without_trace(*stored);
    found.bytes.resize(txn.checked(db_.pieces, key, found.bytes).size());
    return {};
  });
  if (err) {
    notice(err);
    return err;
  }
  return found;
}

caf::expected<found_cursor> disk_ledger::read(const find_cursor& what) const {
  return answer<found_cursor>([&](const auto& txn, found_cursor& found) -> caf::error {
    found.value = txn.find(db_.cursors, keys::of_text(what.name)).value_or("");
    return {};
  });
}

} // namespace igl
