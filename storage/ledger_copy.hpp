#pragma once

#include "storage/ledger.hpp"
#include "storage/lmdb.hpp"

#include <string>

namespace igl {

/// What stands in `backup.json`, beside `data.mdb`.
struct backup_note {
  std::string owner;
  std::string format;
  caf::timestamp made;
  uint64_t last_event = 0; ///< the newest one in it
  uint64_t entries = 0;
  uint64_t bytes = 0;    ///< of data.mdb
  std::string multihash; ///< of data.mdb
};

/// Copies what LMDB has of a ledger, as it is at one moment, into a new folder: a ledger by itself,
/// without a journal, and none that is lying about can be taken for its own. It is made under
/// another name, `<to>.tmp`, is synced, and gets its name in the end. Every value is checked on the
/// way. Fails as ledger::back_up does.
caf::expected<ledger_copied> copy_ledger(lmdb::environment& from, const std::string& owner,
                                         const std::string& to, caf::timestamp now,
                                         copy_progress& progress);

/// What a backup says about itself; storage_format: it is none. `data.mdb` is not looked at.
caf::expected<backup_note> read_backup_note(const std::string& folder);

/// What is asked of a restoration.
struct restoration {
  std::string from;     ///< a backup's folder
  std::string data_dir; ///< of the node or endpoint: gets `ledger` below
  std::string owner;
  bool replace = false; ///< a ledger that is there is moved aside
  std::string who;
  caf::timestamp now;
};
struct restored {
  backup_note note;
  std::string moved_aside; ///< where the ledger is that was there; empty: there was none
};

/// Makes a backup the ledger of a node or endpoint. What it hands out numbers for goes on at the
/// number of microseconds since 1970: above all that the ledger's other life, after the backup, may
/// have given to events, jobs' tickets and the hub's events. Whoever asked for what comes behind
/// one of these is told all that is new.
///
/// The backup must be whole: whoever calls this has checked it (ledger_check.hpp). Fails with
/// storage_format (no backup, or another owner's), conflict (a ledger is there), storage_locked
/// (and is in use), besides the errors of the disk. What was there is moved, never deleted.
caf::expected<restored> restore_ledger(const restoration& how);

} // namespace igl
