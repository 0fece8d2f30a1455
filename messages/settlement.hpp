#pragma once

#include "messages/events.hpp"
#include "messages/orders.hpp"

#include <caf/none.hpp>

namespace igl {

/// How a job ends in a settlement.
enum class job_end : uint8_t {
  done,      ///< closed
  again,     ///< stays open, due later; counts as an attempt, `error` says why
  postponed, ///< stays open, due later; does not count (our own bound; a channel that is still
             ///< busy)
  dead,      ///< becomes a dead letter, `error` says why
};

struct job_outcome {
  job_ticket ticket;
  job_end end = job_end::done;
  caf::timestamp due; ///< for again and postponed
  std::string error;
};

/// Inserts or replaces a message of the lake, if its version is still the one the decision rested
/// on.
struct message_change {
  message_record record; ///< `version` and, when inserted, `since` are given by the ledger
  uint64_t expects = 0;  ///< 0: not stored yet
};

/// The same for an endpoint's stores.
struct channel_record_change {
  channel_record record;
  uint64_t expects = 0;
};

/// Who may read a document, and because of what: `AU:17`, or `document-api`. What a message grants
/// counts while it is not withdrawn.
struct access_grant {
  std::string multihash;
  std::string jurisdiction;
  std::string because;
};

/// Names the pieces that were written under `upload` as a document.
struct object_stored {
  std::string multihash;
  uint64_t upload = 0;
  uint64_t size = 0; ///< bytes
};

/// A WebSub subscription. Its key is canonical topic and callback.
struct subscription {
  std::string topic; ///< canonical
  std::string topic_as_asked;
  std::string callback;
  std::string secret; ///< empty: none
  caf::timestamp ends;
  /// It is told of the hub's events with higher numbers; given by the ledger, a renewal keeps it.
  uint64_t after_event = 0;
};
enum class subscription_act : uint8_t { put, remove };
struct subscription_change {
  subscription_act act = subscription_act::put;
  subscription what;
};

/// Whether the jobs of a lane are begun (orders.hpp). What was begun goes on.
enum class lane_act : uint8_t { hold, release };
struct lane_change {
  lane_act act = lane_act::hold;
  std::string lane;
};

struct cursor_change {
  std::string name;
  std::string value;
};

/// Everything that becomes true at once or not at all: one ledger transaction.
///
/// Fails with job_not_open (forget it), stale (read and decide again), storage_full, storage_failed
/// or unavailable; then nothing has changed.
struct settlement {
  caf::optional<job_outcome> job; ///< none: an API's request, not a job
  std::vector<message_change> messages;
  std::vector<channel_record_change> channel_records;
  std::vector<access_grant> grants;
  std::vector<object_stored> objects;
  std::vector<subscription_change> subscriptions;
  std::vector<lane_change> lanes;
  std::vector<cursor_change> cursors;
  /// Those of a settlement that ends a job in a lane are found by the lane, too.
  std::vector<event> events; ///< number and time are given by the ledger
  /// What subscribers may want to hear. Each becomes a notifications job with those of its notices
  /// whose topic has a subscriber when this is written, and each of these becomes an event of the
  /// hub; without any, nobody is to be told.
  std::vector<message_changed> tells;
  std::vector<job_order> opens;
  /// Why nobody may replay the dead letters of `job`'s id any more, which are dropped, each with an
  /// event; empty: they stay.
  std::string voids_letters;
};

/// The answer, given after the data is on disk.
struct settled {
  uint64_t version = 0; ///< number of this settlement's first event; what changed records carry now
  /// The streams in which a job was opened or rescheduled: a bit each, by place in the catalogue.
  uint32_t stirred = 0;
};

IGL_INSPECT(job_outcome, x.ticket, x.end, x.due, x.error)
IGL_INSPECT(message_change, x.record, x.expects)
IGL_INSPECT(channel_record_change, x.record, x.expects)
IGL_INSPECT(access_grant, x.multihash, x.jurisdiction, x.because)
IGL_INSPECT(object_stored, x.multihash, x.upload, x.size)
IGL_INSPECT(subscription, x.topic, x.topic_as_asked, x.callback, x.secret, x.ends, x.after_event)
IGL_INSPECT(subscription_change, x.act, x.what)
IGL_INSPECT(lane_change, x.act, x.lane)
IGL_INSPECT(cursor_change, x.name, x.value)
IGL_INSPECT(settlement, x.job, x.messages, x.channel_records, x.grants, x.objects, x.subscriptions,
            x.lanes, x.cursors, x.events, x.tells, x.opens, x.voids_letters)
IGL_INSPECT(settled, x.version, x.stirred)

} // namespace igl
