#pragma once

#include "storage/bytes.hpp"
#include "storage/lmdb.hpp"

#include <lmdb.h>

/// What lmdb.cpp and lmdb_transaction.cpp call LMDB with. Nobody else includes this.
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
  if (code == MDB_CORRUPTED || code == MDB_PAGE_NOTFOUND)
    throw damaged_value(std::string("a page is not one of the database, ") + doing);
  if (code != MDB_SUCCESS)
    throw failure(code, doing);
}

} // namespace igl::lmdb
