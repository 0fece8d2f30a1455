#include "storage/ledger_walk.hpp"

#include "messages/multihash.hpp"
#include "storage/bytes.hpp"
#include "storage/ledger_keys.hpp"

#include <algorithm>
#include <set>

namespace igl {

namespace keys = ledger_keys;

void ledger_walk::each(
    const std::string& database,
    const std::function<void(std::string_view key, std::string_view value)>& what) const {
  auto at = txn.walk(env.named(database));
  for (bool more = at.first(); more; more = at.next()) {
    std::string_view value;
    try {
      value = at.value();
    } catch (const damaged_value&) {
      continue;
    }
    try {
      what(at.key(), value);
    } catch (const damaged_value& x) {
      fault(database + " " + readable_key(at.key()) + ": " + x.what());
    }
  }
}

namespace {

using view = std::string_view;

/// The sums, the order, and how many there are.
void look_at_database(const ledger_walk& with, const std::string& name) {
  auto in = with.env.named(name);
  auto at = with.txn.walk(in);
  uint64_t entries = 0;
  std::string before;
  for (bool more = at.first(); more; more = at.next()) {
    try {
      at.value();
    } catch (const damaged_value& x) {
      with.fault(x.what());
    }
    if (entries++ > 0 && at.key() <= before)
      with.fault("in the database " + name + ", key " + readable_key(at.key()) +
                 " is not in its place");
    before = at.key();
  }
  with.count(name, entries);
  if (entries != with.txn.size(in))
    with.fault("the database " + name + " has " + std::to_string(entries) + " entries, not " +
               std::to_string(with.txn.size(in)));
}

/// One that is there but damaged was told of before.
bool has(const ledger_walk& with, lmdb::database in, view key) {
  return with.txn.find_stored(in, key).has_value();
}

/// What is found there; none, which is no new fault: it is damaged.
template <class T>
std::optional<T> found(const ledger_walk& with, lmdb::database in, view key) {
  try {
    if (auto stored = with.txn.find(in, key))
      return decoded<T>(*stored);
  } catch (const damaged_value&) {
  }
  return std::nullopt;
}

void expect(const ledger_walk& with, bool is_so, const std::string& what) {
  if (!is_so)
    with.fault(what);
}

std::string number(uint64_t x) {
  return std::to_string(x);
}

uint64_t last_number(const ledger_walk& with, lmdb::database in) {
  auto at = with.txn.walk(in);
  return at.last() ? keys::number_of(at.key()) : 0;
}

ledger_state state_of(const ledger_walk& with) {
  return found<ledger_state>(with, with.db.meta, meta_key::state).value_or(ledger_state{});
}

void look_at_events(const ledger_walk& with) {
  uint64_t before = 0;
  with.each("events", [&](view key, view value) {
    auto n = keys::number_of(key);
    auto x = decoded<event>(value);
    auto is_damaged = has(with, with.db.events, keys::of_number(n - 1));
    // A restored ledger counts on above all that another life of it may have told.
    if (n != before + 1 && !is_damaged && x.what != event_kind::ledger_restored)
      with.fault("events: " + number(before + 1) + " is missing, the next is " + number(n));
    before = n;
    expect(with,
           x.about.empty() || has(with, with.db.events_about, keys::of_event_about(x.about, n)),
           "events " + number(n) + ": it is not found by what it is about");
  });
  with.each("events_about", [&](view key, view) {
    auto n = key.substr(key.size() - std::min<size_t>(key.size(), 8));
    expect(with, has(with, with.db.events, n),
           "events_about " + readable_key(key) + ": there is no such event");
  });
  auto last = state_of(with).last_event;
  expect(with, last == last_number(with, with.db.events),
         "the last event is " + number(last_number(with, with.db.events)) + ", the state says " +
             number(last));
}

void look_at_records(const ledger_walk& with) {
  with.each("messages", [&](view key, view value) {
    auto x = decoded<message_record>(value);
    expect(with, key == keys::of_message(x.content.ref()),
           "messages " + readable_key(key) + ": it is " + to_string(x.content.ref()));
  });
  with.each("channel_records", [&](view key, view value) {
    auto x = decoded<channel_record>(value);
    expect(with, key == keys::of_channel_record(x.half, x.said.id),
           "channel_records " + readable_key(key) + ": it is " + x.said.id);
    expect(
        with,
        has(with, with.db.channel_updates, keys::of_channel_update(x.half, x.version, x.said.id)),
        "channel_records " + readable_key(key) + ": it is not found by its version");
  });
  with.each("channel_updates", [&](view key, view value) {
    auto x = decoded<channel_update>(value);
    auto half = static_cast<channel_half>(key.front());
    auto record =
        found<channel_record>(with, with.db.channel_records, keys::of_channel_record(half, x.id));
    auto is_there = has(with, with.db.channel_records, keys::of_channel_record(half, x.id));
    expect(with, is_there && (!record || record->version == keys::number_of(key.substr(1))),
           "channel_updates " + readable_key(key) + ": there is no such record");
  });
  with.each("access", [](view, view value) { decoded<stored_grant>(value); });
}

/// The bytes of a document add up, and are what its multihash says.
void look_at_document(const ledger_walk& with, const object_info& x) {
  multihasher hash;
  uint64_t size = 0;
  for (uint32_t piece = 0; size < x.size; ++piece) {
    auto key = keys::of_piece(x.upload, piece);
    auto stored = with.txn.find_stored(with.db.pieces, key);
    if (!stored)
      return with.fault("document " + x.multihash + ": piece " + number(piece) + " is missing");
    try {
      auto bytes = with.txn.checked(with.db.pieces, key, *stored);
      size += bytes.size();
      hash.update(bytes);
    } catch (const damaged_value&) {
      return with.fault("document " + x.multihash + ": piece " + number(piece) + " is damaged");
    }
  }
  if (size != x.size)
    return with.fault("document " + x.multihash + ": it has " + number(size) + " bytes, not " +
                      number(x.size));
  if (auto is = hash.finish(); is != x.multihash)
    with.fault("document " + x.multihash + ": its bytes are those of " + is);
}

void look_at_documents(const ledger_walk& with) {
  std::set<uint64_t> uploads;
  uint64_t bytes = 0;
  with.each("objects", [&](view key, view value) {
    auto x = decoded<object_info>(value);
    expect(with, key == keys::of_text(x.multihash),
           "objects " + readable_key(key) + ": it is " + x.multihash);
    uploads.insert(x.upload);
    bytes += x.size;
    look_at_document(with, x);
  });
  with.count("bytes of documents", bytes);
  with.each("uploads", [&](view key, view) { uploads.insert(keys::number_of(key)); });
  auto at = with.txn.walk(with.db.pieces);
  for (bool more = at.first(); more;) {
    auto upload = keys::number_of(at.key());
    expect(with, uploads.contains(upload),
           "pieces " + readable_key(at.key()) + ": they belong to no document");
    more = at.seek(keys::of_number(upload + 1));
  }
  expect(with,
         uploads.empty() || *uploads.rbegin() <= std::max(state_of(with).last_upload,
                                                          last_number(with, with.db.pieces)),
         "the state does not know the last upload");
}

void look_at_subscriptions(const ledger_walk& with) {
  with.each("subscriptions", [&](view key, view value) {
    auto x = decoded<subscription>(value);
    auto name = "subscriptions " + readable_key(key);
    expect(with, key == keys::of_subscription(x.topic, x.callback),
           name + ": it is " + x.callback + " to " + x.topic);
    expect(with, has(with, with.db.subscription_ends, keys::of_subscription_end(x.ends, key)),
           name + ": it is not found by its end");
    expect(with,
           has(with, with.db.subscriptions_of, keys::of_callback(x.callback) + std::string{key}),
           name + ": it is not found by its callback");
    expect(with, has(with, with.db.hub_wanted, keys::of_topic(x.topic)),
           name + ": nothing is kept for it");
  });
  const auto time = keys::of_number(0).size();
  const auto callback = keys::of_callback({}).size();
  for (const auto& index :
       {std::pair{"subscription_ends", time}, std::pair{"subscriptions_of", callback}})
    with.each(index.first, [&](view key, view) {
      expect(with, has(with, with.db.subscriptions, key.substr(index.second)),
             index.first + (" " + readable_key(key)) + ": there is no such subscription");
    });
  with.each("hub_wanted", [&](view key, view value) {
    expect(with, has(with, with.db.hub_wanted_ends, std::string{value} + std::string{key}),
           "hub_wanted " + readable_key(key) + ": it is not found by its end");
  });
  with.each("hub_wanted_ends", [&](view key, view) {
    expect(with, has(with, with.db.hub_wanted, key.substr(time)),
           "hub_wanted_ends " + readable_key(key) + ": nothing is kept so");
  });
}

void look_at_hub(const ledger_walk& with) {
  with.each("hub_events", [&](view key, view value) {
    auto n = keys::number_of(key);
    for (const auto& topic : decoded<stored_hub_event>(value).topics)
      expect(with, has(with, with.db.hub_topics, keys::of_hub_topic(topic, n)),
             "hub_events " + number(n) + ": it is not found by " + topic);
  });
  with.each("hub_topics", [&](view key, view) {
    expect(with, has(with, with.db.hub_events, key.substr(key.size() - 8)),
           "hub_topics " + readable_key(key) + ": there is no such event");
  });
  expect(with, last_number(with, with.db.hub_events) <= state_of(with).last_hub_event,
         "the state does not know the last event of the hub");
}

void look_at_jobs(const ledger_walk& with) {
  std::array<uint64_t, stream_count> open{};
  const auto state = state_of(with);
  with.each("jobs", [&](view key, view value) {
    auto x = decoded<stored_job>(value).job;
    auto name = "jobs " + readable_key(key);
    ++open[static_cast<size_t>(x.order.on)];
    expect(with, key == keys::of_text(x.order.id), name + ": it is " + x.order.id);
    expect(with, x.number <= state.last_turn, name + ": its number is yet to come");
    auto is_due = has(with, with.db.jobs_due, keys::of_due(x.order.on, {x.order.due, x.number}));
    if (x.order.lane.empty())
      expect(with, is_due, name + ": nobody is ever shown it");
    else
      expect(with, has(with, with.db.lanes, keys::of_lane_job(x)), name + ": its lane lacks it");
    if (x.order.lane.empty() && x.order.place != 0)
      expect(with, has(with, with.db.places_open, keys::of_number(x.order.place)),
             name + ": its place is not held");
  });
  for (const auto& entry : stream_catalogue()) {
    auto place = static_cast<size_t>(entry.id);
    expect(with, open[place] == state.open_jobs[place],
           "the stream " + std::string{entry.name} + " has " + number(open[place]) +
               " open jobs, the state says " + number(state.open_jobs[place]));
  }
  with.each("jobs_due", [&](view key, view value) {
    auto x = found<stored_job>(with, with.db.jobs, value);
    auto place = keys::due_place_of(key);
    expect(with,
           has(with, with.db.jobs, value) &&
               (!x || (keys::is_due_on(x->job.order.on, key) && x->job.number == place.number &&
                       x->job.order.due == place.due)),
           "jobs_due " + readable_key(key) + ": there is no such job");
  });
  with.each("dead_letters", [&](view key, view value) {
    expect(with, decoded<dead_letter>(value).number == keys::number_of(key),
           "dead_letters " + number(keys::number_of(key)) + ": it has another number");
  });
  expect(with, last_number(with, with.db.dead_letters) <= state.last_dead_letter,
         "the state does not know the last dead letter");
}

void look_at_lanes(const ledger_walk& with) {
  with.each("lanes", [&](view key, view value) {
    auto x = found<stored_job>(with, with.db.jobs, value);
    expect(with, has(with, with.db.jobs, value) && (!x || keys::of_lane_job(x->job) == key),
           "lanes " + readable_key(key) + ": there is no such job");
  });
  with.each("lanes_begun", [&](view key, view value) {
    auto x = found<stored_job>(with, with.db.jobs, value);
    expect(with,
           has(with, with.db.jobs, value) &&
               (!x || (keys::of_text(x->job.order.lane) == key &&
                       has(with, with.db.jobs_due,
                           keys::of_due(x->job.order.on, {x->job.order.due, x->job.number})))),
           "lanes_begun " + readable_key(key) + ": its job is not begun");
  });
  with.each("lanes_waiting", [&](view key, view value) {
    expect(with, keys::of_waiting_lane(keys::number_of(key), value) == key,
           "lanes_waiting " + readable_key(key) + ": it is another lane");
  });
}

} // namespace

std::vector<ledger_part> ledger_parts() {
  std::vector<ledger_part> result;
  for (const auto& name : ledger_databases::names())
    result.push_back({"the database " + name, [name](const auto& with) {
                        look_at_database(with, name);
                      }});
  result.push_back({"events and what they are about", look_at_events});
  result.push_back({"messages and channel records", look_at_records});
  result.push_back({"documents and their bytes", look_at_documents});
  result.push_back({"subscriptions", look_at_subscriptions});
  result.push_back({"events of the hub", look_at_hub});
  result.push_back({"jobs and dead letters", look_at_jobs});
  result.push_back({"lanes", look_at_lanes});
  return result;
}

} // namespace igl
