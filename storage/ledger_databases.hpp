#pragma once

#include "storage/lmdb.hpp"

namespace igl {

/// The named databases of a ledger (storage/FORMAT.md).
struct ledger_databases {
  lmdb::database meta, events, events_about, messages, channel_records, channel_updates, objects,
      pieces, uploads, access, subscriptions, subscription_ends, cursors, jobs, jobs_due,
      dead_letters, hub_events, hub_topics, subscriptions_of, lanes, lanes_begun, lanes_held,
      lanes_waiting, places_open, hub_wanted, hub_wanted_ends;

  static std::vector<std::string> names() {
    return {"meta",
            "events",
            "events_about",
            "messages",
            "channel_records",
            "channel_updates",
            "objects",
            "pieces",
            "uploads",
            "access",
            "subscriptions",
            "subscription_ends",
            "cursors",
            "jobs",
            "jobs_due",
            "dead_letters",
            "hub_events",
            "hub_topics",
            "subscriptions_of",
            "lanes",
            "lanes_begun",
            "lanes_held",
            "lanes_waiting",
            "places_open",
            "hub_wanted",
            "hub_wanted_ends"};
  }

  /// Of an environment that was opened with `names`.
  static ledger_databases of(const lmdb::environment& env) {
    return {env.named("meta"),
            env.named("events"),
            env.named("events_about"),
            env.named("messages"),
            env.named("channel_records"),
            env.named("channel_updates"),
            env.named("objects"),
            env.named("pieces"),
            env.named("uploads"),
            env.named("access"),
            env.named("subscriptions"),
            env.named("subscription_ends"),
            env.named("cursors"),
            env.named("jobs"),
            env.named("jobs_due"),
            env.named("dead_letters"),
            env.named("hub_events"),
            env.named("hub_topics"),
            env.named("subscriptions_of"),
            env.named("lanes"),
            env.named("lanes_begun"),
            env.named("lanes_held"),
            env.named("lanes_waiting"),
            env.named("places_open"),
            env.named("hub_wanted"),
            env.named("hub_wanted_ends")};
  }
};

/// The keys of `meta`.
namespace meta_key {
inline constexpr std::string_view format = "format";
inline constexpr std::string_view owner = "owner";
inline constexpr std::string_view state = "state";
inline constexpr std::string_view journal = "journal"; ///< see ledger_store
inline constexpr std::string_view journal_seed = "journal-seed";
} // namespace meta_key

/// What stands in `meta` for programs of any age, without a sum.
inline std::vector<std::string> ledger_meta_without_sums() {
  return {std::string{meta_key::format}, std::string{meta_key::owner}};
}

/// Changes with every change of a key or value that older programs cannot read.
inline constexpr std::string_view ledger_format = "igl-ledger 5";

} // namespace igl
