#pragma once

#include "messages/queries.hpp"

#include <string>
#include <string_view>

/// The values of the ledger's databases (storage/FORMAT.md). Each begins with the version of its
/// layout. `encode` replaces what is in `to`, which callers use again and again to save the
/// allocation; `decode` throws damaged_value.
namespace igl {

/// An open job, and which tickets may settle it: those of a generation from `oldest_ticket` to the
/// job's own.
struct stored_job {
  open_job job;
  uint32_t oldest_ticket = 0;
};

/// What changes with every transaction.
struct ledger_state {
  uint64_t last_event = 0;
  uint64_t last_turn = 0; ///< numbers and generations of jobs come from here
  uint64_t last_dead_letter = 0;
  uint64_t last_upload = 0;
  caf::timestamp last_commit; ///< time of the last transaction; never goes back
  caf::timestamp last_due;    ///< the last one handed out to a job that is due at once
  std::array<uint64_t, stream_count> open_jobs{};
  uint64_t last_hub_event = 0;
};

/// An entry of the index of channel records by version.
struct channel_update {
  caf::timestamp updated;
  std::string_view receiver;
  std::string_view id;
};

/// Why somebody may read a document, and since when.
struct stored_grant {
  caf::timestamp since;
  std::string because;
};

/// An event of the hub, and under which topics it is found.
struct stored_hub_event {
  hub_event what; ///< the number is in the key
  std::vector<std::string> topics;
};

void encode(std::string& to, const ledger_state& x);
void encode(std::string& to, const event& x);
void encode(std::string& to, const message_record& x);
/// With another version and time than it has.
void encode(std::string& to, const message_record& x, uint64_t version, caf::timestamp since);
void encode(std::string& to, const channel_record& x);
void encode(std::string& to, const channel_record& x, uint64_t version, caf::timestamp updated);
void encode(std::string& to, const channel_update& x);
void encode(std::string& to, const stored_job& x);
void encode(std::string& to, const dead_letter& x);
void encode(std::string& to, const object_info& x);
void encode(std::string& to, const stored_grant& x);
void encode(std::string& to, const subscription& x);
void encode(std::string& to, const stored_hub_event& x);

void decode(std::string_view from, ledger_state& x);
void decode(std::string_view from, event& x); ///< the number is in the key
void decode(std::string_view from, message_record& x);
void decode(std::string_view from, channel_record& x);
void decode(std::string_view from, channel_update& x); ///< with views into `from`
void decode(std::string_view from, stored_job& x);
void decode(std::string_view from, dead_letter& x);
void decode(std::string_view from, object_info& x);
void decode(std::string_view from, stored_grant& x);
void decode(std::string_view from, subscription& x);
void decode(std::string_view from, stored_hub_event& x);

template <class T>
T decoded(std::string_view from) {
  T result;
  decode(from, result);
  return result;
}

} // namespace igl
