#pragma once

#include "storage/bytes.hpp"
#include "storage/lmdb.hpp"

#include <lmdb.h>

/// What lmdb.cpp, lmdb_files.cpp and lmdb_transaction.cpp call LMDB with. Nobody else includes
/// this.
namespace igl::lmdb {

inline MDB_val val_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}

inline std::string_view view_of(const MDB_val& x) {
  return {static_cast<const char*>(x.mv_data), x.mv_size};
}

inline MDB_dbi handle_of(database x) {
  return static_cast<MDB_dbi>(x);
}

/// Throws what LMDB answers, unless that is success.
inline void check(int code, const char* doing) {
  switch (code) {
  case MDB_SUCCESS:
    return;
  case MDB_CORRUPTED:
  case MDB_PAGE_NOTFOUND:
  case MDB_PAGE_FULL: // what was split to have room has none, by its damaged header
  case MDB_CURSOR_FULL:
    throw damaged_value(std::string("a page is not one of the database, ") + doing);
  default:
    throw failure(code, doing);
  }
}

// -- files, lmdb_files.cpp -----------------------------------------------------------------------

/// LMDB writes its lock file through a map: where the disk has no room for a page of it, the
/// process would get SIGBUS. So all of it is made before, as large as LMDB makes it. Throws
/// failure.
void allocate_lock_file(const std::string& folder, uint32_t readers, unsigned mode);

/// Half of the two pages that a new data.mdb begins with would be taken for something else.
void undo_first_pages(const std::string& folder);

/// Throws damaged_value if pages are missing at the end of data.mdb; to touch one would be SIGBUS.
void check_length(MDB_env* env);

} // namespace igl::lmdb
